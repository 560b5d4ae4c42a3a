/**
 * The few figures the benchmarks report: quantiles of samples, medians of rounds.
 *
 * @module
 */

/** A growing list of numbers without a box per number. */
export class Samples {
  #values = new Float64Array(1024);
  #length = 0;

  /** How many there are. */
  get length(): number {
    return this.#length;
  }

  /** Adds one. */
  add(value: number): void {
    if (this.#length === this.#values.length) {
      const grown = new Float64Array(this.#length * 2);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.#length++] = value;
  }

  /** Adds all of them. */
  addAll(values: Iterable<number>): void {
    for (const value of values) this.add(value);
  }

  /** All of them in the order of their arrival, as a copy. */
  values(): Float64Array {
    return this.#values.slice(0, this.#length);
  }
}

/**
 * The quantile at probability p by linear interpolation between order statistics (Hyndman and Fan, 1996, type 7).
 *
 * @param values in any order; not changed
 * @param p 0…1
 * @returns NaN where there is no value
 */
export function quantile(values: Iterable<number>, p: number): number {
  return quantiles(values, [p])[0];
}

/** The quantiles at several probabilities, for one sort; see {@linkcode quantile}. */
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

/** The middle of the values: one outlying round of a benchmark does not move it. NaN where there is none. */
export function median(values: Iterable<number>): number {
  return quantile(values, 0.5);
}

/**
 * The median over rounds of ours / theirs, round by round: noise that hits a whole round cancels.
 *
 * @param ours one figure a round
 * @param theirs the same rounds' figures of what it is compared with
 */
export function medianRatio(
  ours: readonly number[],
  theirs: readonly number[],
): number {
  return median(ours.map((value, round) => value / theirs[round]));
}

/** The median over rounds of ours − theirs, round by round. */
export function medianExcess(
  ours: readonly number[],
  theirs: readonly number[],
): number {
  return median(ours.map((value, round) => value - theirs[round]));
}
