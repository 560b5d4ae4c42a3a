/**
 * What a precise clock sleeps with: something that rings once, near a given time.
 *
 * @module
 */

/** A single alarm. Times are in milliseconds of `performance.now()`. */
export interface Waker extends AsyncDisposable {
  /** When it is set to ring; Infinity where it is not set. */
  readonly armedAt: number;
  /** How long before a deadline to set it, from the delays measured so far. */
  readonly lead: number;
  /**
   * Sets it. It may ring early, and rings at the earlier of two times it was set to.
   *
   * @param at when to ring: the present, give or take, or any later time
   * @param now the present
   */
  arm(at: number, now: number): void;
  /** Keeps the process alive, as {@linkcode Waker.arm} does. */
  hold(): void;
  /** Lets the process end, and may unset it. */
  rest(): void;
}
