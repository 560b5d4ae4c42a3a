/**
 * A clock that moves only when it is told to: tests take no real time, and a simulation runs as fast as it computes.
 *
 * @example
 * ```ts
 * import { VirtualClock } from "./virtual_clock.ts";
 * import { equal } from "node:assert/strict";
 *
 * const clock = new VirtualClock();
 * let woken = -1;
 * clock.at(20.25, () => woken = clock.now(), undefined);
 * clock.advance(30);
 * equal(woken, 20.25);
 * equal(clock.now(), 30);
 * ```
 *
 * @module
 */

import { TimerHeap } from "./_timer_heap.ts";
import type { Clock } from "../../contract/values.ts";
import { nextTurn } from "../turn.ts";

/**
 * A deterministic {@linkcode Clock}. Timers fire in the order of their deadlines, then of their insertion, and only
 * inside {@linkcode VirtualClock.advance}, {@linkcode VirtualClock.advanceTo}, {@linkcode VirtualClock.runNext},
 * {@linkcode VirtualClock.run} and {@linkcode VirtualClock.runUntil}. While a timer fires, `now()` is its deadline; for a
 * deadline in the past, `now()` does not change.
 *
 * An error thrown by a callback propagates from the method that fired it. The clock then stands at that timer's deadline, the
 * timer is gone, and all others are still pending: the next call continues with them.
 */
export class VirtualClock implements Clock {
  readonly #timers = new TimerHeap();
  #now: number;
  #yielding = 0;
  #paused = false;

  /**
   * Creates a clock that stands still.
   *
   * @param start first value of `now()`, in ms. Default 0
   * @throws RangeError if `start` is not finite
   */
  constructor(start = 0) {
    if (!Number.isFinite(start)) {
      throw new RangeError(
        `Cannot create virtual clock: "start" must be finite, received ${start}`,
      );
    }
    this.#now = start;
  }

  /** Number of pending timers, including those at Infinity. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Number of pieces of long work that go on in the next turn of the event loop; see {@linkcode VirtualClock.yield}. */
  get yielding(): number {
    return this.#yielding;
  }

  /** Current time in ms. */
  now(): number {
    return this.#now;
  }

  /**
   * Sets a timer; see {@linkcode Clock.at}. With a deadline in the past it fires at the next movement of the clock, or within
   * the current movement if it is set by a callback.
   *
   * @throws RangeError if the deadline is NaN
   */
  at<Argument>(
    deadline: number,
    wake: (argument: Argument) => void,
    argument: Argument,
  ): number {
    if (Number.isNaN(deadline)) {
      throw new RangeError("Cannot set timer: the deadline is NaN");
    }
    return this.#timers.push(deadline, wake, argument);
  }

  /** Cancels a timer; see {@linkcode Clock.cancel}. */
  cancel(timer: number): boolean {
    return this.#timers.cancel(timer);
  }

  /**
   * Waits for the next turn of the event loop; see {@linkcode Clock.yield}. Work takes no virtual time: who moves the clock waits
   * until {@linkcode VirtualClock.yielding} is 0.
   */
  async yield(): Promise<void> {
    this.#yielding++;
    await nextTurn();
    this.#yielding--;
  }

  /**
   * Moves the clock forward and fires all timers that fall due. If callbacks keep setting timers for the current time, this
   * method does not return; {@linkcode VirtualClock.run} has a limit.
   *
   * @param ms distance in ms, at least 0; 0 fires the timers that are due now
   * @throws RangeError if `ms` is negative or not finite
   */
  advance(ms: number): void {
    if (!(ms >= 0 && ms < Infinity)) {
      throw new RangeError(
        `Cannot advance clock: "ms" must be 0 or more and finite, received ${ms}`,
      );
    }
    this.advanceTo(this.#now + ms);
  }

  /**
   * Moves the clock to a time and fires all timers that fall due.
   *
   * @param time in ms of this clock, not in the past
   * @throws RangeError if `time` is in the past or not finite
   */
  advanceTo(time: number): void {
    if (!(time >= this.#now && time < Infinity)) {
      throw new RangeError(
        `Cannot advance clock: "time" must be ${this.#now} or later and finite, received ${time}`,
      );
    }
    while (this.#timers.deadline <= time) this.#fireNext();
    // A callback may have moved the clock further.
    if (time > this.#now) this.#now = time;
  }

  /**
   * Moves the clock to the earliest deadline and fires that one timer.
   *
   * @returns false if no timer was pending, not counting those at Infinity
   */
  runNext(): boolean {
    if (this.#timers.deadline === Infinity) return false;
    this.#fireNext();
    return true;
  }

  /**
   * Fires timers, including those set meanwhile, until only timers at Infinity are left.
   *
   * @param limit maximum number of timers to fire. Default Infinity
   * @returns number of timers fired
   */
  run(limit = Infinity): number {
    let fired = 0;
    while (fired < limit && this.runNext()) fired++;
    return fired;
  }

  /**
   * Ends {@linkcode VirtualClock.runUntil} after the timer that fires: something is to be awaited that takes no virtual time.
   */
  pause(): void {
    this.#paused = true;
  }

  /**
   * Moves the clock to a time and fires all timers that fall due, including those set meanwhile, up to a limit.
   *
   * @param time in ms of this clock; with Infinity the clock stops at the last timer
   * @param limit maximum number of timers to fire
   * @returns number of timers fired. If it is less than the limit, no more are due and the clock has reached `time`, or the clock
   * was paused
   */
  runUntil(time: number, limit: number): number {
    let fired = 0;
    this.#paused = false;
    while (fired < limit && !this.#paused) {
      const { deadline } = this.#timers;
      if (deadline > time || deadline === Infinity) {
        if (time > this.#now && time < Infinity) this.#now = time;
        break;
      }
      this.#fireNext();
      fired++;
    }
    return fired;
  }

  #fireNext(): void {
    const deadline = this.#timers.deadline;
    if (deadline > this.#now) this.#now = deadline;
    this.#timers.fire();
  }
}

/** Returns true for a virtual clock, also for one of another copy of this module. */
export function isVirtual(clock: Clock): boolean {
  return "runUntil" in clock && "advance" in clock;
}
