/**
 * Counts of requests in steps of equal length, from counters and from rates.
 *
 * @module
 */
import { isCounter, type Series } from "./matrix.ts";

/** Steps of equal length that all series share. */
export interface Grid {
  /** Start of the first step, in s since 1970. */
  readonly start: number;
  /** Length of a step, in s. */
  readonly step: number;
  /** Number of steps. */
  readonly count: number;
}

/** Share of a step by which times may differ. */
const SLACK = 0.5;

/** Finds the steps of all series: their most frequent distance, from the first sample to the last. */
export function gridOf(all: readonly Series[]): Grid | undefined {
  const distances = new Map<number, number>();
  let first = Infinity;
  let last = -Infinity;
  for (const { samples } of all) {
    for (const [index, { at }] of samples.entries()) {
      first = Math.min(first, at);
      last = Math.max(last, at);
      if (index === 0) continue;
      const distance = Math.round((at - samples[index - 1].at) * 1000) / 1000;
      distances.set(distance, (distances.get(distance) ?? 0) + 1);
    }
  }
  const [step] =
    [...distances].sort(([a, many], [b, more]) => more - many || a - b)[0] ??
      [];
  if (step === undefined || !(step > 0)) return undefined;
  // A counter counts from its first sample on; a rate belongs to the step before its sample.
  const counters = all.some(isCounter);
  const start = counters ? first : first - step;
  const count = Math.max(1, Math.round((last - start) / step));
  return { start, step, count };
}

/** Values of a series by step: numbers of requests, and NaN where nothing is known. */
export interface Stepped {
  readonly values: Float64Array;
  /** Number of resets of a counter. */
  readonly resets: number;
}

/**
 * Returns the number of events in each step.
 *
 * @param valueOf value of a sample: of the series itself, or of a bucket
 */
export function stepped(
  series: Series,
  { start, step, count }: Grid,
  valueOf: (index: number) => number = (index) => series.samples[index].value,
): Stepped {
  const values = new Float64Array(count).fill(NaN);
  const { samples } = series;
  let resets = 0;
  for (let index = 0; index < samples.length; index++) {
    const { at } = samples[index];
    const value = valueOf(index);
    if (!isCounter(series)) {
      const place = Math.round((at - start) / step) - 1;
      if (place >= 0 && place < count) values[place] = value * step;
      continue;
    }
    if (index === 0) continue;
    const before = samples[index - 1];
    const known = valueOf(index - 1);
    // A counter that is smaller than before has begun again at 0.
    const grown = value >= known ? value - known : value;
    if (value < known) resets++;
    // Between samples that are further apart, what happened in each step is not known.
    if (at - before.at > step * (1 + SLACK)) continue;
    const place = Math.round((before.at - start) / step);
    if (place >= 0 && place < count) values[place] = grown;
  }
  return { values, resets };
}

/** Adds values to a sum: unknown ones count where there are none beside. */
export function addInto(sum: Float64Array, values: Float64Array): void {
  for (let i = 0; i < sum.length; i++) {
    if (Number.isNaN(values[i])) continue;
    sum[i] = Number.isNaN(sum[i]) ? values[i] : sum[i] + values[i];
  }
}
