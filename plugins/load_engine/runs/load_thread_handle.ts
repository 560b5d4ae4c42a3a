/**
 * The server's side of a load thread.
 *
 * @module
 */
import type {
  LoadProgress,
  LoadResult,
  LoadSummary,
} from "../../../core/load.ts";
import type { Clock, Issue } from "../../../core/plugin.ts";
import type { ShareData } from "../figures/share_data.ts";
import type { TickTimes } from "../figures/time_series.ts";
import { shortenEventInterval } from "../http/mod.ts";
import type { FromThread, ThreadOrder, ToThread } from "./load_thread.ts";

/** Time without a message after which a thread is considered dead, in ms. It reports once a second. */
const SILENCE_LIMIT = 15_000;

/** The same before it is ready, in ms: it loads and compiles its modules, and reads the script's traces. */
const START_LIMIT = 120_000;

/**
 * Time that a thread has to end by itself before it is terminated, in ms: less than the time in which a plugin must be disposed. A
 * thread that is terminated leaves the kernel's sockets of its loop behind, and one that is still starting on a busy machine needs seconds.
 */
const CLOSE_TIMEOUT = 4000;

/** Receiver of a thread's messages. */
export interface ThreadEvents {
  /** The thread is ready to start, and has notes for a reader of its figures. */
  ready(notes: readonly string[]): void;
  /** Reports progress once a second. */
  tick(
    progress: LoadProgress,
    times: Readonly<Record<string, TickTimes>>,
  ): void;
  /** The run has ended. */
  ended(result: LoadResult): void;
  /** The thread has failed, with the errors of the script if it has any. No further message follows. */
  failed(reason: string, issues?: readonly Issue[]): void;
}

/** The worker of a thread; tests replace it. */
export type ThreadWorker = Pick<
  Worker,
  "postMessage" | "terminate" | "onmessage" | "onerror" | "onmessageerror"
>;

/** Options of a thread. */
export interface ThreadOptions {
  /** Clock of the server. */
  readonly clock: Clock;
  /** Starts the worker. Default: a real thread. */
  readonly startWorker?: () => ThreadWorker;
}

/** The thread of one run. */
export class LoadThread implements AsyncDisposable {
  readonly #worker: ThreadWorker;
  readonly #events: ThreadEvents;
  readonly #clock: Clock;
  readonly #restoreInterval: () => void;
  #watchdog = 0;
  #over = false;
  #summary: PromiseWithResolvers<LoadSummary | undefined> | undefined;
  #share: PromiseWithResolvers<ShareData | undefined> | undefined;
  readonly #closed: PromiseWithResolvers<void> = Promise.withResolvers();
  #disposal: Promise<void> | undefined;

  /** Starts the thread, which reads the script and reports when it is ready. */
  constructor(
    order: ThreadOrder,
    events: ThreadEvents,
    { clock, startWorker = startLoadThread }: ThreadOptions,
  ) {
    this.#events = events;
    this.#clock = clock;
    this.#restoreInterval = shortenEventInterval();
    try {
      this.#worker = startWorker();
    } catch (error) {
      this.#restoreInterval();
      throw error;
    }
    this.#worker.onmessage = ({ data }) => this.#receive(data);
    this.#worker.onerror = (event) => {
      // Keeps the error from being thrown again on this thread.
      event.preventDefault();
      // The thread is gone and will not report its end.
      this.#closed.resolve();
      this.#fail(event.message);
    };
    this.#worker.onmessageerror = () =>
      this.#fail("It sent an unreadable message");
    this.#tell({ kind: "prepare", order });
    this.#watch(START_LIMIT);
  }

  /**
   * Begins to send. Call it once, after `ready`.
   *
   * @param wait time from now to the start, in ms; negative if it has passed. Default: at once
   */
  start(wait?: number): void {
    this.#tell({ kind: "start", in: wait });
    // It reports once a second from then on.
    if (wait !== undefined && wait > 0) this.#watch(wait + SILENCE_LIMIT);
  }

  /** Sends nothing more. Active requests may continue for their scenario's graceful stop. */
  stop(why: string): void {
    this.#tell({ kind: "stop", why });
  }

  /** Ends the run at once. */
  cut(why: string): void {
    this.#tell({ kind: "cut", why });
  }

  /** Returns the summary so far; undefined if the thread ends first. */
  summarize(): Promise<LoadSummary | undefined> {
    if (this.#over) return Promise.resolve(undefined);
    this.#summary ??= Promise.withResolvers();
    this.#tell({ kind: "summarize" });
    return this.#summary.promise;
  }

  /** Returns the complete figures so far; undefined if the thread ends first. */
  share(): Promise<ShareData | undefined> {
    if (this.#over) return Promise.resolve(undefined);
    this.#share ??= Promise.withResolvers();
    this.#tell({ kind: "share" });
    return this.#share.promise;
  }

  /** Waits for `start`: nothing is heard from the thread until then. */
  rest(): void {
    this.#clock.cancel(this.#watchdog);
  }

  /** Ends the thread, whatever it is doing; settles when it is gone. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#disposal ??= this.#dispose();
  }

  #tell(message: ToThread): void {
    if (!this.#over) this.#worker.postMessage(message);
  }

  #receive(message: FromThread): void {
    // A message shows that the thread's event loop runs, so it has read the setting.
    this.#restoreInterval();
    if (message.kind === "closed") return this.#closed.resolve();
    if (this.#over) return;
    this.#watch();
    switch (message.kind) {
      case "ready":
        return this.#events.ready(message.notes);
      case "practice":
        return;
      case "tick":
        return this.#events.tick(message.progress, message.times);
      case "summary":
        this.#summary?.resolve(message.summary);
        this.#summary = undefined;
        return;
      case "share":
        this.#share?.resolve(message.share);
        this.#share = undefined;
        return;
      case "ended":
        this.#end();
        return this.#events.ended(message.result);
      case "failed":
        return this.#fail(message.reason, message.issues);
    }
  }

  /** A thread that hangs or was killed sends nothing. */
  #watch(limit: number = SILENCE_LIMIT): void {
    this.#clock.cancel(this.#watchdog);
    this.#watchdog = this.#clock.at(
      this.#clock.now() + limit,
      () => this.#fail(`It has sent no message for ${limit / 1000} s`),
      undefined,
    );
  }

  #fail(reason: string, issues?: readonly Issue[]): void {
    if (this.#over) return;
    this.#end();
    this.#events.failed(reason, issues);
  }

  #end(): void {
    this.#over = true;
    this.#restoreInterval();
    this.#clock.cancel(this.#watchdog);
    this.#summary?.resolve(undefined);
    this.#share?.resolve(undefined);
  }

  async #dispose(): Promise<void> {
    this.#end();
    this.#worker.postMessage({ kind: "close" } satisfies ToThread);
    const late = this.#clock.at(
      this.#clock.now() + CLOSE_TIMEOUT,
      () => this.#closed.resolve(),
      undefined,
    );
    await this.#closed.promise;
    this.#clock.cancel(late);
    this.#worker.terminate();
  }
}

function startLoadThread(): Worker {
  return new Worker(new URL("./load_thread.ts", import.meta.url), {
    type: "module",
    name: "load",
  });
}
