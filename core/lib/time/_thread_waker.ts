/**
 * The waker proper: a thread that sleeps in Atomics.wait, to which the main thread listens in Atomics.waitAsync.
 *
 * No wake-up is lost. The two threads share two counters: `armed`, written by the main thread alone, and `rang`,
 * written by the waker alone (but for the end), which holds the value of `armed` it served.
 *
 * 1. The main thread writes the time, then counts `armed` up, then notifies. The waker reads `armed` first, then the
 *    time, then sleeps on the condition that `armed` still holds what it read. So it either sleeps for this time, or was
 *    overtaken and finds `armed` changed: at once (`not-equal`), or through the notification. A time read half from the
 *    old alarm and half from the new one is thrown away with it.
 * 2. The waker marks as served the count it read before the time, never a newer one. Where the main thread sets the
 *    alarm anew while the waker rings for the old one, `armed` differs from `served` and the waker goes round again.
 * 3. The main thread waits on the condition that `rang` still holds what it last saw, and looks at `rang` again before
 *    it waits: a ring in between ends the wait at once.
 * 4. A ring for an overtaken alarm (`rang` differs from `armed`) leaves the alarm set, as by 2 its own ring is to come.
 *    It still wakes the clock, to which an early ring does no harm.
 *
 * So while `armedAt` is finite, a ring at or after that time is under way.
 *
 * @module
 */

import { Worker } from "node:worker_threads";
import { Lead } from "./_lead.ts";
import { CELL, sleepAndRing } from "./_waker_thread.ts";
import type { Waker } from "./_waker.ts";

/** Keeps times within half the range of 32 bits of microseconds; a clock that is woken early sets the alarm again. */
const LONGEST_SLEEP = 10 * 60_000;

/** What a {@linkcode ThreadWaker} calls. */
export interface ThreadWakerEvents {
  /** The thread is up: timers may be entrusted to it. Called once, as the first ring. */
  ready(): void;
  /** The alarm rang. */
  ring(): void;
  /** The thread is gone, though nobody ended it, and rings no more. */
  fail(reason: string): void;
}

/** Rings from a thread of its own, which does not keep the process alive while nothing is set. */
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
   * Starts the thread, which blocks the caller for some tens of milliseconds, and sets a first alarm, whose ring says
   * that the thread is up.
   *
   * @param events what is called from then on, never from within this constructor
   * @throws whatever keeps the thread from starting
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

  /** When it is set to ring; Infinity where it is not set. */
  get armedAt(): number {
    return this.#armedAt;
  }

  /** How long before a deadline to set it, 0.05 to 1 ms. */
  get lead(): number {
    return this.#lead.ms;
  }

  /** Sets it to ring at `at`, unless it rings before. */
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

  /** Lets the process end; an alarm that is set still rings, once, for nothing. */
  rest(): void {
    if (!this.#holds) return;
    this.#holds = false;
    this.#thread.unref();
  }

  /** Ends the thread; settles once it is gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#end();
    // A thread that sleeps in Atomics.wait may not notice that it is terminated: it is told first.
    Atomics.store(this.#cells, CELL.stop, 1);
    Atomics.add(this.#cells, CELL.armed, 1);
    Atomics.notify(this.#cells, CELL.armed);
    this.hold();
    await this.#listening;
    await this.#thread.terminate();
  }

  /** The one loop over rings; the platform allocates a promise each, we allocate nothing. */
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

  /** Lets {@linkcode ThreadWaker.#listen} run out. */
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
