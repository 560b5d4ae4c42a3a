/**
 * The sliding window: at no time more than `burst` in the `window` before it. Exact: it remembers when each of the last
 * `burst` units was taken, eight bytes each.
 *
 * @module
 */
import { type Meter, type Quota, type Standing, TOLERANCE } from "./meter.ts";

/** A sliding window over the log of what was taken. */
export class SlidingWindow implements Meter {
  readonly #window: number;
  /** When each unit was taken: a ring, the oldest at `#oldest`. */
  readonly #log: Float64Array;
  #oldest = 0;

  /** Makes one that nothing was taken of. */
  constructor({ burst, window }: Quota) {
    this.#window = window;
    this.#log = new Float64Array(burst).fill(-Infinity);
  }

  /** Takes the places of the oldest units, once all of these have left the window; see {@linkcode Meter.take}. */
  take(cost: number, now: number): number {
    const wait = this.#free(cost - 1) - now;
    if (wait > TOLERANCE) return wait;
    for (let unit = 0; unit < cost; unit++) {
      this.#log[this.#oldest] = now;
      this.#oldest = (this.#oldest + 1) % this.#log.length;
    }
    return 0;
  }

  /** How it stands; see {@linkcode Meter.standing}. */
  standing(now: number): Standing {
    // Units leave in order: a binary search for the first that has not.
    let low = 0;
    let high = this.#log.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#free(middle) <= now + TOLERANCE) low = middle + 1;
      else high = middle;
    }
    const next = low < this.#log.length ? this.#free(low) - now : 0;
    return { remaining: low, next };
  }

  /** When the n-th oldest unit leaves the window. */
  #free(n: number): number {
    return this.#log[(this.#oldest + n) % this.#log.length] + this.#window;
  }
}
