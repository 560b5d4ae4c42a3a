/**
 * A stress thread, seen from the event loop.
 *
 * @module
 */
import type { Clock } from "../../core/plugin.ts";
import {
  CELL,
  type Cells,
  createCells,
  load,
  ring,
  store,
  type ThreadEnd,
  type ThreadStart,
} from "./cells.ts";

/** Time after which a thread that was told to end is terminated, in ms. */
const END_TIMEOUT = 2000;

/** Options of a thread. */
export interface ThreadOptions {
  /** Script that the thread runs. */
  readonly script: URL;
  /** Maximum lifetime, in ms. */
  readonly lifetime: number;
  /** True if threads can read their times from /proc. */
  readonly threadTimes: boolean;
  /** The server's clock. */
  readonly clock: Clock;
  /** Called when the thread has failed and is gone. */
  failed(reason: string): void;
}

/** A thread, from its start to its end. */
export class StressThread {
  readonly #cells: Cells = createCells();
  readonly #options: ThreadOptions;
  readonly #worker: Worker;
  readonly #gone = Promise.withResolvers<void>();
  #stopping = false;

  /**
   * Starts the thread, which blocks the event loop for some milliseconds.
   *
   * @param options options of the thread
   */
  constructor(options: ThreadOptions) {
    this.#options = options;
    this.#worker = new Worker(options.script, {
      type: "module",
      name: "perfmock stress",
    });
    this.#worker.onmessage = ({ data }: MessageEvent<ThreadEnd>) =>
      this.#end(data.failure);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#end(event.message);
    };
    const start: ThreadStart = {
      cells: this.#cells,
      lifetime: options.lifetime,
      threadTimes: options.threadTimes,
    };
    this.#worker.postMessage(start);
  }

  /** The system's id of the thread; 0 until it is known. */
  get id(): number {
    return load(this.#cells, CELL.thread);
  }

  /** Amount reached: microseconds of CPU time, or bytes. */
  get reached(): number {
    return load(this.#cells, CELL.reached);
  }

  /** Age of the thread when it wrote {@linkcode StressThread.reached}, in microseconds. */
  get elapsed(): number {
    return load(this.#cells, CELL.elapsed);
  }

  /** Time for which the thread was ready to run and had no core, in microseconds. */
  get waited(): number {
    return load(this.#cells, CELL.waited);
  }

  /** Sets the target, in millionths of a core or bytes, and gives a sign of life. */
  aim(target: number): void {
    store(this.#cells, CELL.target, target);
    Atomics.add(this.#cells, CELL.pulse, 1n);
    ring(this.#cells);
  }

  /** Ends the thread. Resolves when it has released everything. */
  stop(): Promise<void> {
    if (this.#stopping) return this.#gone.promise;
    this.#stopping = true;
    store(this.#cells, CELL.stop, 1);
    ring(this.#cells);
    const { clock } = this.#options;
    const timer = clock.at(
      clock.now() + END_TIMEOUT,
      () => this.#gone.resolve(),
      undefined,
    );
    return this.#gone.promise.then(() => {
      clock.cancel(timer);
      this.#worker.terminate();
    });
  }

  #end(failure: string | undefined): void {
    this.#gone.resolve();
    if (this.#stopping) return;
    this.#stopping = true;
    this.#worker.terminate();
    this.#options.failed(failure ?? "its own watchdog has ended it");
  }
}
