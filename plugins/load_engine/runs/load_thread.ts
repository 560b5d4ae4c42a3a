/**
 * The load thread of one run, from its script to its result, and the messages that it exchanges with the server's thread. There is
 * no message per request. A worker starts this module; see load_thread_handle.ts.
 *
 * @module
 */
import {
  type LoadProgress,
  type LoadResult,
  type LoadSummary,
  type Network,
  PreciseClock,
  threadHost,
  type ThreadInput,
} from "../../../core/load.ts";
import {
  type Issue,
  PerfmockError,
  type Segment,
} from "../../../core/plugin.ts";
import { LoadRun } from "../executors/load_run.ts";
import { rehearse } from "../executors/rehearsal.ts";
import { spareConnections } from "../executors/schedules.ts";
import type { ShareData } from "../figures/share_data.ts";
import type { TickTimes } from "../figures/time_series.ts";
import {
  connectTo,
  type Destination,
  networkFor,
  practiceTarget,
  readPollingSlice,
} from "../http/mod.ts";
import type { ClientEnvironment } from "../order.ts";
import { notesOnRun } from "../script/notes.ts";
import { parseScript } from "../script/parse.ts";
import type { Script } from "../script/script.ts";

/** Order for a load thread. */
export interface ThreadOrder {
  /** The configuration, for the distribution families and profiles that the script may use. */
  readonly input: ThreadInput;
  /** The script as written. The server's thread has checked it. */
  readonly script: unknown;
  /** Absolute path of the folder that the script's relative paths start from. */
  readonly folder: string;
  /** Share of the traffic to send. Default: all of it. */
  readonly segment?: Segment | undefined;
  /** True if the result contains the complete figures. Default: of a share only. */
  readonly complete?: boolean | undefined;
  /** Seed of a script that names none. */
  readonly seed: number | string;
  /** Destination of the requests. */
  readonly destination: Destination;
  /** Maximum number of open connections; Infinity if the process has no limit that is known. */
  readonly connections: number;
}

/** Messages to a load thread: read the script, start, stop, cut, report the summary, and end. */
export type ToThread =
  | { readonly kind: "prepare"; readonly order: ThreadOrder }
  | {
    readonly kind: "start";
    /** Time from now to the start, in ms; negative if it has passed. Undefined for now. */
    readonly in?: number | undefined;
  }
  | { readonly kind: "stop"; readonly why: string }
  | { readonly kind: "cut"; readonly why: string }
  | { readonly kind: "summarize" }
  | { readonly kind: "share" }
  | { readonly kind: "close" };

/** Messages from a load thread. */
export type FromThread =
  | {
    readonly kind: "ready";
    /** Sentences that a reader of the figures has to know. */
    readonly notes: readonly string[];
  }
  | {
    /** Progress of the run, or of its rehearsal, which nobody needs: the first message of a kind makes V8 drop code. */
    readonly kind: "tick" | "practice";
    readonly progress: LoadProgress;
    readonly times: Readonly<Record<string, TickTimes>>;
  }
  | { readonly kind: "summary"; readonly summary: LoadSummary }
  | { readonly kind: "share"; readonly share: ShareData }
  | { readonly kind: "ended"; readonly result: LoadResult }
  | {
    readonly kind: "failed";
    readonly reason: string;
    /** Errors of the script that were found on the thread only. */
    readonly issues?: readonly Issue[];
  }
  | { readonly kind: "closed" };

/** Sends a message to the server's thread. */
export type Post = (message: FromThread, transfer?: Transferable[]) => void;

/** One run on this thread. */
export class ThreadSession {
  readonly #post: Post;
  readonly #clock = new PreciseClock({ slice: readPollingSlice() });
  #network: Network | undefined;
  #environment: ClientEnvironment | undefined;
  #run: LoadRun | undefined;
  #preparing: Promise<void> | undefined;
  #closing = false;

  /** @param post sends messages to the server's thread */
  constructor(post: Post) {
    this.#post = post;
  }

  /** Handles a message; settles when it is done. Never rejects. */
  async receive(message: ToThread): Promise<void> {
    try {
      switch (message.kind) {
        case "prepare":
          return await (this.#preparing = this.#prepare(message.order));
        case "start":
          return this.#run?.start(
            message.in === undefined
              ? undefined
              : this.#clock.now() + message.in,
          );
        case "stop":
          return this.#run?.stop(message.why);
        case "cut":
          return this.#run?.cut(message.why);
        case "summarize":
          return this.#summarize();
        case "share":
          return this.#share();
        case "close":
          return await this.#close();
      }
    } catch (error) {
      this.fail(error);
    }
  }

  /** Reports an error that ends the run. The thread goes on until it is told to close, so that it leaves nothing behind. */
  fail(error: unknown): void {
    const issues = error instanceof PerfmockError &&
        error.code === "SCRIPT_INVALID"
      ? error.issues
      : undefined;
    this.#post({
      kind: "failed",
      reason: inWords(error),
      ...issues !== undefined && { issues },
    });
  }

  async #prepare(
    order: ThreadOrder,
  ): Promise<void> {
    const { input, script: written, folder, segment, seed } = order;
    const { complete, destination, connections } = order;
    const { kit, stream, suggest } = await threadHost(input);
    if (this.#closing) return;
    const script = await parseScript(written, {
      kit,
      stream,
      suggest,
      folder,
      segment,
      seed,
    });
    const plan = { ...script, notes: notesOnRun(script) };
    if (this.#closing) return;
    const network = this.#network = await networkFor(destination);
    if (network === undefined) await this.#clock.start();
    else await network.wake(this.#clock);
    if (this.#closing) return;
    await this.#rehearse(plan, order);
    if (this.#closing) return;
    this.#environment = connectTo(destination, this.#clock, {
      network,
      connections,
    });
    this.#run = new LoadRun(plan, this.#environment, {
      complete,
      tick: (progress, times) => this.#tick(progress, times()),
      ended: (result) => this.#post({ kind: "ended", result }),
    });
    await this.#environment.connectAhead(spareConnections(plan));
    this.#post({ kind: "ready", notes: plan.notes });
  }

  /** Rehearses the run where the connections are the kernel's sockets. */
  async #rehearse(
    script: Script,
    { destination, connections }: ThreadOrder,
  ): Promise<void> {
    const network = this.#network;
    const clock = this.#clock;
    if (network === undefined) return;
    await rehearse(script, {
      clock,
      target: () =>
        practiceTarget(destination, clock, { network, connections }),
      tick: (progress, times) => this.#tick(progress, times(), "practice"),
      isOver: () => this.#closing,
    });
  }

  #tick(
    progress: LoadProgress,
    times: Record<string, TickTimes>,
    kind: "tick" | "practice" = "tick",
  ): void {
    const buffers = Object.values(times).flatMap((of) =>
      [of.responseTime, of.serviceTime, of.startLag].map(({ buffer }) => buffer)
    );
    this.#post(
      { kind, progress, times },
      buffers.filter((buffer) => buffer instanceof ArrayBuffer),
    );
  }

  #summarize(): void {
    if (this.#run === undefined) return;
    this.#post({ kind: "summary", summary: this.#run.summary });
  }

  #share(): void {
    if (this.#run === undefined) return;
    this.#post({ kind: "share", share: this.#run.share });
  }

  async #close(): Promise<void> {
    this.#closing = true;
    this.#environment?.[Symbol.dispose]();
    // A socket that is opened meanwhile would outlive the thread: the kernel's sockets do not end with it.
    await this.#preparing?.catch(() => {});
    await this.#clock[Symbol.asyncDispose]();
    await this.#network?.release();
    this.#post({ kind: "closed" });
  }
}

/** Returns an error with all its issues in one line. */
function inWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const issues = error instanceof PerfmockError ? error.issues : [];
  return [
    error.message,
    ...issues.map(({ path, message }) => `${path} ${message}`),
  ].join("; ");
}

/** The scope of a worker, which the library types of this project do not contain. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<ToThread>) => void) | null;
  postMessage(message: FromThread, transfer?: Transferable[]): void;
  close(): void;
}

const scope = globalThis as unknown as WorkerScope;

// Without a worker, importing this module does nothing: only a worker has postMessage.
if (typeof scope.postMessage === "function") {
  const session = new ThreadSession((message, transfer = []) =>
    scope.postMessage(message, transfer)
  );
  // An error that nobody catches would end the thread at once, and the kernel's sockets of its loop would outlive it.
  addEventListener("error", (event) => {
    event.preventDefault();
    session.fail(event.error);
  });
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    session.fail(event.reason);
  });
  scope.onmessage = async ({ data }) => {
    await session.receive(data);
    if (data.kind === "close") scope.close();
  };
}
