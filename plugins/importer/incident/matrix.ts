/**
 * Answers of Prometheus to range queries, read series by series.
 *
 * @see https://prometheus.io/docs/prometheus/latest/querying/api/#range-queries
 * @module
 */
import { isRecord } from "../mocks/resolver.ts";

/** Greatest time of a date, in s since 1970. */
const LAST_TIME = 8.64e12;

/** A bucket of a native histogram. */
export interface NativeBucket {
  /** Lower boundary, in s. */
  readonly low: number;
  /** Upper boundary, in s. */
  readonly high: number;
  readonly count: number;
}

/** A sample of a series. */
export interface Sample {
  /** Time in s since 1970. */
  readonly at: number;
  /** Value; of a histogram, its count. */
  readonly value: number;
  /** Buckets of a native histogram; undefined for a number. */
  readonly buckets?: readonly NativeBucket[];
}

/** A series. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  /** In ascending order of time. */
  readonly samples: readonly Sample[];
  /** Place, such as `/data/result/3`. */
  readonly place: string;
}

/** Reads a series; returns the reason where it is none. */
export function seriesOf(value: unknown, place: string): Series | string {
  if (!isRecord(value)) return "is no series";
  const labels = Object.fromEntries(
    Object.entries(Object(value.metric)).map((
      [name, text],
    ) => [name, `${text}`]),
  );
  const samples: Sample[] = [];
  if (Array.isArray(value.value) || isRecord(value.histogram)) {
    return "is an instant, not a range: use /api/v1/query_range";
  }
  for (const pair of listOf(value.values)) {
    const sample = Array.isArray(pair)
      ? { at: numberOf(pair[0]), value: numberOf(pair[1]) }
      : { at: NaN, value: NaN };
    if (!isTime(sample.at)) return "has a sample without a time";
    // NaN and Inf are values of rates over nothing.
    if (Number.isFinite(sample.value)) samples.push(sample);
  }
  for (const pair of listOf(value.histograms)) {
    const [at, histogram] = Array.isArray(pair) ? pair : [];
    if (!isRecord(histogram) || !isTime(numberOf(at))) {
      return "has a histogram that cannot be read";
    }
    samples.push({
      at: numberOf(at),
      value: numberOf(histogram.count),
      buckets: listOf(histogram.buckets).flatMap((bucket) => {
        if (!Array.isArray(bucket)) return [];
        const [, low, high, count] = bucket.map(numberOf);
        return [{ low, high, count }];
      }),
    });
  }
  if (
    samples.some(({ at }, index) => index > 0 && at <= samples[index - 1].at)
  ) {
    return "has samples that are not in the order of time";
  }
  return { labels, samples, place };
}

/** Returns whether a number of s since 1970 is a time that a date can have. */
function isTime(at: number): boolean {
  return Math.abs(at) <= LAST_TIME;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function numberOf(value: unknown): number {
  if (value === "+Inf") return Infinity;
  if (value === "-Inf") return -Infinity;
  return typeof value === "string" || typeof value === "number"
    ? Number(value)
    : NaN;
}

/** Returns whether a series is a counter, which grows, and not a rate: functions such as rate() take the name away. */
export function isCounter({ labels }: Series): boolean {
  return labels.__name__ !== undefined;
}
