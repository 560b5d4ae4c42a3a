/**
 * Mean and spread of numbers that come one by one.
 *
 * @module
 */

/** Count, mean, extremes and variance (Welford 1962), in constant space. */
export class Spread {
  /** How many numbers. */
  count = 0;
  /** Their mean; 0 where there are none. */
  mean = 0;
  /** The smallest. */
  min = Infinity;
  /** The largest. */
  max = -Infinity;
  #squares = 0;

  /** Takes one more. */
  add(value: number): void {
    this.count++;
    const before = value - this.mean;
    this.mean += before / this.count;
    this.#squares += before * (value - this.mean);
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
  }

  /** The sum of squared distances from the mean. */
  get squares(): number {
    return this.#squares;
  }
}
