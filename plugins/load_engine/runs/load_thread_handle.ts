/**
 * A load thread, as the server's thread sees it.
 *
 * @module
 */
import type {
  LoadProgress,
  LoadResult,
  LoadSummary,
} from "../../../core/load.ts";
import type { Clock } from "../../../core/plugin.ts";
import type { TickTimes } from "../figures/time_series.ts";
import { shortenEventInterval } from "../http/mod.ts";
import type { FromThread, ThreadOrder, ToThread } from "./load_thread.ts";

/** A thread that has not said anything for so long is taken for dead, in ms: it ticks once a second. */
const SILENCE = 15_000;

/** The same before it is ready, in ms: it loads and compiles its modules, and reads the script's traces. */
const START_UP = 120_000;

/** How long a thread may take to end by itself, in ms, before it is terminated. */
const PATIENCE = 2000;

/** Who is told of a thread. */
export interface ThreadEvents {
  /** It can start. */
  ready(): void;
  /** Once a second. */
  tick(
    progress: LoadProgress,
    times: Readonly<Record<string, TickTimes>>,
  ): void;
  /** The run is over. */
  ended(result: LoadResult): void;
  /** It can do nothing more: it threw, or is gone. Nothing is told after this. */
  failed(reason: string): void;
}

/** The worker that a thread runs in; tests put another in its place. */
export type ThreadWorker = Pick<
  Worker,
  "postMessage" | "terminate" | "onmessage" | "onerror" | "onmessageerror"
>;

/** What a thread is made with. */
export interface ThreadParts {
  /** The server's. */
  readonly clock: Clock;
  /** Starts the worker; a thread of its own where absent. */
  readonly startWorker?: () => ThreadWorker;
}

/** A thread for one run. */
export class LoadThread implements AsyncDisposable {
  readonly #worker: ThreadWorker;
  readonly #events: ThreadEvents;
  readonly #clock: Clock;
  readonly #started: () => void;
  #watchdog = 0;
  #over = false;
  #summary: PromiseWithResolvers<LoadSummary | undefined> | undefined;
  readonly #closed: PromiseWithResolvers<void> = Promise.withResolvers();
  #disposal: Promise<void> | undefined;

  /** Starts the thread and has it read the script; it says when it is ready. */
  constructor(
    order: ThreadOrder,
    events: ThreadEvents,
    { clock, startWorker = startLoadThread }: ThreadParts,
  ) {
    this.#events = events;
    this.#clock = clock;
    this.#started = shortenEventInterval();
    try {
      this.#worker = startWorker();
    } catch (error) {
      this.#started();
      throw error;
    }
    this.#worker.onmessage = ({ data }) => this.#receive(data);
    this.#worker.onerror = (event) => {
      // Else it would be thrown once more, on this thread.
      event.preventDefault();
      // It is gone: nobody is left who would say so.
      this.#closed.resolve();
      this.#fail(event.message);
    };
    this.#worker.onmessageerror = () =>
      this.#fail("It sent what cannot be read");
    this.#tell({ kind: "prepare", order });
    this.#watch(START_UP);
  }

  /** Begins to send; once, after it was ready. */
  start(): void {
    this.#tell({ kind: "start" });
  }

  /** Sends nothing more; what is under way may go on for the scenarios' graceful stop. */
  stop(why: string): void {
    this.#tell({ kind: "stop", why });
  }

  /** Ends the run at once. */
  cut(why: string): void {
    this.#tell({ kind: "cut", why });
  }

  /** The figures so far; undefined where the thread ends before it can tell. */
  summarize(): Promise<LoadSummary | undefined> {
    if (this.#over) return Promise.resolve(undefined);
    this.#summary ??= Promise.withResolvers();
    this.#tell({ kind: "summarize" });
    return this.#summary.promise;
  }

  /** Ends the thread, whatever it does; settles once it is gone. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#disposal ??= this.#dispose();
  }

  #tell(message: ToThread): void {
    if (!this.#over) this.#worker.postMessage(message);
  }

  #receive(message: FromThread): void {
    // Whatever it says, its event loop runs, with the setting it found.
    this.#started();
    if (message.kind === "closed") return this.#closed.resolve();
    if (this.#over) return;
    this.#watch();
    switch (message.kind) {
      case "ready":
        return this.#events.ready();
      case "tick":
        return this.#events.tick(message.progress, message.times);
      case "summary":
        this.#summary?.resolve(message.summary);
        this.#summary = undefined;
        return;
      case "ended":
        this.#end();
        return this.#events.ended(message.result);
      case "failed":
        return this.#fail(message.reason);
    }
  }

  /** A thread that hangs, or was killed, says nothing. */
  #watch(limit: number = SILENCE): void {
    this.#clock.cancel(this.#watchdog);
    this.#watchdog = this.#clock.at(
      this.#clock.now() + limit,
      () => this.#fail(`It has said nothing for ${limit / 1000} s`),
      undefined,
    );
  }

  #fail(reason: string): void {
    if (this.#over) return;
    this.#end();
    this.#events.failed(reason);
  }

  #end(): void {
    this.#over = true;
    this.#started();
    this.#clock.cancel(this.#watchdog);
    this.#summary?.resolve(undefined);
  }

  async #dispose(): Promise<void> {
    this.#end();
    this.#worker.postMessage({ kind: "close" } satisfies ToThread);
    const late = this.#clock.at(
      this.#clock.now() + PATIENCE,
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
