/**
 * What a user should know of pools that are valid and still not what was meant.
 *
 * @module
 */
import type { Issue, Key } from "../../core/plugin.ts";
import { escaped } from "./pool_change.ts";
import { INLINE } from "./settings.ts";

/** How a route is served, as the plugin `distributions` tells. */
export interface ServedRoutes {
  /** By the route's id; undefined where it has no service time. */
  of(id: string): {
    readonly family: string;
    readonly exact: boolean;
  } | undefined;
}

/** Where that is found. */
export const SERVED: Key<ServedRoutes> = { name: "distributions.routes" };

/** The families that are made of measured durations. */
const FITTED: readonly string[] = ["percentiles", "empirical", "histogram"];

/** A pool that no route takes. */
export function unused(pool: string): Issue {
  return {
    path: pathOf(pool),
    message: `No route uses the pool "${pool}"`,
    suggestion: `"limiter": "${pool}" on a route`,
  };
}

/** What a route's service time and its pool do to each other. */
export function mismatches(
  route: string,
  pool: string,
  served: ServedRoutes | undefined,
): Issue[] {
  const { family = "", exact = false } = served?.of(route) ?? {};
  const issues: Issue[] = [];
  if (FITTED.includes(family)) {
    issues.push({
      path: pathOf(pool),
      message:
        `Route "${route}" draws its service time from ${family} and takes the pool "${pool}": what was measured under load includes the time in the measured system's own queues, which then counts twice`,
      suggestion: "Measure at low load, or leave the pool out",
    });
  }
  if (exact) {
    issues.push({
      path: pathOf(pool),
      message:
        `Route "${route}" samples exactly and takes the pool "${pool}": exact samples lack the bursts of independent ones, so that mean waits are 5 to 45 % too short`,
      suggestion: '"sampling": {"scheme": "random"} on the route',
    });
  }
  return issues;
}

/** A route's own pool stands at the route, which a path relative to the plugin's options cannot reach. */
function pathOf(pool: string): string {
  return pool.startsWith(INLINE) ? "" : `/pools/${escaped(pool)}`;
}
