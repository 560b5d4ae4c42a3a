/**
 * What the server's thread and a load thread tell each other. Never a word per request.
 *
 * @module
 */
import type { ThreadInput } from "../../../core/load.ts";
import type { RunResult } from "../executors/mod.ts";
import type { Progress, Summary, TickTimes } from "../figures/mod.ts";
import type { Destination } from "../http/mod.ts";

/** What a thread is to do. */
export interface ThreadOrder {
  /** The configuration, for the families and profiles that the script may name. */
  readonly input: ThreadInput;
  /** The script as written: it has been found to be without faults. */
  readonly script: unknown;
  /** The absolute path of the folder that the script's relative paths start from. */
  readonly folder: string;
  /** Where requests go. */
  readonly destination: Destination;
}

/** What a thread is told: to read the script, to start, to stop or to cut, to say how it goes, and to end. */
export type ToThread =
  | { readonly kind: "prepare"; readonly order: ThreadOrder }
  | { readonly kind: "start" }
  | { readonly kind: "stop"; readonly why: string }
  | { readonly kind: "cut"; readonly why: string }
  | { readonly kind: "summarize" }
  | { readonly kind: "close" };

/** What a thread tells. */
export type FromThread =
  | { readonly kind: "ready" }
  | {
    readonly kind: "tick";
    readonly progress: Progress;
    readonly times: Readonly<Record<string, TickTimes>>;
  }
  | { readonly kind: "summary"; readonly summary: Summary }
  | { readonly kind: "ended"; readonly result: RunResult }
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "closed" };
