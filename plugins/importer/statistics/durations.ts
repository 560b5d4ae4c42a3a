/**
 * Measured durations in the forms in which tools write them, and their errors.
 *
 * @module
 */
import { type Issue, PerfmockError } from "../../../core/plugin.ts";

/** Measured durations: single values, or counts in buckets, or points of the distribution function. All in ms. */
export type Durations = MeasuredValues | MeasuredBuckets | MeasuredPercentiles;

/** Single durations, in any order. */
export interface MeasuredValues {
  /** Kind of durations. */
  readonly kind: "values";
  /** Durations, at least 0. */
  readonly values: Float64Array;
}

/** Counts of durations by bucket. */
export interface MeasuredBuckets {
  /** Kind of durations. */
  readonly kind: "buckets";
  /** Buckets in ascending order; gaps between them are empty. */
  readonly buckets: readonly MeasuredBucket[];
}

/** Count of the durations between two boundaries. */
export interface MeasuredBucket {
  /** Lower boundary, at least 0. */
  readonly low: number;
  /** Upper boundary, greater than the lower one; may be Infinity. */
  readonly high: number;
  /** Number of durations, at least 0; may be a fraction, as rates of counters are. */
  readonly count: number;
}

/** Percentiles of durations. */
export interface MeasuredPercentiles {
  /** Kind of durations. */
  readonly kind: "percentiles";
  /** Points in ascending order. */
  readonly points: readonly MeasuredPercentile[];
  /** Number of durations of which these are the percentiles. Default unknown. */
  readonly count?: number;
}

/** Point of a distribution function. */
export interface MeasuredPercentile {
  /** Share of shorter durations, 0…1; 0 is the minimum and 1 the maximum. */
  readonly probability: number;
  /** Duration. */
  readonly value: number;
}

/** Bucket that is not empty, with the counts on either side. */
export interface Cell extends MeasuredBucket {
  /** Number of durations below it. */
  readonly below: number;
  /** Number of durations above it. */
  readonly above: number;
}

/** Least number of percentiles. */
const FEWEST = 2;

/** Returns all errors in durations, with paths relative to them. */
export function durationIssues(durations: Durations): readonly Issue[] {
  switch (durations.kind) {
    case "values":
      return valueIssues(durations.values);
    case "buckets":
      return bucketIssues(durations.buckets);
    case "percentiles":
      return percentileIssues(durations.points);
  }
}

/**
 * Checks durations.
 *
 * @throws PerfmockError `IMPORT_INVALID` with all errors
 */
export function checkDurations(durations: Durations): void {
  const issues = durationIssues(durations);
  if (issues.length === 0) return;
  throw new PerfmockError(
    "IMPORT_INVALID",
    `Cannot fit a distribution: ${issues[0].message}`,
    issues,
  );
}

const NONE: Issue = {
  path: "",
  message: "There are no durations",
  allowed: "one duration or more",
};

function valueIssues(values: Float64Array): Issue[] {
  if (values.length === 0) return [NONE];
  const index = values.findIndex((value) => !(value >= 0 && value < Infinity));
  return index < 0 ? [] : [{
    path: `/values/${index}`,
    message: "A duration is negative or no number",
    value: values[index],
    allowed: "durations of at least 0 ms",
  }];
}

function bucketIssues(buckets: readonly MeasuredBucket[]): Issue[] {
  const issues: Issue[] = [];
  let end = 0;
  let total = 0;
  for (const [index, { low, high, count }] of buckets.entries()) {
    if (!(low >= end && high > low)) {
      issues.push({
        path: `/buckets/${index}`,
        message:
          "A bucket begins before the end of the one before, or is empty",
        value: `${low}…${high}`,
        allowed: `a bucket from ${end} on`,
      });
    }
    if (!(count >= 0 && count < Infinity)) {
      issues.push({
        path: `/buckets/${index}/count`,
        message: "The count of a bucket is negative or no number",
        value: count,
        allowed: "counts of at least 0; cumulative counts must not decrease",
      });
    }
    end = high;
    total += count;
  }
  return issues.length > 0 || total > 0 ? issues : [NONE];
}

function percentileIssues(points: readonly MeasuredPercentile[]): Issue[] {
  const issues: Issue[] = [];
  for (const [index, { probability, value }] of points.entries()) {
    const path = `/points/${index}`;
    if (!(probability >= 0 && probability <= 1)) {
      issues.push({
        path,
        message: "A percentile is not between p0 and p100",
        value: 100 * probability,
        allowed: "percentiles from p0 to p100",
      });
    }
    if (!(value >= 0 && value < Infinity)) {
      issues.push({
        path,
        message: `${percentileName(probability)} is negative or no number`,
        value,
        allowed: "durations of at least 0 ms",
      });
    }
    if (index === 0) continue;
    const before = points[index - 1];
    if (probability <= before.probability) {
      issues.push({
        path,
        message: `${percentileName(probability)} follows ${
          percentileName(before.probability)
        }`,
        allowed: "percentiles in ascending order, each once",
      });
    } else if (value < before.value) {
      issues.push({
        path,
        message: `${percentileName(probability)} is less than ${
          percentileName(before.probability)
        }`,
        value: `${value} ms after ${before.value} ms`,
        allowed: "durations that do not decrease from percentile to percentile",
      });
    }
  }
  if (issues.length > 0) return issues;
  return positivePoints(points).length >= FEWEST ? [] : [
    points.length === 0 ? NONE : {
      path: "",
      message:
        "There are fewer than two percentiles between p0 and p100 that are above 0 ms",
      allowed: "two percentiles or more, such as p50 and p99",
    },
  ];
}

/** Points between minimum and maximum, which are no percentiles of a distribution without ends. */
export function innerPoints(
  points: readonly MeasuredPercentile[],
): readonly MeasuredPercentile[] {
  return points.filter(({ probability }) => probability > 0 && probability < 1);
}

/** Points between minimum and maximum that are above 0 ms: most families have no others. */
export function positivePoints(
  points: readonly MeasuredPercentile[],
): readonly MeasuredPercentile[] {
  return innerPoints(points).filter(({ value }) => value > 0);
}

/** Name of a percentile: 0.999 gives `p99.9`. */
export function percentileName(probability: number): string {
  return `p${Number((100 * probability).toPrecision(12))}`;
}

/** Buckets that are not empty, with the counts on either side. */
export function cellsOf(buckets: readonly MeasuredBucket[]): readonly Cell[] {
  const filled = buckets.filter(({ count }) => count > 0);
  // Summed up from the end, so that nothing is left above the last one, as a difference would leave by rounding.
  let above = 0;
  const aboves = filled.toReversed().map(({ count }) => {
    const beyond = above;
    above += count;
    return beyond;
  }).reverse();
  let below = 0;
  return filled.map((bucket, i) => {
    const cell = { ...bucket, below, above: aboves[i] };
    below += bucket.count;
    return cell;
  });
}

/** Sum of all counts. */
export function totalOf(buckets: readonly MeasuredBucket[]): number {
  return buckets.reduce((sum, { count }) => sum + count, 0);
}
