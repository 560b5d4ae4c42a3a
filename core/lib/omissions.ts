/**
 * Parts of a recording or of another tool's file that are left out: why, how many, and where.
 *
 * @module
 */

/** Maximum number of places or names that are shown for a reason. */
const MAX_SHOWN = 5;

/** Maximum number of reasons that are counted apart. */
const MAX_REASONS = 1000;

/** A part that is left out. */
export interface Omission {
  /** Reason in a few words, such as `CONNECT`: parts of the same reason are counted together. */
  readonly reason: string;
  /** Name of the part, such as a host; default its place. */
  readonly name?: string;
}

/** Parts that were left out for one reason. */
interface Reason {
  count: number;
  /** The first distinct names or places. */
  readonly shown: string[];
  /** True if there are more than are shown. */
  more: boolean;
}

/** All parts that are left out. */
export class Omissions {
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
    const key = this.#reasons.has(reason) || this.#reasons.size < MAX_REASONS
      ? reason
      : "other reasons";
    let known = this.#reasons.get(key);
    if (known === undefined) {
      this.#reasons.set(key, known = { count: 0, shown: [], more: false });
    }
    known.count++;
    const shown = name ?? place;
    if (known.shown.includes(shown)) return;
    if (known.shown.length < MAX_SHOWN) known.shown.push(shown);
    else known.more = true;
  }

  /** Adds all parts of another list. */
  addAll(other: Omissions): void {
    for (const [reason, { count, shown, more }] of other.#reasons) {
      for (const name of shown) this.add({ reason, name }, name);
      const known = this.#reasons.get(reason);
      if (known === undefined) continue;
      known.count += count - shown.length;
      known.more ||= more;
      this.#count += count - shown.length;
    }
  }

  /** One text for each reason: `2 × CONNECT (line 4, line 7)`. */
  get lines(): string[] {
    return [...this.#reasons].map(([reason, { count, shown, more }]) =>
      `${count} × ${reason} (${shown.join(", ")}${more ? ", …" : ""})`
    );
  }

  /** Returns all reasons as text: `2 × CONNECT (line 4, line 7), 1 × no request (line 9)`. */
  toString(): string {
    return this.lines.join(", ");
  }
}
