/** Who keeps what belongs to the slices of a {@linkcode SliceRing}. */
export interface SliceKeeper {
  /** A slice begins: what it held is out of the window. */
  open(slice: number): void;
  /** Time has left a slice, which began then. Nothing comes into it any more; not called for slices that time jumped over. */
  close?(slice: number, start: number): void;
}

/**
 * A window of time that is cut into slices of equal length, aligned to multiples of it, of which the oldest makes room when a
 * new one begins. It has no timer: time is handed in with each call, and a time before the latest one counts as the latest.
 */
export class SliceRing {
  /** The length of a slice, in milliseconds. */
  readonly #length: number;
  readonly #count: number;
  readonly #keeper: SliceKeeper;
  #current = 0;
  // Where the current slice ends.
  #end = -Infinity;

  /**
   * @param count how many slices the window has
   * @param length of a slice, in milliseconds, above 0
   * @param keeper told of each slice that begins
   */
  constructor(count: number, length: number, keeper: SliceKeeper) {
    this.#count = count;
    this.#length = length;
    this.#keeper = keeper;
  }

  /** The slice that holds a time: 0 … count − 1. */
  at(now: number): number {
    if (now >= this.#end) this.#turn(now);
    return this.#current;
  }

  /** How far the window reaches back from a time, in milliseconds. */
  span(now: number): number {
    this.at(now);
    return Math.max(now, this.#end - this.#length) - this.#end +
      this.#count * this.#length;
  }

  #turn(now: number): void {
    const length = this.#length;
    if (this.#end > -Infinity) {
      this.#keeper.close?.(this.#current, this.#end - length);
    }
    const end = (Math.floor(now / length) + 1) * length;
    const steps = Math.min(
      this.#count,
      Math.round((end - this.#end) / length),
    );
    for (let step = 0; step < steps; step++) {
      this.#current = (this.#current + 1) % this.#count;
      this.#keeper.open(this.#current);
    }
    this.#end = end;
  }
}
