/**
 * Levels of a pool, such as its taken places, and their means over time.
 *
 * @module
 */

/** Length of a slice of time, in ms: recent means are over whole slices. */
const SLICE = 1000;

/** Number of slices that are remembered. */
const SLICES = 60;

/** Number of starts of slices that are remembered: those of the last slices, and that of the present one. */
const MARKS = SLICES + 1;

/** Longest time that {@linkcode TimeWeighted.recent} looks back on, in ms. */
export const LONGEST_WINDOW: number = SLICE * SLICES;

/** A level and its integral over time. */
export class TimeWeighted {
  readonly #origin: number;
  /** Integral up to the start of each of the last slices: a ring. */
  readonly #marks = new Float64Array(MARKS);
  #level: number;
  #last: number;
  #area = 0;
  /** Number of the present slice. */
  #slice = 0;
  /** End of the present slice, in ms. */
  #sliceEnd: number;

  /** @param level initial level; @param at start of the integral, in ms */
  constructor(level: number, at: number) {
    this.#level = level;
    this.#origin = this.#last = at;
    this.#sliceEnd = at + SLICE;
  }

  /** The current level. */
  get level(): number {
    return this.#level;
  }

  /** Changes the level. A time before the last change counts as the time of that change. */
  add(delta: number, at: number): void {
    this.set(this.#level + delta, at);
  }

  /** Sets the level. A time before the last change counts as the time of that change. */
  set(level: number, at: number): void {
    if (at >= this.#sliceEnd) this.#turn(at);
    this.#area = this.area(at);
    if (at > this.#last) this.#last = at;
    this.#level = level;
  }

  /** The integral up to a time, in level · ms. */
  area(at: number): number {
    return at > this.#last
      ? this.#area + this.#level * (at - this.#last)
      : this.#area;
  }

  /**
   * The integral over the whole slices within a window, and over the present one.
   *
   * @param window in ms, at most {@linkcode LONGEST_WINDOW}
   */
  recent(
    at: number,
    window: number,
  ): { readonly area: number; readonly time: number } {
    const first = Math.max(0, Math.ceil((at - window - this.#origin) / SLICE));
    const from = this.#origin + first * SLICE;
    const before = first > this.#slice
      ? this.area(from)
      : this.#marks[first % MARKS];
    return { area: this.area(at) - before, time: Math.max(0, at - from) };
  }

  /** Enters the slice of a time, in which the level changes. */
  #turn(at: number): void {
    const slice = Math.floor((at - this.#origin) / SLICE);
    const first = Math.max(this.#slice + 1, slice - MARKS + 1);
    for (let n = first; n <= slice; n++) {
      this.#marks[n % MARKS] = this.area(this.#origin + n * SLICE);
    }
    this.#slice = slice;
    this.#sliceEnd = this.#origin + (slice + 1) * SLICE;
  }
}

/** Time after which a past level has the weight 1/e, in ms. */
const MEMORY = 1000;

/** The exponentially weighted mean of a level over the recent past. */
export class RecentLevel {
  #level: number;
  #mean: number;
  #at: number;

  /** @param level initial level, which holds for the whole past; @param at present, in ms */
  constructor(level: number, at: number) {
    this.#level = this.#mean = level;
    this.#at = at;
  }

  /** Sets the level. A time before the last change counts as the time of that change. */
  set(level: number, at: number): void {
    this.#mean = this.mean(at);
    if (at > this.#at) this.#at = at;
    this.#level = level;
  }

  /** Returns the mean at a time. */
  mean(at: number): number {
    return at > this.#at
      ? this.#level +
        (this.#mean - this.#level) * Math.exp((this.#at - at) / MEMORY)
      : this.#mean;
  }
}
