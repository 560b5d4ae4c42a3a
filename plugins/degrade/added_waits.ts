/**
 * Waits that a model adds while a request holds its place of a pool. They are no use of the place, and must not be read as such:
 * the model would see its own waits, and add ever longer ones.
 *
 * @module
 */

/** Time after which a past level has the weight 1/e, in ms: that of a pool's own utilisation. */
const MEMORY = 1000;

/** Number of places of one pool whose requests are in an added wait: an exponential average over about the last second. */
export class AddedWaits {
  /** Ends of the present waits, on the clock, in ascending order. */
  readonly #ends: number[] = [];
  #level = 0;
  #mean = 0;
  #at = 0;

  /**
   * Notes a wait.
   *
   * @param start on the clock
   * @param length in ms
   */
  add(start: number, length: number): void {
    if (!(length > 0)) return;
    this.#advance(start);
    this.#move(1, start);
    const end = start + length;
    let i = this.#ends.length;
    while (i > 0 && this.#ends[i - 1] > end) i--;
    this.#ends.splice(i, 0, end);
  }

  /** Average number of places at a time on the clock. Times do not decrease. */
  mean(at: number): number {
    this.#advance(at);
    return this.#meanAt(at);
  }

  #advance(at: number): void {
    while (this.#ends.length > 0 && this.#ends[0] <= at) {
      this.#move(-1, this.#ends.shift() ?? at);
    }
  }

  #move(by: number, at: number): void {
    this.#mean = this.#meanAt(at);
    this.#at = Math.max(this.#at, at);
    this.#level += by;
  }

  #meanAt(at: number): number {
    return at > this.#at
      ? this.#level +
        (this.#mean - this.#level) * Math.exp((this.#at - at) / MEMORY)
      : this.#mean;
  }
}
