/**
 * Outcomes of the requests of the torture suite.
 *
 * @module
 */

/** Outcome of a request: a status, or why there was none. */
export type Outcome = number | "broken" | "late";

/** Counts outcomes by class of requests, and keeps those that the class does not allow. */
export class Tally {
  readonly #counts = new Map<string, Map<Outcome, number>>();
  /** Outcomes that are not allowed, the first ones; not those that are only late. */
  readonly unexpected: string[] = [];
  /** Answers that did not come in time, the first ones. */
  readonly late: string[] = [];

  /** Number of requests of all classes. */
  get total(): number {
    let total = 0;
    for (const counts of this.#counts.values()) {
      for (const count of counts.values()) total += count;
    }
    return total;
  }

  /** Counts one outcome. */
  add(
    name: string,
    outcome: Outcome,
    allowed: readonly Outcome[],
    detail: string = "",
  ): void {
    let counts = this.#counts.get(name);
    if (counts === undefined) this.#counts.set(name, counts = new Map());
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    if (allowed.includes(outcome)) return;
    const list = outcome === "late" ? this.late : this.unexpected;
    if (list.length < 30) {
      list.push(`${name}: ${outcome} ${detail}`.slice(0, 600));
    }
  }

  /** One line for each class. */
  toString(): string {
    return Array.from(
      this.#counts,
      ([name, counts]) =>
        `${name}: ${
          Array.from(counts, ([outcome, count]) => `${outcome}×${count}`)
            .join(" ")
        }`,
    ).join("\n");
  }
}
