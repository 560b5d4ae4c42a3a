/**
 * What the server's thread and a load thread tell each other. Never a word per request.
 *
 * @module
 */
import {
  type LoadProgress,
  type LoadResult,
  type LoadSummary,
  PreciseClock,
  threadHost,
  type ThreadInput,
} from "../../../core/load.ts";
import { PerfmockError } from "../../../core/plugin.ts";
import { LoadRun } from "../executors/load_run.ts";
import { spareConnections } from "../executors/schedules.ts";
import type { TickTimes } from "../figures/time_series.ts";
import { connectTo, type Destination, readPollingSlice } from "../http/mod.ts";
import type { ClientEnvironment } from "../order.ts";
import { parseScript } from "../script/parse.ts";

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
    readonly progress: LoadProgress;
    readonly times: Readonly<Record<string, TickTimes>>;
  }
  | { readonly kind: "summary"; readonly summary: LoadSummary }
  | { readonly kind: "ended"; readonly result: LoadResult }
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "closed" };

/** Sends a message to the server's thread. */
export type Post = (message: FromThread, transfer?: Transferable[]) => void;

/** One run on this thread. */
export class ThreadSession {
  readonly #post: Post;
  readonly #clock = new PreciseClock({ slice: readPollingSlice() });
  #environment: ClientEnvironment | undefined;
  #run: LoadRun | undefined;

  /** @param post how the server's thread is told */
  constructor(post: Post) {
    this.#post = post;
  }

  /** Takes a message; settles once it has done what it says. Never rejects. */
  async receive(message: ToThread): Promise<void> {
    try {
      switch (message.kind) {
        case "prepare":
          return await this.#prepare(message.order);
        case "start":
          return this.#run?.start();
        case "stop":
          return this.#run?.stop(message.why);
        case "cut":
          return this.#run?.cut(message.why);
        case "summarize":
          return this.#summarize();
        case "close":
          return await this.#close();
      }
    } catch (error) {
      this.#post({ kind: "failed", reason: inWords(error) });
    }
  }

  async #prepare(
    { input, script, folder, destination }: ThreadOrder,
  ): Promise<void> {
    const { kit, stream, suggest } = await threadHost(input);
    const plan = await parseScript(script, { kit, stream, suggest, folder });
    await this.#clock.start();
    this.#environment = connectTo(destination, this.#clock);
    this.#run = new LoadRun(plan, this.#environment, {
      tick: (progress, times) => this.#tick(progress, times()),
      ended: (result) => this.#post({ kind: "ended", result }),
    });
    await this.#environment.connectAhead(spareConnections(plan));
    this.#post({ kind: "ready" });
  }

  #tick(progress: LoadProgress, times: Record<string, TickTimes>): void {
    const buffers = Object.values(times).flatMap((of) =>
      [of.responseTime, of.serviceTime, of.startLag].map(({ buffer }) => buffer)
    );
    this.#post(
      { kind: "tick", progress, times },
      buffers.filter((buffer) => buffer instanceof ArrayBuffer),
    );
  }

  #summarize(): void {
    if (this.#run === undefined) return;
    this.#post({ kind: "summary", summary: this.#run.summary });
  }

  async #close(): Promise<void> {
    this.#environment?.[Symbol.dispose]();
    await this.#clock[Symbol.asyncDispose]();
    this.#post({ kind: "closed" });
  }
}

/** An error with all its faults, which only here can be told in one line. */
function inWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const issues = error instanceof PerfmockError ? error.issues : [];
  return [
    error.message,
    ...issues.map(({ path, message }) => `${path} ${message}`),
  ].join("; ");
}

/** The scope of a worker, of which the library that all other files are checked with knows nothing. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<ToThread>) => void) | null;
  postMessage(message: FromThread, transfer?: Transferable[]): void;
  close(): void;
}

const scope = globalThis as unknown as WorkerScope;

// Where it is imported by mistake, or to see whether that does any harm, nothing happens: postMessage is a worker's.
if (typeof scope.postMessage === "function") {
  const session = new ThreadSession((message, transfer = []) =>
    scope.postMessage(message, transfer)
  );
  scope.onmessage = async ({ data }) => {
    await session.receive(data);
    if (data.kind === "close") scope.close();
  };
}
