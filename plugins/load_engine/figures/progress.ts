/**
 * How a run goes, a tick at a time.
 *
 * @module
 */
import type {
  LoadProgress as Progress,
  LoadScenarioProgress as ScenarioProgress,
} from "../../../core/load.ts";
import type { Histogram } from "../../../core/load.ts";

export type { Progress, ScenarioProgress };

/** The times since the last tick, for metrics: value in ms and how often, in turn. */
export interface TickTimes {
  /** From the scheduled start. */
  readonly responseTime: Float64Array;
  /** From the actual send. */
  readonly serviceTime: Float64Array;
  /** Between these. */
  readonly startLag: Float64Array;
}

/** A histogram as values and how often each was recorded, in turn. */
export function valueCounts(histogram: Histogram): Float64Array {
  const { min, max } = histogram;
  return Float64Array.from(
    [...histogram.buckets()].flatMap(({ lower, upper, count }) => [
      Math.min(max, Math.max(min, (lower + upper) / 2)),
      count,
    ]),
  );
}
