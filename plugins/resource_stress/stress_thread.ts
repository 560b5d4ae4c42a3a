/**
 * A stress thread, as the event loop sees it.
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

/** How long a thread that was told to end has for it before it is terminated, in milliseconds. */
const PATIENCE = 2000;

/** What a thread runs with. */
export interface ThreadParts {
  /** The script. */
  readonly script: URL;
  /** How long it may run, in milliseconds. */
  readonly lifetime: number;
  /** Whether threads can read their times from /proc. */
  readonly threadTimes: boolean;
  /** The server's clock. */
  readonly clock: Clock;
  /** The thread has failed, and is gone. */
  failed(reason: string): void;
}

/** One thread, from its start on. */
export class StressThread {
  readonly #cells: Cells = createCells();
  readonly #parts: ThreadParts;
  readonly #worker: Worker;
  readonly #gone = Promise.withResolvers<void>();
  #stopping = false;

  /**
   * Starts it, which holds the event loop for some milliseconds.
   *
   * @param parts what it runs with
   */
  constructor(parts: ThreadParts) {
    this.#parts = parts;
    this.#worker = new Worker(parts.script, {
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
      lifetime: parts.lifetime,
      threadTimes: parts.threadTimes,
    };
    this.#worker.postMessage(start);
  }

  /** The system's id of the thread; 0 as long as it cannot be known. */
  get id(): number {
    return load(this.#cells, CELL.thread);
  }

  /** What it has reached: microseconds of CPU time, or bytes. */
  get reached(): number {
    return load(this.#cells, CELL.reached);
  }

  /** The time that belongs to it, in microseconds. */
  get elapsed(): number {
    return load(this.#cells, CELL.elapsed);
  }

  /** How long it was ready to run and had no core, in microseconds. */
  get waited(): number {
    return load(this.#cells, CELL.waited);
  }

  /** Tells it what to aim at, millionths of a core or bytes, and that the event loop lives. */
  aim(target: number): void {
    store(this.#cells, CELL.target, target);
    Atomics.add(this.#cells, CELL.pulse, 1n);
    ring(this.#cells);
  }

  /** Ends it; settles once it has given everything back. */
  stop(): Promise<void> {
    if (this.#stopping) return this.#gone.promise;
    this.#stopping = true;
    store(this.#cells, CELL.stop, 1);
    ring(this.#cells);
    const { clock } = this.#parts;
    const timer = clock.at(
      clock.now() + PATIENCE,
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
    this.#parts.failed(failure ?? "its own watchdog has ended it");
  }
}
