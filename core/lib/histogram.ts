/**
 * A histogram of durations: cheap to record into, accurate to 0.4 % at any magnitude, and mergeable without loss.
 *
 * @module
 */
import type {
  HistogramBucket,
  HistogramSnapshot,
  HistogramSummary,
} from "../contract/metrics.ts";
import { PerfmockError } from "../errors.ts";

// The log-linear scale: each octave has 128 buckets of equal width. The key of a bucket consists of the exponent and the top
// seven bits of the mantissa of its values as IEEE doubles, so computing it takes one store, one load and one shift.

/** Number of buckets in each octave. */
const BUCKETS_PER_OCTAVE = 128;

/** Values below this limit, about a nanosecond in ms, share one bucket. */
const TINY = 2 ** -20;

/** Key of the bucket of all values below {@linkcode TINY}; no other bucket has it. */
const TINY_KEY = 0;

const SHIFT = 13;
const HALF_BUCKET = 1 << (SHIFT - 1);
const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);
// Index of the high word: 1 on little-endian machines, 0 on others.
const HIGH = new Uint8Array(new Uint32Array([1]).buffer)[0];

/**
 * Key of the bucket of a value. Keys grow with the value.
 *
 * @param value at least 0 and finite, or −0
 */
export function keyOf(value: number): number {
  // −0 + 0 is 0. The sign bit of −0 would make it a very large key.
  double[0] = value + 0;
  return words[HIGH] >>> SHIFT;
}

/** Key of the bucket of the greatest values. */
const LAST_KEY = keyOf(Number.MAX_VALUE);

/** Lower end of a bucket, inclusive. The upper end is the lower end of the next key, exclusive. */
export function lowerEnd(key: number): number {
  words[HIGH] = key << SHIFT;
  words[1 - HIGH] = 0;
  return double[0];
}

/** Middle of a bucket, at most 1/256 (0.4 %) away from each value in it. */
function midpoint(key: number): number {
  words[HIGH] = (key << SHIFT) | HALF_BUCKET;
  words[1 - HIGH] = 0;
  return double[0];
}

const SUMMARY_PROBABILITIES = [0.5, 0.9, 0.95, 0.99, 0.999];

const EMPTY_SUMMARY: HistogramSummary = Object.freeze({
  min: null,
  mean: null,
  p50: null,
  p90: null,
  p95: null,
  p99: null,
  p999: null,
  max: null,
});

/** Content of a {@linkcode Histogram} as JSON data. */
export interface HistogramData {
  /** Number of values. */
  readonly count: number;
  /** Sum of the values, in ms. */
  readonly sum: number;
  /** Least and greatest value, in ms; absent if there are none. */
  readonly range?: readonly [min: number, max: number];
  /** Number of values that were refused. */
  readonly refused: number;
  /** Number of values in the first bucket, below 2^−20 ms. */
  readonly tiny: number;
  /** Key and count of each other bucket that is not empty, in turn, by ascending key. */
  readonly buckets: readonly number[];
}

const COUNT = 0;
const SUM = 1;
const MIN = 2;
const MAX = 3;
const REFUSED = 4;
const TINY_COUNT = 5;

/**
 * A log-linear histogram of milliseconds with 128 buckets in each octave, like HdrHistogram, but without a range to choose
 * in advance. It takes 1 KiB of memory for each octave between the least and the greatest value recorded.
 */
export class Histogram implements HistogramSnapshot {
  // Doubles in a typed array, because an assignment to a number field of an object may allocate.
  readonly #figures = new Float64Array(6);
  #counts = new Float64Array(0);
  // The key of counts[0], always the first key of an octave.
  #base = 0;

  /** Creates an empty histogram. */
  constructor() {
    this.reset();
  }

  /** Number of recorded values. */
  get count(): number {
    return this.#figures[COUNT];
  }

  /** Sum of all recorded values, in ms. */
  get sum(): number {
    return this.#figures[SUM];
  }

  /** Exact least value in ms; NaN if nothing was recorded. */
  get min(): number {
    return this.count === 0 ? NaN : this.#figures[MIN];
  }

  /** Exact greatest value in ms; NaN if nothing was recorded. */
  get max(): number {
    return this.count === 0 ? NaN : this.#figures[MAX];
  }

  /** Number of values that were not recorded because they were negative, infinite or NaN. */
  get refused(): number {
    return this.#figures[REFUSED];
  }

  /**
   * Records one duration. A value that is negative, infinite or NaN is only counted in {@linkcode Histogram.refused}, because
   * a measurement must not fail the request it measures.
   *
   * @param milliseconds at least 0; all values below 2^−20 ms (1 ns) share one bucket
   * @returns the key of the bucket, which grows with the value, or −1 if the value was refused
   */
  record(milliseconds: number): number {
    const figures = this.#figures;
    if (!(milliseconds >= 0 && milliseconds < Infinity)) {
      figures[REFUSED]++;
      return -1;
    }
    figures[COUNT]++;
    figures[SUM] += milliseconds;
    if (milliseconds < figures[MIN]) figures[MIN] = milliseconds;
    if (milliseconds > figures[MAX]) figures[MAX] = milliseconds;
    if (milliseconds < TINY) {
      figures[TINY_COUNT]++;
      return TINY_KEY;
    }
    const key = keyOf(milliseconds);
    const index = key - this.#base;
    if (index >= 0 && index < this.#counts.length) {
      this.#counts[index]++;
    } else {
      this.#cover(key, key);
      this.#counts[key - this.#base]++;
    }
    return key;
  }

  /**
   * Records equal durations, as {@linkcode Histogram.record} does for each.
   *
   * @param milliseconds at least 0
   * @param count number of durations, a whole number of at least 1
   * @returns the key of the bucket, or −1 if the value was refused
   */
  recordMany(milliseconds: number, count: number): number {
    const key = this.record(milliseconds);
    const figures = this.#figures;
    const more = count - 1;
    if (key < 0) {
      figures[REFUSED] += more;
      return key;
    }
    figures[COUNT] += more;
    figures[SUM] += milliseconds * more;
    if (key === TINY_KEY) figures[TINY_COUNT] += more;
    else this.#counts[key - this.#base] += more;
    return key;
  }

  /**
   * Least value, mean, greatest value and the usual quantiles.
   *
   * @param decimals number of decimals that the figures are rounded to
   */
  summary(decimals: number): HistogramSummary {
    const { count, sum, min, max } = this;
    if (count === 0) return EMPTY_SUMMARY;
    const factor = 10 ** decimals;
    const round = (value: number) => Math.round(value * factor) / factor;
    const [p50, p90, p95, p99, p999] = this.quantiles(SUMMARY_PROBABILITIES);
    return {
      min: round(min),
      mean: round(sum / count),
      p50: round(p50),
      p90: round(p90),
      p95: round(p95),
      p99: round(p99),
      p999: round(p999),
      max: round(max),
    };
  }

  /** Adds all values of another histogram, bucket by bucket, and leaves the other unchanged. */
  merge(other: Histogram): void {
    const figures = this.#figures;
    const others = other.#figures;
    if (other.#counts.length > 0) {
      this.#cover(other.#base, other.#base + other.#counts.length - 1);
    }
    const shift = other.#base - this.#base;
    const [counts, added] = [this.#counts, other.#counts];
    for (let index = 0; index < added.length; index++) {
      counts[index + shift] += added[index];
    }
    for (const figure of [COUNT, SUM, REFUSED, TINY_COUNT]) {
      figures[figure] += others[figure];
    }
    figures[MIN] = Math.min(figures[MIN], others[MIN]);
    figures[MAX] = Math.max(figures[MAX], others[MAX]);
  }

  /** Content as JSON data, from which {@linkcode Histogram.from} makes an equal histogram. */
  data(): HistogramData {
    const { count, sum, min, max, refused } = this;
    const buckets: number[] = [];
    for (let index = 0; index < this.#counts.length; index++) {
      const own = this.#counts[index];
      if (own > 0) buckets.push(this.#base + index, own);
    }
    const tiny = this.#figures[TINY_COUNT];
    return {
      count,
      sum,
      ...count > 0 && { range: [min, max] },
      refused,
      tiny,
      buckets,
    };
  }

  /** Returns why a value from elsewhere is no data of a histogram; undefined if it is. */
  static flaw(value: unknown): string | undefined {
    const data = Object(value) as Partial<HistogramData>;
    const { count = NaN, sum = NaN, refused, tiny = NaN, buckets } = data;
    const counts = [count, refused, tiny].every(isCount);
    if (!counts || !Number.isFinite(sum) || sum < 0) {
      return "Its counts are not whole numbers from 0, or it has no sum";
    }
    if (!Array.isArray(buckets) || buckets.length % 2 > 0) {
      return "Its buckets are not keys and counts in turn";
    }
    let last = TINY_KEY;
    let total = tiny;
    for (let index = 0; index < buckets.length; index += 2) {
      const [key, own] = [buckets[index], buckets[index + 1]];
      if (!isCount(key) || key <= last || key > LAST_KEY || !isCount(own)) {
        return "The keys of its buckets do not ascend, or are none";
      }
      last = key;
      total += own;
    }
    if (total !== count) return "Its buckets do not add up to its count";
    const [min = NaN, max = NaN] = data.range ?? [];
    const ranged = 0 <= min && min <= max && max < Infinity;
    return count > 0 === ranged
      ? undefined
      : "Its least and greatest values are missing or reversed";
  }

  /** Makes a histogram from the data of another. */
  static from(
    { count, sum, range = [Infinity, -Infinity], refused, tiny, buckets }:
      HistogramData,
  ): Histogram {
    const histogram = new Histogram();
    if (buckets.length > 0) {
      histogram.#cover(buckets[0], buckets[buckets.length - 2]);
    }
    for (let index = 0; index < buckets.length; index += 2) {
      histogram.#counts[buckets[index] - histogram.#base] = buckets[index + 1];
    }
    const figures = histogram.#figures;
    figures[COUNT] = count;
    figures[SUM] = sum;
    [figures[MIN], figures[MAX]] = range;
    figures[REFUSED] = refused;
    figures[TINY_COUNT] = tiny;
    return histogram;
  }

  /** Makes a copy, which later records do not change. */
  copy(): Histogram {
    const copy = new Histogram();
    copy.#figures.set(this.#figures);
    copy.#counts = this.#counts.slice();
    copy.#base = this.#base;
    return copy;
  }

  /**
   * The values recorded after an earlier copy of this histogram. Its least and greatest values are exact where they are also those of
   * all values, and else to within 0.4 %.
   *
   * @param earlier copy of this histogram, not reset since
   */
  since(earlier: Histogram): Histogram {
    const growth = this.copy();
    const [figures, before] = [growth.#figures, earlier.#figures];
    for (const figure of [COUNT, SUM, REFUSED, TINY_COUNT]) {
      figures[figure] -= before[figure];
    }
    const [counts, counted] = [growth.#counts, earlier.#counts];
    const shift = earlier.#base - growth.#base;
    for (let index = 0; index < counted.length; index++) {
      counts[index + shift] -= counted[index];
    }
    const clamp = (value: number) =>
      Math.min(this.max, Math.max(this.min, value));
    if (growth.count === 0) {
      figures[MIN] = Infinity;
      figures[MAX] = -Infinity;
      return growth;
    }
    if (this.min === earlier.min) {
      figures[MIN] = clamp(
        figures[TINY_COUNT] > 0
          ? 0
          : midpoint(growth.#base + counts.findIndex((count) => count > 0)),
      );
    }
    if (this.max === earlier.max) {
      const last = counts.findLastIndex((count) => count > 0);
      figures[MAX] = clamp(last < 0 ? 0 : midpoint(growth.#base + last));
    }
    return growth;
  }

  /** Removes all values and keeps the memory for reuse. */
  reset(): void {
    this.#figures.fill(0);
    this.#figures[MIN] = Infinity;
    this.#figures[MAX] = -Infinity;
    this.#counts.fill(0);
  }

  /**
   * Quantile at probability p by nearest rank: the least value that a share p of all values does not exceed, to within 0.4 %
   * (or 1 ns). The first and the last rank are exact.
   *
   * @param p 0…1
   * @returns value in ms; NaN if nothing was recorded
   * @throws PerfmockError `ARGUMENT_INVALID` if p is not in 0…1
   */
  quantile(p: number): number {
    return this.quantiles([p])[0];
  }

  /**
   * Quantiles at several probabilities in one pass; see {@linkcode Histogram.quantile}.
   *
   * @param ps 0…1, ascending
   * @throws PerfmockError `ARGUMENT_INVALID` if a probability is not in 0…1 or is less than the one before it
   */
  quantiles(ps: readonly number[]): number[] {
    const { count, min, max } = this;
    const counts = this.#counts;
    const tiny = this.#figures[TINY_COUNT];
    const values: number[] = [];
    let below = tiny;
    let index = -1;
    let last = 0;
    // No closure here: a captured variable lives on the heap, where each addition would allocate a new number.
    for (const p of ps) {
      if (!(p >= last && p <= 1)) throw refused(p, last);
      last = p;
      // Rounding may put p · count just above an integer: 0.07 · 100 is 7.000000000000001.
      const rank = Math.ceil(p * count * (1 - 2 ** -50));
      if (rank >= count) values.push(max);
      else if (rank <= 1 || rank <= tiny) values.push(min);
      else {
        while (below < rank) below += counts[++index];
        const middle = midpoint(this.#base + index);
        values.push(Math.min(max, Math.max(min, middle)));
      }
    }
    return values;
  }

  /** All buckets that are not empty, in ascending order. */
  *buckets(): IterableIterator<HistogramBucket> {
    const tiny = this.#figures[TINY_COUNT];
    if (tiny > 0) yield { lower: 0, upper: TINY, count: tiny };
    for (let index = 0; index < this.#counts.length; index++) {
      const count = this.#counts[index];
      if (count === 0) continue;
      const key = this.#base + index;
      yield { lower: lowerEnd(key), upper: lowerEnd(key + 1), count };
    }
  }

  /** Extends the counts by whole octaves to include the keys from `first` to `last`. */
  #cover(first: number, last: number): void {
    const counts = this.#counts;
    const end = counts.length === 0 ? last + 1 : this.#base + counts.length;
    const from = counts.length === 0 ? first : Math.min(first, this.#base);
    const base = from - from % BUCKETS_PER_OCTAVE;
    const octaves = Math.ceil(
      (Math.max(end, last + 1) - base) / BUCKETS_PER_OCTAVE,
    );
    const length = octaves * BUCKETS_PER_OCTAVE;
    if (length === counts.length) return;
    this.#counts = new Float64Array(length);
    this.#counts.set(counts, counts.length === 0 ? 0 : this.#base - base);
    this.#base = base;
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && value as number >= 0;
}

function refused(p: number, last: number): PerfmockError {
  return new PerfmockError(
    "ARGUMENT_INVALID",
    last === 0
      ? `Cannot compute a quantile: the probability must be between 0 and 1, received ${p}`
      : `Cannot compute quantiles: the probabilities must ascend to 1 at most, received ${p} after ${last}`,
  );
}
