/**
 * A level that changes at points in time, and its mean over time.
 *
 * @module
 */

/** A level and its integral over time. */
export class TimeWeighted {
  #level: number;
  #last: number;
  #area = 0;

  /** @param level at first; @param at the time it holds from, in milliseconds */
  constructor(level: number, at: number) {
    this.#level = level;
    this.#last = at;
  }

  /** The present level. */
  get level(): number {
    return this.#level;
  }

  /** Changes the level; a time before the last change counts as that. */
  add(delta: number, at: number): void {
    this.set(this.#level + delta, at);
  }

  /** Sets the level; a time before the last change counts as that. */
  set(level: number, at: number): void {
    this.#area = this.area(at);
    if (at > this.#last) this.#last = at;
    this.#level = level;
  }

  /** The integral from the beginning to a time: level · milliseconds. */
  area(at: number): number {
    return at > this.#last
      ? this.#area + this.#level * (at - this.#last)
      : this.#area;
  }
}
