/**
 * Parts of a stress thread that run in the thread itself: its message loop, watchdog, CPU times, duty cycle and pages. They read no
 * clock of their own.
 *
 * @module
 */
import process from "node:process";
import {
  CELL,
  type Cells,
  load,
  type ThreadEnd,
  type ThreadStart,
} from "./cells.ts";

/** Runs once with the first message, reports how that ended, and ends the thread. */
export function serveThread(run: (start: ThreadStart) => void): void {
  globalThis.addEventListener("message", (event) => {
    let failure: string | undefined;
    try {
      run((event as MessageEvent<ThreadStart>).data);
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error);
    }
    const end: ThreadEnd = { failure };
    // The types know only the globals of the main thread.
    (globalThis as unknown as { postMessage(message: ThreadEnd): void })
      .postMessage(end);
    globalThis.close();
  });
}

/** Maximum time without a sign of life of the event loop, in ms: longer than the longest block that a scenario can ask for. */
export const SILENCE = 15_000;

/** Subject of a {@linkcode Watchdog}. */
export interface Watched {
  /** Memory that the thread shares with the event loop. */
  readonly cells: Cells;
  /** Maximum lifetime of the thread, in ms. */
  readonly lifetime: number;
  /** Present time, in ms. */
  readonly now: () => number;
}

/** Ends a thread that was told to end, whose time is over, or whose event loop gives no sign of life. */
export class Watchdog {
  readonly #watched: Watched;
  readonly #end: number;
  #pulse = 0;
  #lastPulseAt: number;

  /**
   * Starts to watch.
   *
   * @param watched the thread and its lifetime, which starts now
   */
  constructor(watched: Watched) {
    this.#watched = watched;
    this.#lastPulseAt = watched.now();
    this.#end = this.#lastPulseAt + watched.lifetime;
  }

  /** True if the thread has to end. Must be called at least once a second. */
  ends(): boolean {
    const { cells, now } = this.#watched;
    if (load(cells, CELL.stop) !== 0) return true;
    const present = now();
    const pulse = load(cells, CELL.pulse);
    if (pulse !== this.#pulse) {
      this.#pulse = pulse;
      this.#lastPulseAt = present;
    }
    return present >= this.#end || present - this.#lastPulseAt > SILENCE;
  }
}

/** Times of a thread since its start, in ms. */
export interface ThreadTimes {
  /** Time on a core. */
  readonly ran: number;
  /** Time for which the thread was ready to run and had no core. */
  readonly waited: number;
}

/**
 * The system's id of the calling thread.
 *
 * @param readable true if /proc/thread-self may be read
 * @returns 0 if unknown
 */
export function threadId(readable: boolean): number {
  if (!readable) return 0;
  try {
    return Number(Deno.readLinkSync("/proc/thread-self").split("/").at(-1));
  } catch {
    return 0;
  }
}

/**
 * Times of the calling thread. From /proc/thread-self they are exact to a nanosecond after a sleep and to a tick while running;
 * without it they come in steps of a tick, and `waited` is 0.
 *
 * @param readable true if /proc/thread-self may be read
 */
export function threadTimes(readable: boolean): ThreadTimes {
  if (readable) {
    const [ran, waited] = Deno.readTextFileSync("/proc/thread-self/schedstat")
      .split(" ");
    return { ran: Number(ran) / 1e6, waited: Number(waited) / 1e6 };
  }
  const { user, system } = process.threadCpuUsage();
  return { ran: (user + system) / 1000, waited: 0 };
}

/**
 * Length of a slice, in ms: a prime number, so that slices do not keep step with the system's ticks of 1, 4 or 10 ms, and short
 * compared with the 5 s in which the load has to be met.
 */
export const SLICE = 23;

/** Maximum CPU time that is made up for, in ms: a thread that was starved for longer would burn without a pause. */
const MAX_DEBT = 500;

/** One slice of time. */
export interface Slice {
  /** CPU time to burn, in ms. */
  readonly burn: number;
  /** End of the slice, in ms: sleep until then. */
  readonly end: number;
}

/**
 * Closed-loop control of a share of CPU time. At the start of each slice the thread owes the sum of its targets so far, less the CPU
 * time that the system says it has had. It burns the difference and the target of the slice, and sleeps for the rest: a slice in which
 * other threads had the core is made up for in the next ones.
 */
export class DutyCycle {
  #last: number;
  #owed = 0;

  /**
   * Starts with nothing owed.
   *
   * @param now present time, in ms
   */
  constructor(now: number) {
    this.#last = now;
  }

  /**
   * Starts a slice.
   *
   * @param now present time, in ms
   * @param consumed CPU time of the thread so far, in ms
   * @param share target from now on, 0…1; also applied to the time by which the slice before was longer or shorter than planned
   */
  slice(now: number, consumed: number, share: number): Slice {
    this.#owed += share * (now - this.#last);
    this.#owed = Math.min(this.#owed, consumed + MAX_DEBT) + share * SLICE;
    this.#last = now + SLICE;
    const burn = Math.max(0, Math.min(SLICE, this.#owed - consumed));
    return { burn, end: this.#last };
  }
}

/** Size of a page, in bytes. Larger pages are written to more than once. */
export const PAGE = 4096;

/** Size of a buffer, in bytes: only a reservation until its pages are written to. */
const CHUNK = 64 * 2 ** 20;

/**
 * Memory with every page written to, so that it is resident. It consists of resizable buffers, which return their pages to the system
 * as soon as they shrink; memory that is merely dropped waits for a garbage collection.
 */
export class Pages {
  readonly #chunks: ArrayBuffer[] = [];
  #held = 0;

  /** Bytes held, a whole number of pages. */
  get held(): number {
    return this.#held;
  }

  /**
   * Grows or shrinks towards a size.
   *
   * @param size target, in bytes
   * @param step maximum change, in bytes
   * @throws RangeError if the system has no more memory
   */
  approach(size: number, step: number): void {
    const target = Math.round(size / PAGE) * PAGE;
    if (target > this.#held) this.#grow(Math.min(target, this.#held + step));
    else this.#shrink(Math.max(target, this.#held - step));
  }

  #grow(to: number): void {
    while (this.#held < to) {
      const used = this.#held % CHUNK;
      if (used === 0) {
        this.#chunks.push(new ArrayBuffer(0, { maxByteLength: CHUNK }));
      }
      const chunk = this.#chunks[this.#chunks.length - 1];
      const size = Math.min(CHUNK, used + to - this.#held);
      chunk.resize(size);
      const bytes = new Uint8Array(chunk);
      for (let at = used; at < size; at += PAGE) bytes[at] = 1;
      this.#held += size - used;
    }
  }

  #shrink(to: number): void {
    while (this.#held > to) {
      const chunk = this.#chunks[this.#chunks.length - 1];
      const size = Math.max(0, chunk.byteLength - (this.#held - to));
      this.#held -= chunk.byteLength - size;
      chunk.resize(size);
      if (size === 0) this.#chunks.pop();
    }
  }
}
