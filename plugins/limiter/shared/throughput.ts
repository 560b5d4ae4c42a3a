/**
 * Throughput of a shared pool under saturation, from the counts that Redis keeps of it.
 *
 * @module
 */

/** Number of service ends that the estimate looks back on. */
const REMEMBERED = 128;

/** The recent throughput of a pool while all of its places are taken, whoever takes them. */
export class SharedThroughput {
  /** Service ends under saturation, and the saturated time in ms, as Redis has said them: a ring. */
  readonly #ends = new Float64Array(REMEMBERED);
  readonly #times = new Float64Array(REMEMBERED);
  #count = 0;
  #time = 0;

  /**
   * Takes the counts of an answer.
   *
   * @param ends number of service ends under saturation
   * @param time saturated time, in ms
   */
  take(ends: number, time: number): void {
    this.#time = time;
    const last = this.#count === 0
      ? undefined
      : this.#ends[(this.#count - 1) % REMEMBERED];
    if (last === ends) return;
    // Redis was emptied, and counts from 0 again.
    if (last !== undefined && ends < last) this.#count = 0;
    this.#ends[this.#count % REMEMBERED] = ends;
    this.#times[this.#count % REMEMBERED] = time;
    this.#count++;
  }

  /** Services per ms under saturation; undefined where none has ended under it yet. */
  rate(): number | undefined {
    if (this.#count === 0) return undefined;
    const newest = (this.#count - 1) % REMEMBERED;
    let from = Math.max(0, this.#count - REMEMBERED);
    while (
      this.#ends[newest] - this.#ends[from % REMEMBERED] > REMEMBERED
    ) from++;
    const whole = from === 0 && this.#ends[newest] <= REMEMBERED;
    const ends = this.#ends[newest] -
      (whole ? 0 : this.#ends[from % REMEMBERED]);
    const time = this.#time - (whole ? 0 : this.#times[from % REMEMBERED]);
    return ends > 0 && time > 0 ? ends / time : undefined;
  }
}
