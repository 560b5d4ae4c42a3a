/**
 * Statuses of responses: which of several a route answers with, and which are faults.
 *
 * @module
 */

/** Statuses whose responses have no body. */
export const BODILESS_STATUSES: ReadonlySet<number> = new Set([204, 205, 304]);

/** Statuses that a route can answer with. */
export function isStatus(status: number): boolean {
  return Number.isInteger(status) && status >= 200 && status <= 599;
}

/** Numbers of responses by status, of which one is the route's and the others are faults. */
export class StatusCounts {
  readonly #counts = new Map<number, number>();
  #total = 0;

  /** Counts a response, or several of one status. */
  add(status: number, count = 1): void {
    this.#total += count;
    this.#counts.set(status, (this.#counts.get(status) ?? 0) + count);
  }

  /** Adds the responses of another list. */
  addAll(other: StatusCounts): void {
    this.#total += other.#total;
    for (const [status, count] of other.#counts) {
      this.#counts.set(status, (this.#counts.get(status) ?? 0) + count);
    }
  }

  /** Numbers of responses by status. */
  get entries(): [status: number, count: number][] {
    return [...this.#counts];
  }

  /** Number of responses. */
  get total(): number {
    return this.#total;
  }

  /** The most frequent status below 400, else the most frequent one; 200 for none. */
  get usual(): number {
    const ordered = [...this.#counts].sort(([a, most], [b, next]) =>
      Number(a >= 400) - Number(b >= 400) || next - most || a - b
    );
    return ordered[0]?.[0] ?? 200;
  }

  /** Statuses of 400 or more beside the usual one, as faults with the shares that they had. */
  get faults(): { share: number; status: number }[] {
    const { usual } = this;
    return [...this.#counts]
      .filter(([status]) => status >= 400 && status !== usual)
      .sort(([a], [b]) => a - b)
      .map(([status, count]) => ({
        share: Math.floor(count / this.#total * 1e6) / 1e6,
        status,
      }))
      .filter(({ share }) => share > 0);
  }

  /** Statuses below 400 beside the usual one, which a route has no place for. */
  get others(): [status: number, count: number][] {
    const { usual } = this;
    return [...this.#counts].filter(([status]) =>
      status < 400 && status !== usual
    );
  }
}
