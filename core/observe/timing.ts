/**
 * Distributions of durations with the classic buckets of Prometheus.
 *
 * @module
 */
import type { Exemplar, Timing } from "../plugin.ts";
import { Histogram, keyOf, lowerEnd } from "../lib/histogram.ts";

/** Boundaries in each decade, in hundredths: at most 12 % apart, so that a percentile computed from the buckets is as exact. */
const DENSE = [
  ...[100, 110, 120, 134, 150, 165, 180, 200, 224, 250, 275, 300],
  ...[330, 360, 400, 447, 500, 550, 600, 670, 750, 820, 900],
];

/** Powers of ten up to 10 s. */
const DECADES = [1, 10, 100, 1000];

/**
 * Default upper boundaries of buckets for durations: 0.1 ms to 2 min, at most 12 % apart from 1 ms to 10 s, in ascending
 * milliseconds.
 */
export const DURATION_BOUNDARIES: readonly number[] = Object.freeze([
  ...[0.1, 0.25, 0.5, 0.75],
  ...DECADES.flatMap((decade) => DENSE.map((step) => step * decade / 100)),
  ...[10_000, 15_000, 20_000, 30_000, 45_000, 60_000, 120_000],
]);

/** Boundaries of lateness in each decade, in hundredths: at most 50 % apart. */
const LATENESS = [100, 150, 200, 250, 350, 500, 750];

/** Upper boundaries of buckets for lateness and event-loop lag: 10 µs to 50 ms, in ascending milliseconds. */
export const LATENESS_BOUNDARIES: readonly number[] = Object.freeze([
  ...[1, 10, 100].flatMap((decade) =>
    LATENESS.map((step) => step * decade / 10_000)
  ),
  ...[10, 15, 25, 50],
]);

/** Maps each bucket of the log-linear scale to the first boundary that is not below the whole bucket. */
export class BoundaryTable {
  /** Boundaries in ascending order. */
  readonly boundaries: readonly number[];
  /** The same, followed by Infinity. */
  readonly ends: Float64Array;
  /** Key of the first entry of {@linkcode BoundaryTable.first}. */
  readonly base: number;
  /** Index into {@linkcode BoundaryTable.ends} for each key from `base` on. */
  readonly first: Uint16Array;

  /** @param boundaries at least one, in ascending milliseconds, above 0 and finite */
  constructor(boundaries: readonly number[]) {
    this.boundaries = Object.freeze([...boundaries]);
    this.ends = Float64Array.of(...boundaries, Infinity);
    this.base = keyOf(boundaries[0]);
    const last = keyOf(boundaries[boundaries.length - 1]);
    this.first = new Uint16Array(last - this.base + 1);
    let end = 0;
    for (let index = 0; index < this.first.length; index++) {
      while (this.ends[end] < lowerEnd(this.base + index)) end++;
      this.first[index] = end;
    }
  }
}

/** A distribution of durations: log-linear for quantiles, classic buckets for Prometheus; the counts of both are exact. */
export class BucketedTiming implements Timing {
  readonly #histogram = new Histogram();
  #counts: Float64Array;
  #ends: Float64Array;
  #first: Uint16Array;
  #base: number;
  /** Trace of each bucket's exemplar, empty where it has none. Made with the first exemplar, since few timings have any. */
  #traces: string[] | undefined;
  /** Value and time of each bucket's exemplar, in turn. */
  #marks: Float64Array | undefined;

  /** @param table shared by all series of a metric */
  constructor(table: BoundaryTable) {
    this.#ends = table.ends;
    this.#first = table.first;
    this.#base = table.base;
    this.#counts = new Float64Array(table.ends.length);
  }

  get count(): number {
    return this.#histogram.count;
  }

  get sum(): number {
    return this.#histogram.sum;
  }

  record(milliseconds: number, trace?: string, at = 0): void {
    const key = this.#histogram.record(milliseconds);
    if (key < 0) return;
    const end = this.#endOf(milliseconds, key);
    this.#counts[end]++;
    if (trace) this.#setExemplar(end, trace, milliseconds, at);
  }

  recordMany(milliseconds: number, count: number): void {
    const key = this.#histogram.recordMany(milliseconds, count);
    if (key < 0) return;
    this.#counts[this.#endOf(milliseconds, key)] += count;
  }

  /** Index of the classic bucket of a duration, whose key in the histogram is known. */
  #endOf(milliseconds: number, key: number): number {
    const index = key - this.#base;
    let end = 0;
    if (index >= 0) {
      end = index < this.#first.length
        ? this.#first[index]
        : this.#ends.length - 1;
    }
    // Takes one comparison where boundaries are further apart than buckets. A value on a boundary belongs to it.
    while (milliseconds > this.#ends[end]) end++;
    return end;
  }

  exemplar(bucket: number): Exemplar | undefined {
    const trace = this.#traces?.[bucket];
    if (!trace || this.#marks === undefined) return undefined;
    return {
      trace,
      value: this.#marks[2 * bucket],
      at: this.#marks[2 * bucket + 1],
    };
  }

  cumulative(): readonly number[] {
    let below = 0;
    return Array.from(this.#counts, (count) => below += count);
  }

  quantile(p: number): number {
    return this.#histogram.quantile(p);
  }

  snapshot(): Histogram {
    return this.#histogram.copy();
  }

  /** Takes other boundaries. Recorded values are sorted by the middle of their bucket on the log-linear scale. */
  rebucket(table: BoundaryTable): void {
    const [traces = [], marks = []] = [this.#traces, this.#marks];
    this.#ends = table.ends;
    this.#first = table.first;
    this.#base = table.base;
    this.#counts = new Float64Array(table.ends.length);
    this.#traces = this.#marks = undefined;
    for (const { lower, upper, count } of this.#histogram.buckets()) {
      const middle = (lower + upper) / 2;
      this.#counts[this.#endOf(middle, keyOf(middle))] += count;
    }
    for (const [bucket, trace] of traces.entries()) {
      if (trace === "") continue;
      const [value, at] = [marks[2 * bucket], marks[2 * bucket + 1]];
      const end = this.#endOf(value, keyOf(value));
      // The latest one stays where two share a bucket now.
      if (!(at < (this.exemplar(end)?.at ?? -Infinity))) {
        this.#setExemplar(end, trace, value, at);
      }
    }
  }

  #setExemplar(bucket: number, trace: string, value: number, at: number): void {
    const size = this.#counts.length;
    const traces = this.#traces ??= new Array<string>(size).fill("");
    const marks = this.#marks ??= new Float64Array(2 * size);
    traces[bucket] = trace;
    marks[2 * bucket] = value;
    marks[2 * bucket + 1] = at;
  }
}
