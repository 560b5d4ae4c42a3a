/**
 * Statistics for the benchmarks: quantiles of samples and medians of rounds.
 *
 * @module
 */

/** A growing list of numbers, stored unboxed. */
export class Samples {
  #values = new Float64Array(1024);
  #length = 0;

  /** Number of values. */
  get length(): number {
    return this.#length;
  }

  /** Adds a value. */
  add(value: number): void {
    if (this.#length === this.#values.length) {
      const grown = new Float64Array(this.#length * 2);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.#length++] = value;
  }

  /** Adds values. */
  addAll(values: Iterable<number>): void {
    for (const value of values) this.add(value);
  }

  /** Returns a copy of all values, in the order in which they were added. */
  values(): Float64Array {
    return this.#values.slice(0, this.#length);
  }
}

/**
 * Returns the quantile at probability p by linear interpolation between order statistics (Hyndman and Fan, 1996, type 7).
 *
 * @param values values in any order; not changed
 * @param p probability, 0…1
 * @returns the quantile; NaN if there are no values
 */
export function quantile(values: Iterable<number>, p: number): number {
  return quantiles(values, [p])[0];
}

/** Returns the quantiles at several probabilities, sorting the values once; see {@linkcode quantile}. */
export function quantiles(
  values: Iterable<number>,
  probabilities: readonly number[],
): number[] {
  const sorted = Float64Array.from(values).sort();
  return probabilities.map((p) => {
    if (sorted.length === 0) return NaN;
    const place = p * (sorted.length - 1);
    const below = Math.floor(place);
    const above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
  });
}

/** Returns the median, which a single outlying round does not move; NaN if there are no values. */
export function median(values: Iterable<number>): number {
  return quantile(values, 0.5);
}

/**
 * Returns the median over rounds of ours / theirs. Noise that affects a whole round cancels.
 *
 * @param ours one figure for each round
 * @param theirs figures of the reference in the same rounds
 */
export function medianRatio(
  ours: readonly number[],
  theirs: readonly number[],
): number {
  return median(ours.map((value, round) => value / theirs[round]));
}

/** Returns the median over rounds of ours − theirs. */
export function medianExcess(
  ours: readonly number[],
  theirs: readonly number[],
): number {
  return median(ours.map((value, round) => value - theirs[round]));
}

/** Returns one figure of each round. */
export function pick<Key extends string, Round extends Record<Key, number>>(
  rounds: readonly Round[],
  figure: Key,
): number[] {
  return rounds.map((round) => round[figure]);
}

/**
 * Returns the least value of each third of a series. Resident memory rises and falls with garbage collection; its least value grows
 * only if something is kept.
 *
 * @param values in chronological order, at least three
 */
export function leastOfThirds(
  values: readonly number[],
): readonly [first: number, middle: number, last: number] {
  const third = Math.floor(values.length / 3);
  const least = (from: number) => Math.min(...values.slice(from, from + third));
  return [least(0), least(third), least(2 * third)];
}
