/**
 * How many requests are served at once, who waits, and who is refused.
 *
 * Reads `pools` from its options: by name
 *
 * - `concurrency`: how many places there are; each request holds one from its admission until its last byte has been handed
 *   over or its client has left
 * - `queue`: how many may wait, 0 where absent, or `"unbounded"`; `discipline`: fifo (the default), lifo, random or priority, with
 *   `priority: "route"` or `"header:X-Priority"`, lower numbers first; `queueTimeout`
 * - `onFull`, `onTimeout`: `{ status, retryAfter, body }` with a duration or `"estimate"`, or `{ action: "connection-reset" }`, or
 *   `{ action: "hang" }`; 503 where absent. The estimate is how long the present queue and one more take at the throughput that
 *   the pool reached when it was last saturated; 1 s until it was
 * - `rateLimit`: `{ rate, burst, algorithm, per, cost, status }`: `burst` requests at once and in every `burst / rate` on average;
 *   `burst` is one second's worth where absent. Refusals say exactly when to come back
 * - `background`: `{ rate, serviceTime }`, phantoms that take places without HTTP
 *
 * and `client`, the header that tells clients apart (`"header:X-Client-Id"`); where none is named, the first address of
 * X-Forwarded-For. Who sends no such header is told apart by the address it connects from. Of a route:
 *
 * - `limiter`: a pool's name, a list of names taken in turn, or a pool of the route's own, which is called `route:` and its id
 * - `priority`: a number; lower goes first
 *
 * A pool outlives changes of the configuration, by its name: whatever of its settings changes holds for those who wait, too, at
 * once. A pool made larger admits them; one made smaller takes nobody's place and sends nobody off. Rate limits go on where rate,
 * burst, algorithm and partition stay; phantoms where their rate does. A pool that is named no more serves who is in it.
 *
 * While requests are under way, load scripts can turn `concurrency`, `queue` and, where there is a background, `background`, its
 * rate. Other plugins see the pools by the key `limiter.pools`. `POST reset` starts figures and verdicts afresh; rate limits and
 * phantoms go on.
 *
 * Pools taken in turn are held together: a slow last one fills the first. That cannot deadlock, since routes that take the same
 * pools in different orders are refused: see chain_order.ts for the proof.
 *
 * ```ts
 * import { createPerfmock } from "@perfmock/perfmock";
 *
 * await using server = await createPerfmock({
 *   plugins: { limiter: { pools: { db: { concurrency: 10, queue: 50, queueTimeout: "2s" } } } },
 *   routes: [{ path: "/orders", limiter: "db", serviceTime: "2ms" }],
 * });
 * await (await fetch(new URL("orders", server.url))).body?.cancel();
 * ```
 *
 * @module
 */
import type { Host, Instance, Key, Kit, Plugin } from "../../core/plugin.ts";
import { controlEndpoints, reportPools } from "./control.ts";
import { Limiter } from "./limiter.ts";
import {
  type LimiterOptions,
  type LimiterRouteOptions,
  optionsSchema,
  poolSchema,
} from "./settings.ts";

export type { BackgroundSettings } from "./background.ts";
export type { ClientReport, RetryFigures } from "./clients/mod.ts";
export type { PoolReport } from "./control.ts";
export type { Discipline } from "./disciplines/mod.ts";
export type {
  Algorithm,
  Partition,
  RateLimitSettings,
} from "./rate_limits/mod.ts";
export type {
  RefusalAction,
  RefusalAnswer,
  RefusalSettings,
} from "./refusal.ts";
export type {
  LimiterOptions,
  LimiterRouteOptions,
  PoolSettings,
} from "./settings.ts";

/** A pool, as other plugins see it. */
export interface PoolView {
  /** How many places there are; Infinity for no limit. */
  readonly concurrency: number;
  /** How many of them are taken. */
  readonly busy: number;
  /** How many wait. */
  readonly queued: number;
  /** The share of places taken, averaged over the last second or so, 0…1; 0 where there is no limit. */
  utilisation(): number;
}

/** The service `limiter.pools`: the pools of the present revision. */
export interface Pools {
  /** The pool of a name, `route:<id>` for a route's own; undefined where there is none. Those of routes are there once the route is. */
  pool(name: string): PoolView | undefined;
  /** The names of the pools there are, those of routes once the route is there. */
  names(): Iterable<string>;
  /** The pool that a route takes first, by the route's id; undefined where it takes none, or is not there yet. */
  ofRoute(id: string): PoolView | undefined;
}

/** By which other plugins find {@linkcode Pools}. */
const POOLS: Key<Pools> = { name: "limiter.pools" };

/** The limiter plugin. */
const plugin: Plugin<LimiterOptions, LimiterRouteOptions> = {
  name: "limiter",
  version: "1.0.0",
  options: optionsSchema,
  routeKeys: (kit: Kit) => ({
    limiter: kit.z.union([
      kit.z.string().min(1),
      kit.z.array(kit.z.string().min(1)).min(1),
      poolSchema(kit),
    ]),
    priority: kit.number(),
  }),
  async setup(
    host: Host,
    options: LimiterOptions,
  ): Promise<Instance<LimiterRouteOptions>> {
    const limiter = await Limiter.create(host, options);
    host.provide(POOLS, {
      pool: (name) => limiter.pool(name)?.kept.pool,
      names: () => Array.from(limiter.pools, ({ kept }) => kept.pool.name),
      ofRoute: (id) => limiter.firstOf(id)?.kept.pool,
    });
    return {
      route: (route, own) => limiter.route(route, own),
      control: controlEndpoints(limiter, host),
      dials: () => ({ pool: limiter.dials() }),
      adopt: () => limiter.adopt(),
      reset: () => limiter.reset(),
      snapshot: () => ({ pools: reportPools(limiter, host.clock) }),
      warnings: () => limiter.warnings(),
    };
  },
};
export default plugin;
