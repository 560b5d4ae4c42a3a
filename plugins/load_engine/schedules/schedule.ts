/**
 * @module
 */

/** A rate is per second, a signal's time in ms: so much of its integral makes one arrival. */
export const ONE_ARRIVAL = 1000;

/** Times in ascending order. */
export interface Schedule {
  /** The next one, in ms since the schedule's start; Infinity once there are no more. */
  next(): number;
}
