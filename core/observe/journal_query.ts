/**
 * Questions to a journal, with an answer for a route that does not exist: an empty list would look like one without requests.
 *
 * @module
 */
import { OWN_FILTER_OPTIONS } from "../lib/filter_options.ts";
import { checkOptions } from "../lib/options.ts";
import { unknownRoute } from "../lib/unknown_route.ts";
import type { JournalEntry } from "../plugin.ts";
import type { ExchangeJournal, JournalFilter } from "./journal.ts";

/** Configuration in force, with the exchanges that ended. */
export interface JournalSource {
  /** Routes of the configuration. */
  readonly routes: readonly { readonly id: string }[];
  /** Exchanges that ended. */
  readonly journal: Pick<ExchangeJournal, "entries" | "holds">;
}

/**
 * Returns the latest exchanges that meet all conditions, oldest first.
 *
 * @throws PerfmockError `ROUTE_UNKNOWN`, as {@linkcode checkRoute}
 */
export function findRequests(
  source: JournalSource,
  filter: JournalFilter,
): JournalEntry[] {
  const found = source.journal.entries(filter);
  if (found.length === 0) checkRoute(source, filter.route);
  return found;
}

/**
 * The same for a program, whose filter has no type at run time. By default all exchanges of the journal.
 *
 * @throws PerfmockError `ARGUMENT_INVALID` with all issues of the filter, `ROUTE_UNKNOWN`
 */
export function listRequests(
  source: JournalSource,
  filter: Partial<JournalFilter>,
): JournalEntry[] {
  checkOptions("Cannot list requests", filter, OWN_FILTER_OPTIONS);
  return findRequests(source, { limit: Infinity, ...filter });
}

/**
 * Checks that a route exists, or has been removed and still has exchanges in the journal.
 *
 * @param id undefined for any route
 * @throws PerfmockError `ROUTE_UNKNOWN`
 */
export function checkRoute(
  { journal, routes }: JournalSource,
  id: string | undefined,
): void {
  if (id === undefined || routes.some((route) => route.id === id)) return;
  if (!journal.holds(id)) {
    throw unknownRoute(id, routes.map(({ id }) => id), "/route");
  }
}
