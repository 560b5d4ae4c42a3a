/**
 * The alarm on a thread of its own. The thread sleeps in Atomics.wait, and the main thread listens in Atomics.waitAsync.
 *
 * No wake-up is lost. The two threads share two counters: `armed`, which only the main thread writes, and `rang`, which
 * holds the value of `armed` that the thread served last and which only the thread writes. (Disposal is the exception.)
 *
 * 1. The main thread writes the time, then increments `armed`, then notifies. The waker thread reads `armed` first, then
 *    the time, then sleeps on the condition that `armed` still has the value it read. So it either sleeps for this time,
 *    or it was overtaken and finds that `armed` has changed: at once (`not-equal`) or through the notification. A time that
 *    was read half from the old alarm and half from the new one is discarded with it.
 * 2. The waker thread marks as served the count it read before the time, never a newer one. If the main thread sets the
 *    alarm again while the thread rings for the old one, `armed` differs from `served` and the thread loops again.
 * 3. The main thread waits on the condition that `rang` still has the value it last saw, and reads `rang` again before it
 *    waits: a ring in between ends the wait at once.
 * 4. A ring for an overtaken alarm (`rang` differs from `armed`) leaves the alarm set, because by 2 its own ring is still
 *    to come. It wakes the clock all the same; an early ring does no harm there.
 *
 * Therefore, while `armedAt` is finite, a ring at or after that time is on its way.
 *
 * @module
 */

import { Worker } from "node:worker_threads";
import { Lead, type Waker } from "./_waker.ts";

/** Keeps times within half the range of 32 bits of microseconds. A clock that is woken early sets the alarm again. */
const LONGEST_SLEEP = 10 * 60_000;

/** Callbacks of a {@linkcode ThreadWaker}. */
export interface ThreadWakerEvents {
  /** The thread is running, so timers may rely on it. Called once, at the first ring. */
  ready(): void;
  /** The alarm rang. */
  ring(): void;
  /** The thread ended without being disposed of, and will not ring again. */
  fail(reason: string): void;
}

/** An alarm on a thread of its own, which does not keep the process alive while no alarm is set. */
export class ThreadWaker implements Waker {
  readonly #cells = new Int32Array(
    new SharedArrayBuffer(
      Object.keys(CELL).length * Int32Array.BYTES_PER_ELEMENT,
    ),
  );
  readonly #lead = new Lead({ least: 0.05, initial: 0.3, most: 1 });
  readonly #events: ThreadWakerEvents;
  readonly #thread: Worker;
  readonly #listening: Promise<void>;
  #armedAt = Infinity;
  #armed = 0;
  #holds = true;
  #ended = false;

  /**
   * Starts the thread, which blocks the caller for some tens of milliseconds, and sets a first alarm, whose ring shows that
   * the thread is running.
   *
   * @param events callbacks, called from then on but never from within this constructor
   * @throws any error that keeps the thread from starting
   */
  constructor(events: ThreadWakerEvents) {
    this.#events = events;
    const cells = this.#cells;
    this.#thread = new Worker(
      `(${sleepAndRing})(require("node:worker_threads").workerData, ${
        JSON.stringify(CELL)
      })`,
      { eval: true, workerData: cells },
    );
    this.#thread.on("error", this.#onError);
    this.#thread.on("exit", this.#onExit);
    this.rest();
    const now = performance.now();
    this.arm(now, now);
    this.#listening = this.#listen();
  }

  /** Time at which the alarm is set to ring; Infinity if it is not set. */
  get armedAt(): number {
    return this.#armedAt;
  }

  /** Time before a deadline at which to set the alarm, 0.05 to 1 ms. */
  get lead(): number {
    return this.#lead.ms;
  }

  /** Sets the alarm to `at`, unless it is set to an earlier time. */
  arm(at: number, now: number): void {
    this.hold();
    if (at >= this.#armedAt) return;
    const wakeAt = Math.min(at, now + LONGEST_SLEEP);
    this.#armedAt = wakeAt;
    this.#armed = (this.#armed + 1) | 0;
    Atomics.store(this.#cells, CELL.sentAt, (now * 1000) | 0);
    Atomics.store(this.#cells, CELL.wakeAt, (wakeAt * 1000) | 0);
    Atomics.store(this.#cells, CELL.armed, this.#armed);
    Atomics.notify(this.#cells, CELL.armed);
  }

  /** Keeps the process alive. */
  hold(): void {
    if (this.#holds) return;
    this.#holds = true;
    this.#thread.ref();
  }

  /** Lets the process end. An alarm that is set still rings once, without effect. */
  rest(): void {
    if (!this.#holds) return;
    this.#holds = false;
    this.#thread.unref();
  }

  /** Ends the thread; settles once it is gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#end();
    // A thread that sleeps in Atomics.wait may not notice terminate(), so it is asked to stop first.
    Atomics.store(this.#cells, CELL.stop, 1);
    Atomics.add(this.#cells, CELL.armed, 1);
    Atomics.notify(this.#cells, CELL.armed);
    this.hold();
    await this.#listening;
    await this.#thread.terminate();
  }

  /** The only loop over rings. The platform allocates a promise for each ring; this code allocates nothing. */
  async #listen(): Promise<void> {
    let seen = 0;
    let isUp = false;
    while (!this.#ended) {
      await Atomics.waitAsync(this.#cells, CELL.rang, seen).value;
      if (this.#ended) return;
      seen = Atomics.load(this.#cells, CELL.rang);
      this.#onRing(seen, isUp);
      isUp = true;
    }
  }

  #onRing(rang: number, isUp: boolean): void {
    if (rang === this.#armed) {
      if (isUp) this.#lead.record(performance.now() - this.#armedAt);
      this.#armedAt = Infinity;
    }
    if (isUp) this.#events.ring();
    else this.#events.ready();
  }

  /** Ends the loop of {@linkcode ThreadWaker.#listen}. */
  #end(): void {
    this.#ended = true;
    Atomics.notify(this.#cells, CELL.rang);
  }

  readonly #onError = (error: unknown): void => {
    this.#fail(error instanceof Error ? error.message : String(error));
  };

  readonly #onExit = (): void => this.#fail("it ended");

  #fail(reason: string): void {
    if (this.#ended) return;
    this.#end();
    this.#events.fail(reason);
  }
}

/** Index of each number in the memory that the two threads share. */
export const CELL = {
  /** Number of times the alarm was set; the waker thread sleeps on it. */
  armed: 0,
  /** Main thread's time when it set the alarm, in microseconds modulo 2^32. */
  sentAt: 1,
  /** Time to ring at by the main thread's clock, in microseconds modulo 2^32. */
  wakeAt: 2,
  /** Count of the alarm that rang last; the main thread waits on it. */
  rang: 3,
  /** 1 once the thread has to end. */
  stop: 4,
} as const;

/**
 * The waker thread's program: sleeps until the time of the alarm, rings, waits for the next alarm, and so on until it has to
 * stop. It is passed to the thread as source text, because a worker cannot load a module of a published package on every
 * platform. Hence it may use nothing but its parameters and globals.
 *
 * The clocks of the two threads run at the same rate, because both are monotonic, but have different origins. The offset is
 * not taken from `performance.timeOrigin`, which a step of the wall clock falsifies. Instead each alarm carries the time at
 * which it was sent: receive time minus send time is the offset plus the delivery time, so the least value seen so far is the
 * offset plus the fastest delivery (10 to 50 µs). That error is part of the measured wake-up delay, and so of the lead.
 *
 * @param cells the shared memory
 * @param cell the indices into it
 */
export function sleepAndRing(cells: Int32Array, cell: typeof CELL): void {
  let served = 0;
  let offset = 0;
  while (Atomics.load(cells, cell.stop) === 0) {
    const armed = Atomics.load(cells, cell.armed);
    if (armed === served) {
      Atomics.wait(cells, cell.armed, armed);
      continue;
    }
    const sentAt = Atomics.load(cells, cell.sentAt);
    const now = (performance.now() * 1000) | 0;
    // `| 0` keeps differences correct when the microseconds wrap around, every 71 minutes.
    const difference = (now - sentAt) | 0;
    if (served === 0 || ((difference - offset) | 0) < 0) offset = difference;
    const wakeAt = Atomics.load(cells, cell.wakeAt);
    const left = (wakeAt + offset - now) | 0;
    // A wait that ends early means that the alarm was set again, or that the thread has to stop. After a full wait it rings
    // without reading the clock again: a process that was suspended for half an hour would misread the microseconds.
    if (
      left > 0 &&
      Atomics.wait(cells, cell.armed, armed, left / 1000) !== "timed-out"
    ) continue;
    served = armed;
    Atomics.store(cells, cell.rang, armed);
    Atomics.notify(cells, cell.rang);
  }
}
