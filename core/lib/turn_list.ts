/**
 * Lists whose entries requests get in turn: first, then, and so on; the last one holds, or the list begins again.
 *
 * @module
 */

/** Entries of a list that requests get in turn. */
export class TurnList {
  readonly #ends: readonly number[];
  readonly #total: number;
  readonly #repeats: boolean;

  /**
   * Creates a list.
   *
   * @param times number of requests in a row that get each entry, at least one entry
   * @param repeats true to begin again after the last entry; false to stay there
   */
  constructor(times: readonly number[], repeats: boolean) {
    let end = 0;
    this.#ends = times.map((each) => end += each);
    this.#total = end;
    this.#repeats = repeats;
  }

  /** Index of the entry of a turn, from 0. */
  at(turn: number): number {
    const last = this.#ends.length - 1;
    if (!this.#repeats && turn >= this.#total) return last;
    const place = turn % this.#total;
    let entry = 0;
    while (place >= this.#ends[entry]) entry++;
    return entry;
  }

  /** First turn of an entry. */
  firstOf(entry: number): number {
    return entry === 0 ? 0 : this.#ends[entry - 1];
  }
}
