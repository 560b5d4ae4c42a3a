/**
 * Messages between the supervisor of `serve --processes` and its processes: lines of JSON over standard input and output.
 *
 * @module
 */
import type { Issue } from "../../errors.ts";
import type { FleetAnswer, FleetCall, Replica } from "../../fleet/peers.ts";
import { parseJson } from "../../lib/written_number.ts";
import type { Stats } from "../../observe/stats.ts";
import type { Handover } from "../../server/handover.ts";
import type { ConfigurationOptions } from "../configuration.ts";
import type { WatchedFiles } from "../watch.ts";

/** Interval at which the supervisor shows its processes that it is there, in ms. */
export const BEAT = 1000;

/** Number of intervals without an order after which it counts as stopped: a process tells so, and waits for no change any more. */
export const MISSED = 6;

/** Age from which the supervisor makes no change, in ms: shorter than a process waits for one, so that a refused change is never made later. */
export const STALE = 3000;

/** An error as a message has it. */
export interface SentError {
  /** Code of a PerfmockError; absent for other errors. */
  readonly code?: string;
  /** Message. */
  readonly message: string;
  /** Issues of a PerfmockError. */
  readonly issues: readonly Issue[];
  /** The error as the terminal shows it, with places in the file. */
  readonly text: string;
}

/** The fleet as a process knows it. */
export interface FleetState {
  /** All replicas. */
  readonly replicas: readonly Replica[];
  /** Names of replicas whose figures since the last reset are lost. */
  readonly lost: readonly string[];
  /** Reasons for `health`. */
  readonly reasons: readonly string[];
}

/** Message to a process. */
export type Order =
  | {
    readonly kind: "start";
    /** Options as typed. */
    readonly options: ConfigurationOptions;
    /** Name of the replica. */
    readonly name: string;
    /** Segment, as typed. */
    readonly segment: string;
    /** Port that all processes share. */
    readonly port: number;
    readonly fleet: FleetState;
    /** State of another process; absent for the first ones, which read the file. */
    readonly handover?: Handover;
  }
  | { readonly kind: "fleet"; readonly fleet: FleetState }
  | {
    readonly kind: "answer";
    readonly id: number;
    readonly answer?: FleetAnswer;
    readonly error?: SentError;
  }
  /** Read the configuration again, and wait for the decision. */
  | { readonly kind: "reload"; readonly id: string }
  | { readonly kind: "settle"; readonly id: string; readonly commit: boolean }
  /** Say which state another process takes over. */
  | { readonly kind: "state"; readonly id: number }
  | { readonly kind: "drain" }
  /** The supervisor is there: sent once a second. */
  | { readonly kind: "beat" };

/** Result of reading the configuration again. */
export interface Reloaded {
  /** Revision in force. */
  readonly revision: number;
  /** True if changes made through the control API were discarded. */
  readonly discarded: boolean;
  /** Warnings, as the terminal shows them. */
  readonly warnings: string;
}

/** Message of a process. */
export type Report =
  /** It runs, and waits for its start. */
  | { readonly kind: "hello" }
  | {
    readonly kind: "listening";
    /** URL of the shared port. */
    readonly url: string;
    /** URL of its own port. */
    readonly own: string;
  }
  | { readonly kind: "failed"; readonly error: SentError }
  | {
    readonly kind: "change";
    readonly id: number;
    readonly call: FleetCall;
    /** Time at which it was sent, in ms since 1970: one that nobody waits for any more is not made. */
    readonly sent: number;
  }
  | {
    readonly kind: "prepared";
    readonly id: string;
    /** Files to watch; absent if the configuration could not be read, or comes from no file. */
    readonly files?: WatchedFiles;
    /** Hash of the configuration as it was read; absent if it could not be. */
    readonly digest?: string;
    /** Error of a configuration that cannot be used. */
    readonly error?: SentError;
  }
  | {
    readonly kind: "settled";
    readonly id: string;
    readonly result?: Reloaded;
    readonly error?: SentError;
  }
  | { readonly kind: "state"; readonly id: number; readonly state: Handover }
  | { readonly kind: "reset" }
  /** It has drained and ends. */
  | { readonly kind: "ended"; readonly stats: Stats };

/** Begins each message of a process: other lines are what plugins print. */
const MARK = "\x1e";

/** Writes a message as a line. */
export function lineOf(message: Order | Report): string {
  return `${MARK}${JSON.stringify(message)}\n`;
}

/** A line of a process: a message, or text that a plugin has printed. */
export type Line<Message> =
  | { readonly message: Message }
  | { readonly text: string };

/** Reads the lines of a stream. A message may follow text in its line. */
export async function* readMessages<Message>(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<Line<Message>> {
  for await (const line of linesOf(stream)) {
    const mark = line.indexOf(MARK);
    if (mark !== 0) yield { text: mark < 0 ? line : line.slice(0, mark) };
    // Digits of numbers stay as they are written.
    if (mark >= 0) {
      yield { message: parseJson(line.slice(mark + 1)) as Message };
    }
  }
}

/** Reads the lines of a stream, without line ends. */
export async function* linesOf(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<string> {
  let parts: string[] = [];
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = text.split("\n");
    const last = lines.pop() ?? "";
    for (const line of lines) {
      yield parts.join("") + line;
      parts = [];
    }
    parts.push(last);
  }
  const rest = parts.join("");
  if (rest !== "") yield rest;
}
