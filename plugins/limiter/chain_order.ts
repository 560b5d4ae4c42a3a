/**
 * Why chains of pools cannot deadlock, and the check that makes it so.
 *
 * Who holds a place of one pool and waits for one of another could wait for ever, were somebody to hold the second and wait
 * for the first. So the pools that routes take in turn must have one order that all routes follow. Then nobody who holds a place
 * of the last pool in that order waits for any other: they are served, and free their places. So everybody who holds the last but
 * one is served in the end; and so on down to the first. (A request that hangs by configuration holds its places until its client
 * leaves: that is what hanging means.)
 *
 * One order for all exists if and only if the graph of "is taken before" has no cycle, and that is what is checked.
 *
 * @module
 */

/** Two pools that a route takes against an order that other routes have set. */
export interface Conflict {
  /** The pool that the route takes first. */
  readonly first: string;
  /** The pool that it takes after that. */
  readonly second: string;
  /** The routes that together take them the other way round. */
  readonly routes: readonly string[];
}

/** The order that routes take pools in. */
export class ChainOrder {
  /** What is taken right after a pool, and by which route. */
  readonly #after = new Map<string, Map<string, string>>();

  /**
   * Adds the order of one route.
   *
   * @returns the first two pools that conflict with an order added before; nothing is added then
   */
  add(route: string, pools: readonly string[]): Conflict | undefined {
    // All pairs, since others may have taken two the other way round that are not neighbours here.
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

  /** The routes along which one pool comes before another. */
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
