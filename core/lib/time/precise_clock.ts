/**
 * The clock of the machine, with timers that are never early and late by a few hundredths of a millisecond.
 *
 * setTimeout drops fractions and fires 1 to 2 ms late. Here a thread sleeps until shortly before the earliest deadline,
 * wakes the event loop, and the loop polls through setImmediate, which lets input and output run, until it is time.
 *
 * @example
 * ```ts
 * import { PreciseClock } from "./precise_clock.ts";
 * import { ok } from "node:assert/strict";
 *
 * await using clock = new PreciseClock();
 * const deadline = clock.now() + 2.5;
 * await new Promise<void>((resolve) => clock.at(deadline, resolve, undefined));
 * ok(clock.now() >= deadline);
 * ```
 *
 * @module
 */

import { PerfmockError } from "../../errors.ts";
import type { Clock } from "../../contract/values.ts";
import { ThreadWaker } from "./_thread_waker.ts";
import { TimeoutWaker } from "./_timeout_waker.ts";
import { TimerHeap } from "./_timer_heap.ts";
import type { Waker } from "./_waker.ts";

/** A sleep shorter than this is polled through, in milliseconds: to set the alarm would cost about as much. */
const SHORTEST_SLEEP = 0.2;

/**
 * Starting the thread blocks for 40 ms on a machine at rest, ten times that on a busy one: without being asked, the clock
 * does it where nothing is due for this long, in milliseconds.
 */
const GAP_TO_START = 1000;

/**
 * The last stretch before a deadline, in milliseconds, is passed without another turn of the event loop, whose length would
 * be the lateness. No more than that: the runtime looks for input and output every 61st turn only, so that whatever is
 * added to a turn delays the arrival of requests sixtyfold.
 */
const LAST_STRETCH = 0.01;

/**
 * How long a turn may go on firing timers, in milliseconds, before input and output get theirs. What a timer has made ready, such as
 * an answer, leaves after the turn only, with all others of that turn: of a hundred answers due together the first would wait for the
 * making of the last. Much shorter, and the turns themselves take the time.
 */
const TURN = 0.04;

/** The settings of a {@linkcode PreciseClock}. */
export interface PreciseClockOptions {
  /** Whether to sleep on a thread, which is the default; false keeps to setTimeout and longer polling. */
  readonly worker?: boolean;
  /**
   * How long a turn of polling lasts at least, in milliseconds; 0, the default, for no longer than it has to. A turn leaves 200
   * bytes of garbage, which at its shortest is 100 MB a second. But it keeps input and output waiting for its length where the
   * runtime looks for them after each turn, and for sixty times that where it is left to itself.
   */
  readonly slice?: number;
}

/**
 * How a {@linkcode PreciseClock} sleeps: `idle`, with no thread yet (timers run on setTimeout meanwhile); `waker`, on its
 * thread; `fallback`, on setTimeout for good; `disposed`, no more.
 */
export type PreciseClockState = "idle" | "waker" | "fallback" | "disposed";

/** What a {@linkcode PreciseClock} tells about itself. */
export interface PreciseClockStats {
  /** How it sleeps. */
  readonly state: PreciseClockState;
  /** Why it is in the state `fallback`. */
  readonly reason: string | undefined;
  /** How long before a deadline it wakes up, in milliseconds: the 99 % quantile of the wake-up delays, within bounds. */
  readonly lead: number;
  /** How many timers are pending. */
  readonly pending: number;
}

/**
 * A {@linkcode Clock} on `performance.now()`.
 *
 * The thread starts with {@linkcode PreciseClock.start}, or by itself where timers are pending but none is due
 * within a second; until then, and where it cannot start, setTimeout takes its place. Pending timers keep the process alive, but
 * for those at Infinity; the thread alone does not.
 *
 * What a callback throws goes to `reportError`, as from a setTimeout of its own, and the other timers go on.
 */
export class PreciseClock implements Clock, Disposable, AsyncDisposable {
  readonly #timers = new TimerHeap();
  readonly #slice: number;
  #waker: Waker = new TimeoutWaker(() => this.#onRing());
  #thread: ThreadWaker | undefined;
  #state: PreciseClockState = "idle";
  #reason: string | undefined;
  #started: PromiseWithResolvers<void> | undefined;
  #disposal: Promise<void> | undefined;
  /** The immediate of the next turn, while polling. */
  #turn: ReturnType<typeof setImmediate> | undefined;

  /**
   * Starts nothing yet.
   *
   * @param options how to sleep
   */
  constructor(options: PreciseClockOptions = {}) {
    this.#slice = options.slice ?? 0;
    if (options.worker === false) {
      this.#fallBack("Cannot use the waker thread: it is turned off");
    }
  }

  /** How the clock does. */
  get stats(): PreciseClockStats {
    return {
      state: this.#state,
      reason: this.#reason,
      lead: this.#waker.lead,
      pending: this.#timers.size,
    };
  }

  /** How the clock sleeps. */
  get state(): PreciseClockState {
    return this.#state;
  }

  /** Why the clock is in the state `fallback`, as a sentence without a full stop. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** The present in milliseconds, monotonic, in steps below a microsecond. */
  now(): number {
    return performance.now();
  }

  /**
   * Starts the thread before the first timer needs it. That blocks the event loop for 40 ms or more, so a server calls it
   * before it listens.
   *
   * @returns settled once the state is no longer `idle`; never rejected
   */
  start(): Promise<void> {
    if (this.#state !== "idle") return Promise.resolve();
    this.#started ??= Promise.withResolvers();
    this.#startThread();
    return this.#started.promise;
  }

  /**
   * Sets a timer; see {@linkcode Clock.at}. A deadline in the past is served with the next turn of the event loop.
   *
   * @throws RangeError where the deadline is NaN
   * @throws PerfmockError CLOCK_DISPOSED after disposal
   */
  at<Argument>(
    deadline: number,
    wake: (argument: Argument) => void,
    argument: Argument,
  ): number {
    if (this.#state === "disposed") {
      throw new PerfmockError(
        "CLOCK_DISPOSED",
        "Cannot set timer: the clock is disposed",
      );
    }
    if (Number.isNaN(deadline)) {
      throw new RangeError("Cannot set timer: the deadline is NaN");
    }
    const timer = this.#timers.push(deadline, wake, argument);
    if (this.#turn === undefined && deadline !== Infinity) {
      this.#expect(deadline);
    }
    return timer;
  }

  /** Takes a timer back; see {@linkcode Clock.cancel}. */
  cancel(timer: number): boolean {
    const cancelled = this.#timers.cancel(timer);
    if (cancelled && this.#timers.deadline === Infinity) this.#waker.rest();
    return cancelled;
  }

  /** Drops all timers, unfired, and has the thread end without waiting for that. */
  [Symbol.dispose](): void {
    this[Symbol.asyncDispose]();
  }

  /**
   * Drops all timers, unfired, and ends the thread. Called again, returns the same promise.
   *
   * @returns settled once the thread is gone
   */
  [Symbol.asyncDispose](): Promise<void> {
    this.#disposal ??= this.#dispose();
    return this.#disposal;
  }

  #expect(deadline: number): void {
    // Before it started the thread, the clock takes a turn to see whether there is a gap for that.
    if (this.#state === "idle" && this.#thread === undefined) {
      this.#poll();
    } else if (deadline - this.#waker.lead < this.#waker.armedAt) {
      this.#sleepOrPoll(performance.now());
    } else this.#waker.hold();
  }

  #poll(): void {
    this.#turn = setImmediate(this.#onTurn);
  }

  /** Whenever no turn is under way and a timer is pending, the waker is set to the earliest deadline or before. */
  #sleepOrPoll(now: number): void {
    const deadline = this.#timers.deadline;
    const wakeAt = deadline - this.#waker.lead;
    if (deadline === Infinity) this.#waker.rest();
    else if (wakeAt - now < SHORTEST_SLEEP) this.#poll();
    else this.#waker.arm(wakeAt, now);
  }

  readonly #onTurn = (): void => {
    this.#turn = undefined;
    const fired = this.#fireDue();
    if (this.#state === "disposed") return;
    if (fired === 0) this.#startThreadInGap();
    if (this.#turn === undefined) this.#sleepOrPoll(performance.now());
  };

  #fireDue(): number {
    let now = this.#pass();
    const end = now + TURN;
    let fired = 0;
    while (this.#timers.deadline <= now && now < end) {
      fired++;
      try {
        this.#timers.fire();
      } catch (error) {
        reportError(error);
      }
      now = performance.now();
    }
    return fired;
  }

  /** Passes the last stretch before a deadline, or a slice of the time until then. Returns the present. */
  #pass(): number {
    let now = performance.now();
    const deadline = this.#timers.deadline;
    const until = deadline - now > LAST_STRETCH
      ? Math.min(now + this.#slice, deadline)
      : deadline;
    while (now < until) now = performance.now();
    return now;
  }

  #onRing(): void {
    if (this.#turn === undefined && this.#state !== "disposed") this.#onTurn();
  }

  #startThreadInGap(): void {
    if (this.#state !== "idle" || this.#thread !== undefined) return;
    const deadline = this.#timers.deadline;
    if (deadline === Infinity) return;
    if (deadline - performance.now() > GAP_TO_START) this.#startThread();
  }

  #startThread(): void {
    if (this.#thread !== undefined) return;
    try {
      this.#thread = new ThreadWaker({
        ready: () => this.#useThread(),
        ring: () => this.#onRing(),
        fail: (reason) =>
          this.#fallBack(`Cannot run the waker thread: ${reason}`),
      });
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error);
      this.#fallBack(`Cannot start the waker thread: ${cause}`);
    }
  }

  #useThread(): void {
    if (this.#thread === undefined) return;
    this.#changeWaker(this.#thread, "waker");
  }

  #fallBack(reason: string): void {
    this.#reason = reason;
    this.#changeWaker(new TimeoutWaker(() => this.#onRing()), "fallback");
  }

  #changeWaker(waker: Waker, state: "waker" | "fallback"): void {
    this.#waker.rest();
    this.#waker = waker;
    this.#state = state;
    this.#started?.resolve();
    if (this.#turn === undefined) this.#sleepOrPoll(performance.now());
  }

  async #dispose(): Promise<void> {
    this.#state = "disposed";
    this.#timers.clear();
    clearImmediate(this.#turn);
    this.#turn = undefined;
    this.#started?.resolve();
    await this.#waker[Symbol.asyncDispose]();
    await this.#thread?.[Symbol.asyncDispose]();
  }
}
