/**
 * Memory that is really there: every page of it was written to.
 *
 * It lies in resizable buffers, since those give their pages back to the system at once when they shrink; what is merely
 * dropped waits for a garbage collection.
 *
 * @module
 */

/** The size of a page, in bytes; where the system's are larger, each is written to more than once. */
export const PAGE = 4096;

/** How much one buffer holds, in bytes: a reservation only, until it is touched. */
const CHUNK = 64 * 2 ** 20;

/** Some bytes, each page of them touched. */
export class Pages {
  readonly #chunks: ArrayBuffer[] = [];
  #held = 0;

  /** How many bytes, a whole number of pages. */
  get held(): number {
    return this.#held;
  }

  /**
   * Goes towards a size, by some bytes at most.
   *
   * @throws RangeError where the system gives no more
   */
  approach(size: number, step: number): void {
    const target = Math.round(size / PAGE) * PAGE;
    if (target > this.#held) this.#grow(Math.min(target, this.#held + step));
    else this.#shrink(Math.max(target, this.#held - step));
  }

  #grow(to: number): void {
    while (this.#held < to) {
      const used = this.#held % CHUNK;
      if (used === 0) {
        this.#chunks.push(new ArrayBuffer(0, { maxByteLength: CHUNK }));
      }
      const chunk = this.#chunks[this.#chunks.length - 1];
      const size = Math.min(CHUNK, used + to - this.#held);
      chunk.resize(size);
      const bytes = new Uint8Array(chunk);
      for (let at = used; at < size; at += PAGE) bytes[at] = 1;
      this.#held += size - used;
    }
  }

  #shrink(to: number): void {
    while (this.#held > to) {
      const chunk = this.#chunks[this.#chunks.length - 1];
      const size = Math.max(0, chunk.byteLength - (this.#held - to));
      this.#held -= chunk.byteLength - size;
      chunk.resize(size);
      if (size === 0) this.#chunks.pop();
    }
  }
}
