/**
 * Parts of a recording that are not replayed: why, how many, and where.
 *
 * @module
 */

/** Maximum number of places or names that are shown for a reason. */
const MAX_SHOWN = 5;

/** A part of a recording that is left out. */
export interface Omission {
  /** Reason in a few words, such as `CONNECT`: parts of the same reason are counted together. */
  readonly reason: string;
  /** Name of what it concerns, such as a host; default its place. */
  readonly name?: string;
}

/** Entries that were left out for one reason. */
interface Reason {
  count: number;
  /** The first distinct names or places. */
  readonly shown: string[];
  /** True if there are more than are shown. */
  more: boolean;
}

/** All parts of a recording that are left out. */
export class LeftOut {
  readonly #reasons = new Map<string, Reason>();
  #count = 0;

  /** Number of parts. */
  get count(): number {
    return this.#count;
  }

  /** Returns whether there are parts with a reason. */
  has(reason: string): boolean {
    return this.#reasons.has(reason);
  }

  /**
   * Counts a part.
   *
   * @param place place in the recording, such as `line 3`
   */
  add({ reason, name }: Omission, place: string): void {
    this.#count++;
    let known = this.#reasons.get(reason);
    if (known === undefined) {
      this.#reasons.set(reason, known = { count: 0, shown: [], more: false });
    }
    known.count++;
    const shown = name ?? place;
    if (known.shown.includes(shown)) return;
    if (known.shown.length < MAX_SHOWN) known.shown.push(shown);
    else known.more = true;
  }

  /** Returns all reasons as text: `2 × CONNECT (line 4, line 7), 1 × no request (line 9)`. */
  toString(): string {
    return [...this.#reasons].map(([reason, { count, shown, more }]) =>
      `${count} × ${reason} (${shown.join(", ")}${more ? ", …" : ""})`
    ).join(", ");
  }
}
