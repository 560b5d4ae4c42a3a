/**
 * A histogram of durations that is cheap to record into, exact to 0.4 % over all magnitudes, and mergeable without loss.
 *
 * @module
 */
import { PerfmockError } from "../errors.ts";
import {
  BUCKETS_PER_OCTAVE,
  keyOf,
  lowerEnd,
  midpoint,
  TINY,
  TINY_KEY,
} from "./log_linear.ts";

/** A bucket of a {@linkcode Histogram} that holds something. */
export interface HistogramBucket {
  /** The least value it can hold, in milliseconds. */
  readonly lower: number;
  /** What all its values are below, in milliseconds. */
  readonly upper: number;
  /** How many values it holds; at least 1. */
  readonly count: number;
}

const COUNT = 0;
const SUM = 1;
const MIN = 2;
const MAX = 3;
const REFUSED = 4;
const TINY_COUNT = 5;

/**
 * A log-linear histogram of milliseconds: 128 buckets an octave, like HdrHistogram's but without a range to choose
 * beforehand. Memory is 1 KiB for each octave between the least and the greatest value seen.
 */
export class Histogram {
  // Doubles in a typed array: changing a number field of an object may allocate.
  readonly #figures = new Float64Array(6);
  #counts = new Float64Array(0);
  // The key of counts[0], always the first of its octave.
  #base = 0;

  /** Makes an empty histogram. */
  constructor() {
    this.reset();
  }

  /** How many values were recorded. */
  get count(): number {
    return this.#figures[COUNT];
  }

  /** The sum of all values, in milliseconds. */
  get sum(): number {
    return this.#figures[SUM];
  }

  /** The least value, exact, in milliseconds; NaN where nothing was recorded. */
  get min(): number {
    return this.count === 0 ? NaN : this.#figures[MIN];
  }

  /** The greatest value, exact, in milliseconds; NaN where nothing was recorded. */
  get max(): number {
    return this.count === 0 ? NaN : this.#figures[MAX];
  }

  /** How many values were refused because they were negative, infinite or NaN; they are in no other figure. */
  get refused(): number {
    return this.#figures[REFUSED];
  }

  /**
   * Records one duration. One that is negative, infinite or NaN is not recorded but counted in
   * {@linkcode Histogram.refused}: an instrument must not fail the request it measures.
   *
   * @param milliseconds at least 0; what is below 2^−20 ms (1 ns) shares one bucket
   * @returns the key of its bucket, which grows with the value, or −1 where it was refused
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

  /** Adds all that another histogram holds, bucket by bucket; the other one stays as it is. */
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

  /** Forgets everything; the memory is kept for what comes. */
  reset(): void {
    this.#figures.fill(0);
    this.#figures[MIN] = Infinity;
    this.#figures[MAX] = -Infinity;
    this.#counts.fill(0);
  }

  /**
   * The value at probability p by nearest rank: the least value that a share p of all values does not exceed, to within
   * 0.4 % (or 1 ns). The first and the last rank are exact.
   *
   * @param p 0…1
   * @returns milliseconds; NaN where nothing was recorded
   * @throws PerfmockError `ARGUMENT_INVALID` where p is not in 0…1
   */
  quantile(p: number): number {
    return this.quantiles([p])[0];
  }

  /**
   * The values at several probabilities, as {@linkcode Histogram.quantile} has them, in one pass.
   *
   * @param ps 0…1, ascending
   * @throws PerfmockError `ARGUMENT_INVALID` where one is not in 0…1, or below the one before it
   */
  quantiles(ps: readonly number[]): number[] {
    const { count, min, max } = this;
    const counts = this.#counts;
    const tiny = this.#figures[TINY_COUNT];
    const values: number[] = [];
    let below = tiny;
    let index = -1;
    let last = 0;
    // No closure: a variable that one captures is a heap object, and each addition would make a new one.
    for (const p of ps) {
      if (!(p >= last && p <= 1)) throw refused(p, last);
      last = p;
      // p · count may come out a rounding error above a whole number: 0.07 · 100 is 7.000000000000001.
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

  /** All buckets that hold something, in ascending order. */
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

  /** Makes room for the keys from `first` to `last`, by whole octaves. */
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

function refused(p: number, last: number): PerfmockError {
  return new PerfmockError(
    "ARGUMENT_INVALID",
    last === 0
      ? `Cannot compute a quantile: the probability must be between 0 and 1, received ${p}`
      : `Cannot compute quantiles: the probabilities must ascend to 1 at most, received ${p} after ${last}`,
  );
}
