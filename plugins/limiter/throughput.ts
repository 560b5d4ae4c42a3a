/**
 * How fast a pool serves when all its places are taken: what an estimated Retry-After is made of.
 *
 * Time counts only while the pool is saturated, so that a quiet hour does not make it look slow; and it counts while nothing
 * ends, so that a pool that hangs looks slower and slower.
 *
 * @module
 */

/** How many ends the estimate looks back on. */
const REMEMBERED = 128;

/** The recent throughput of a pool under saturation. */
export class Throughput {
  /** Saturated time at each of the last ends, in a ring. */
  readonly #marks = new Float64Array(REMEMBERED);
  #ends = 0;
  #saturated = false;
  #since = 0;
  #area = 0;

  /** Whether all places are taken, from a time on. */
  update(saturated: boolean, at: number): void {
    if (saturated === this.#saturated) return;
    if (saturated) this.#since = at;
    else this.#area = this.#time(at);
    this.#saturated = saturated;
  }

  /** One place became free; counted where all were taken until then. */
  ended(at: number): void {
    if (!this.#saturated) return;
    this.#marks[this.#ends % REMEMBERED] = this.#time(at);
    this.#ends++;
  }

  /**
   * How many are served per millisecond under saturation, over the last 128 ends at most.
   *
   * @returns undefined where nothing has ended under saturation yet
   */
  rate(now: number): number | undefined {
    // With a full ring the oldest mark is where the window begins: the end at that mark lies before it.
    const full = this.#ends >= REMEMBERED;
    const from = full ? this.#marks[this.#ends % REMEMBERED] : 0;
    const ends = full ? REMEMBERED - 1 : this.#ends;
    const time = this.#time(now) - from;
    return ends > 0 && time > 0 ? ends / time : undefined;
  }

  #time(at: number): number {
    return this.#saturated
      ? this.#area + Math.max(0, at - this.#since)
      : this.#area;
  }
}
