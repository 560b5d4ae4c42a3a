/**
 * A clock that stands still until it is told to move: tests take no time, and a simulation runs as fast as it computes.
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

/**
 * A deterministic {@linkcode Clock}. Timers fire in the order of their deadlines, then of their insertion, and only
 * inside {@linkcode VirtualClock.advance}, {@linkcode VirtualClock.advanceTo}, {@linkcode VirtualClock.runNext},
 * {@linkcode VirtualClock.run} and {@linkcode VirtualClock.runUntil}. While one fires, `now()` is its deadline, or the present where the deadline lay in
 * the past.
 *
 * What a callback throws comes out of the method that fired it. The clock then stands at that timer's deadline, the
 * timer is gone, and all others are still pending: the next call goes on with them.
 */
export class VirtualClock implements Clock {
  readonly #timers = new TimerHeap();
  #now: number;

  /**
   * Creates a clock that stands still.
   *
   * @param start the first value of `now()`, in milliseconds
   * @throws RangeError where `start` is not finite
   */
  constructor(start = 0) {
    if (!Number.isFinite(start)) {
      throw new RangeError(
        `Cannot create virtual clock: "start" must be finite, received ${start}`,
      );
    }
    this.#now = start;
  }

  /** How many timers are pending, those at Infinity included. */
  get pending(): number {
    return this.#timers.size;
  }

  /** The present in milliseconds. */
  now(): number {
    return this.#now;
  }

  /**
   * Sets a timer; see {@linkcode Clock.at}. A deadline in the past is due at once: it fires with the next movement of
   * the clock, or within the present one where a callback sets it.
   *
   * @throws RangeError where the deadline is NaN
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

  /** Takes a timer back; see {@linkcode Clock.cancel}. */
  cancel(timer: number): boolean {
    return this.#timers.cancel(timer);
  }

  /**
   * Moves the clock on and fires all that is due on the way. A callback that keeps setting timers for the present keeps
   * this from returning; {@linkcode VirtualClock.run} takes a limit.
   *
   * @param ms how far, in milliseconds, 0 or more; 0 fires what is due now
   * @throws RangeError where `ms` is negative or not finite
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
   * Moves the clock to a time and fires all that is due on the way.
   *
   * @param time in milliseconds of this clock, the present or later
   * @throws RangeError where `time` is in the past or not finite
   */
  advanceTo(time: number): void {
    if (!(time >= this.#now && time < Infinity)) {
      throw new RangeError(
        `Cannot advance clock: "time" must be ${this.#now} or later and finite, received ${time}`,
      );
    }
    while (this.#timers.deadline <= time) this.#fireNext();
    // A callback may have moved the clock on further.
    if (time > this.#now) this.#now = time;
  }

  /**
   * Moves the clock to the earliest deadline and fires that one timer.
   *
   * @returns whether there was one; timers at Infinity do not count
   */
  runNext(): boolean {
    if (this.#timers.deadline === Infinity) return false;
    this.#fireNext();
    return true;
  }

  /**
   * Fires timers, those set on the way included, until none is left but those at Infinity.
   *
   * @param limit after how many timers to stop at the latest
   * @returns how many were fired
   */
  run(limit = Infinity): number {
    let fired = 0;
    while (fired < limit && this.runNext()) fired++;
    return fired;
  }

  /**
   * Moves the clock on to a time at most and fires what is due on the way, those set on the way included.
   *
   * @param time in milliseconds of this clock; Infinity moves it no further than the last timer
   * @param limit after how many timers to stop at the latest
   * @returns how many were fired: less than the limit where nothing more is due until then, and the clock then stands there
   */
  runUntil(time: number, limit: number): number {
    let fired = 0;
    while (fired < limit) {
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
