/**
 * Estimates with intervals.
 *
 * @module
 */

/** Estimate with its interval. */
export interface Estimate {
  /** Estimated value. */
  readonly value: number;
  /** Lower end of the interval. */
  readonly low: number;
  /** Upper end of the interval. */
  readonly high: number;
}
