/**
 * The one interface through which perfmock knows time. {@linkcode PreciseClock} runs on the machine's monotonic clock,
 * {@linkcode VirtualClock} on a number that a test or a simulation moves.
 *
 * @module
 */

/** A source of time and of callbacks at given times. */
export interface Clock {
  /** The present, in milliseconds since an arbitrary origin, with fractions; never goes backwards. */
  now(): number;
  /**
   * Calls `wake(argument)` once `now() >= deadline`: never early, and never before `at` has returned. Deadlines that
   * are equal are served in the order of their insertion. The argument spares callers a closure per timer.
   *
   * @param deadline in milliseconds of this clock; a deadline in the past is served as soon as possible. NaN is refused
   * with a RangeError; Infinity is a timer that never fires.
   * @returns a handle for {@linkcode Clock.cancel}, greater than 0
   */
  at<Argument>(
    deadline: number,
    wake: (argument: Argument) => void,
    argument: Argument,
  ): number;
  /**
   * Takes a timer back. A handle that has fired, was cancelled, or never existed is ignored.
   *
   * @returns whether the timer was still pending
   */
  cancel(timer: number): boolean;
}
