/**
 * The mean of a level over the recent past.
 *
 * @module
 */

/** How fast the past is forgotten, in milliseconds: what lies so long ago weighs 1/e. */
const MEMORY = 1000;

/** A level's exponentially weighted mean over time. */
export class RecentLevel {
  #level: number;
  #mean: number;
  #at: number;

  /** @param level at first, taken for the whole past; @param at the present, in milliseconds */
  constructor(level: number, at: number) {
    this.#level = this.#mean = level;
    this.#at = at;
  }

  /** Sets the level; a time before the last change counts as that. */
  set(level: number, at: number): void {
    this.#mean = this.mean(at);
    if (at > this.#at) this.#at = at;
    this.#level = level;
  }

  /** The mean at a time. */
  mean(at: number): number {
    return at > this.#at
      ? this.#level +
        (this.#mean - this.#level) * Math.exp((this.#at - at) / MEMORY)
      : this.#mean;
  }
}
