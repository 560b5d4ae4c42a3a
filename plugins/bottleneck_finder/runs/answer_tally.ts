/**
 * Errors among the answers of routes during an experiment. A route that answers errors may be as slow as it likes: its numbers are
 * those of a page that gets errors, which a reader has to know.
 *
 * @module
 */
import type { RouteErrors } from "../../../core/find.ts";
import type { JournalEntry } from "../../../core/plugin.ts";
import { percent } from "../report/mod.ts";

/** Least status of an error. */
const LEAST_ERROR = 400;

/** Key of connections that were reset in place of an answer. */
const RESET = "reset";

/** Exchanges of one route. */
interface Tally {
  /** Number of exchanges that the route ended: those that the page gave up do not count. */
  count: number;
  /** Number of errors by status. */
  readonly errors: Map<string, number>;
}

/** Counts answers by route and status. */
export class AnswerTally {
  readonly #routes = new Map<string, Tally>();

  /** Adds the exchanges of a load. */
  add(entries: readonly JournalEntry[]): void {
    for (const entry of entries) {
      const key = errorOf(entry);
      if (key === undefined) continue;
      const { route } = entry;
      let tally = this.#routes.get(route);
      if (tally === undefined) {
        tally = { count: 0, errors: new Map() };
        this.#routes.set(route, tally);
      }
      tally.count++;
      if (key === null) continue;
      tally.errors.set(key, (tally.errors.get(key) ?? 0) + 1);
    }
  }

  /** Errors of a route; null where it has answered nothing. */
  of(route: string): RouteErrors | null {
    const tally = this.#routes.get(route);
    if (tally === undefined) return null;
    const { count, errors } = tally;
    const sum = [...errors.values()].reduce((sum, n) => sum + n, 0);
    return {
      share: sum / count,
      answers: count,
      statuses: Object.fromEntries(
        [...errors].sort(([, a], [, b]) => b - a),
      ),
    };
  }

  /** Sentences on the routes that answered errors, the most first. */
  inWords(): string[] {
    return [...this.#routes.keys()].flatMap((route) => {
      const errors = this.of(route);
      return errors === null || errors.share === 0 ? [] : [{ route, errors }];
    }).sort((a, b) => b.errors.share - a.errors.share)
      .map(({ route, errors }) => `${route} answered ${errorsInWords(errors)}`);
  }

  /** The same for an answer, whose figures they concern. */
  notes(): string[] {
    return this.inWords().map((errors) =>
      `${errors}: its numbers are those of a page that gets errors`
    );
  }
}

/** Status of an error, or `reset`; null for an answer that is none, undefined where the route did not end the exchange. */
function errorOf(
  { outcome, status }: Pick<JournalEntry, "outcome" | "status">,
): string | null | undefined {
  if (outcome === "reset") return RESET;
  if (status === 0) return undefined;
  return status >= LEAST_ERROR ? `${status}` : null;
}

/** Errors in words: `12 of 88 requests (14 %) with an error: 500 (8), 503 (4)`. */
export function errorsInWords(
  { share, answers, statuses }: RouteErrors,
): string {
  const found = Object.entries(statuses);
  const sum = found.reduce((sum, [, count]) => sum + count, 0);
  const list = found.map(([status, count]) =>
    found.length === 1 ? status : `${status} (${count})`
  ).join(", ");
  return `${sum} of ${answers} requests (${
    percent(share)
  }) with an error: ${list}`;
}
