/**
 * The upper boundaries of the classic Prometheus buckets that perfmock uses where nothing else is asked for.
 *
 * @module
 */

/** Boundaries for durations: 0.1 ms to 2 min, in ascending milliseconds. */
export const DURATION_BOUNDARIES: readonly number[] = Object.freeze([
  0.1,
  0.25,
  0.5,
  1,
  2.5,
  5,
  10,
  25,
  50,
  100,
  250,
  500,
  1_000,
  2_500,
  5_000,
  10_000,
  30_000,
  60_000,
  120_000,
]);

/** Boundaries for lateness and event-loop lag: 10 µs to 50 ms, in ascending milliseconds. */
export const LATENESS_BOUNDARIES: readonly number[] = Object.freeze([
  0.01,
  0.025,
  0.05,
  0.1,
  0.25,
  0.5,
  1,
  2.5,
  5,
  10,
  50,
]);
