/**
 * Closed-loop control of a share of CPU time: pure, no clock.
 *
 * Time is cut into slices. At the start of each, what the thread owes is what its target shares add up to so far, and what it
 * has is what the system says it was given. It burns the difference and what this slice will add, and sleeps for the rest: a slice
 * in which others had the core is made up for in the next ones.
 *
 * @module
 */

/**
 * The length of a slice, in milliseconds: a prime number, so that slices keep no step with the system's ticks of 1, 4 or 10 ms,
 * and short beside the 5 s over which the share has to hold.
 */
export const SLICE = 23;

/** What is made up for at most, in milliseconds of CPU time: who was starved longer does not burn without a pause for it. */
const MOST_DEBT = 500;

/** What a slice consists of. */
export interface Slice {
  /** CPU time to burn, in milliseconds. */
  readonly burn: number;
  /** When the slice ends, in milliseconds: sleep until then. */
  readonly end: number;
}

/** The controller of one thread. */
export class DutyCycle {
  #last: number;
  #owed = 0;

  /**
   * Begins with nothing owed.
   *
   * @param now the present, in milliseconds; the thread has consumed nothing yet
   */
  constructor(now: number) {
    this.#last = now;
  }

  /**
   * Begins a slice.
   *
   * @param now the present, in milliseconds
   * @param consumed the thread's CPU time so far, in milliseconds
   * @param share the target from here on, 0…1; until here that of the slice before held
   */
  slice(now: number, consumed: number, share: number): Slice {
    // The slice before ended later or earlier than planned.
    this.#owed += share * (now - this.#last);
    this.#owed = Math.min(this.#owed, consumed + MOST_DEBT) + share * SLICE;
    this.#last = now + SLICE;
    const burn = Math.max(0, Math.min(SLICE, this.#owed - consumed));
    return { burn, end: this.#last };
  }
}
