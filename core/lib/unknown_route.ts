/**
 * The message for a route that does not exist.
 *
 * @module
 */
import { type Issue, PerfmockError } from "../errors.ts";
import { suggest } from "./suggest.ts";

/** Number of ids that a message lists. */
const LISTED = 20;

/**
 * Returns the issue of an id that no route has.
 *
 * @param ids ids of all routes
 * @param path JSON Pointer to the id
 */
export function unknownRouteIssue(
  id: string,
  ids: readonly string[],
  path = "",
): Issue {
  const near = suggest(id, ids);
  const further = ids.length - LISTED;
  return {
    path,
    message: `There is no route "${id}"`,
    value: id,
    allowed: ids.length === 0
      ? "nothing: the configuration has no routes"
      : further <= 0
      ? ids.join(", ")
      : `${ids.slice(0, LISTED).join(", ")} and ${further} more`,
    ...near !== undefined && { suggestion: near },
  };
}

/** Returns the error for an id that no route has. */
export function unknownRoute(
  id: string,
  ids: readonly string[],
  path?: string,
): PerfmockError {
  return new PerfmockError("ROUTE_UNKNOWN", `Cannot find a route "${id}"`, [
    unknownRouteIssue(id, ids, path),
  ]);
}
