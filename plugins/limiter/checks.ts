/**
 * Checks of a configuration beyond its schema: the order in which routes take pools, and warnings.
 *
 * A chain of pools could deadlock: one request holds a place of the first pool and waits for one of the second, while another
 * holds the second and waits for the first. So all routes must take pools in one common order. Then a request that holds a place
 * of the last pool in that order waits for no other pool: it is served and frees its places. So every request that holds a place
 * of the last pool but one is served in the end; and so on down to the first. (A request that hangs by configuration holds its
 * places until its client leaves, as configured.)
 *
 * A common order exists if and only if the graph of "is taken before" has no cycle, and that is what is checked.
 *
 * @module
 */
import { type Issue, type Key, toPointer } from "../../core/plugin.ts";
import { INLINE } from "./settings.ts";

/** Two pools that a route takes in an order that conflicts with other routes. */
export interface Conflict {
  /** Pool that the route takes first. */
  readonly first: string;
  /** Pool that it takes later. */
  readonly second: string;
  /** Ids of the routes that together take them the other way round. */
  readonly routes: readonly string[];
}

/** The common order in which routes take pools. */
export class ChainOrder {
  /** By pool, the pools taken right after it, each with the route that does so. */
  readonly #after = new Map<string, Map<string, string>>();

  /**
   * Adds the order of one route.
   *
   * @returns the first two pools that conflict with the orders added before; nothing is added then
   */
  add(route: string, pools: readonly string[]): Conflict | undefined {
    // Compares all pairs, since two pools that are not neighbours here may be taken the other way round by another route.
    for (const [index, second] of pools.entries()) {
      for (const first of pools.slice(0, index)) {
        const routes = this.#path(second, first, new Set());
        if (routes !== undefined) {
          return { first, second, routes: [...new Set(routes)] };
        }
      }
    }
    for (let i = 1; i < pools.length; i++) {
      const after = this.#after.get(pools[i - 1]) ?? new Map();
      if (!after.has(pools[i])) after.set(pools[i], route);
      this.#after.set(pools[i - 1], after);
    }
    return undefined;
  }

  /** Routes along which one pool comes before another; undefined where it does not. */
  #path(from: string, to: string, seen: Set<string>): string[] | undefined {
    seen.add(from);
    for (const [next, route] of this.#after.get(from) ?? []) {
      if (next === to) return [route];
      if (seen.has(next)) continue;
      const rest = this.#path(next, to, seen);
      if (rest !== undefined) return [route, ...rest];
    }
    return undefined;
  }
}

/** Service times of routes, as the plugin `distributions` provides them. */
export interface ServedRoutes {
  /** Service time of a route, by its id; undefined where it has none. */
  of(id: string): {
    readonly family: string;
    readonly exact: boolean;
    readonly measured: boolean;
  } | undefined;
}

/** Key of {@linkcode ServedRoutes}. */
export const SERVED: Key<ServedRoutes> = { name: "distributions.routes" };

/** The warning for a pool that no route takes. */
export function unused(pool: string): Issue {
  return {
    path: pathOf(pool),
    message: `No route uses the pool "${pool}"`,
    suggestion: `"limiter": "${pool}" on a route`,
  };
}

/** Warnings for a route whose service time does not go well with its pool. */
export function mismatches(
  route: string,
  pool: string,
  served: ServedRoutes | undefined,
): Issue[] {
  const { family = "", exact = false, measured = false } = served?.of(route) ??
    {};
  const issues: Issue[] = [];
  if (measured) {
    issues.push({
      path: pathOf(pool),
      message:
        `Route "${route}" draws its service time from ${family} and takes the pool "${pool}": what was measured under load includes the time in the measured system's own queues, which then counts twice`,
      suggestion:
        'Leave the pool out; or fit times that were measured at low load, and say so: {"fitted": {"of": …, "queueing": false}}',
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

/** A path relative to the plugin's options cannot reach a route's own pool. */
function pathOf(pool: string): string {
  return pool.startsWith(INLINE) ? "" : toPointer(["pools", pool]);
}
