/** One number in typed storage. */
export interface Cell {
  /** The storage the number lies in. */
  readonly values: Float64Array;
  /** Its place there. */
  readonly index: number;
}

const CHUNK = 256;

/** Hands out places for numbers, 256 to an array: a number field of an object may allocate with each change. */
export class Cells {
  #values = new Float64Array(CHUNK);
  #next = 0;

  /** A new cell, holding 0. */
  take(): Cell {
    if (this.#next === CHUNK) {
      this.#values = new Float64Array(CHUNK);
      this.#next = 0;
    }
    return { values: this.#values, index: this.#next++ };
  }
}
