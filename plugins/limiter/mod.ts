/**
 * Limits of concurrency and of rate: pools of places, queues before them, and refusals.
 *
 * The option `pools` holds the settings of each pool, by name:
 *
 * - `concurrency`: number of places. A request holds one from its admission until its last byte has been handed over or its
 *   client has left
 * - `queue`: maximum number of queued requests, default 0, or `"unbounded"`
 * - `discipline`: order of service: fifo (the default), lifo, random or priority, with `priority: "route"` or
 *   `"header:X-Priority"`, lower numbers first
 * - `queueTimeout`: maximum wait in the queue; no limit by default
 * - `onFull`, `onTimeout`: refusals: `{ status, retryAfter, retryAfterAs, body }` with a duration or `"estimate"`, sent as
 *   `seconds` or as a `date`, or
 *   `{ action: "connection-reset" }`, or `{ action: "hang" }`; 503 by default. The estimate is the time to serve the present queue
 *   and one more at the throughput that the pool reached when it was last saturated; 1 s until it was
 * - `rateLimit`: `{ rate, burst, algorithm, per, cost, status, retryAfterAs }`: `burst` requests at once, and `burst` per `burst / rate` on
 *   average; `burst` is one second's worth by default. Refusals name the exact time until a retry can pass
 * - `background`: `{ rate, serviceTime }`: background requests, which take places without HTTP
 *
 * The option `client` names the header that tells clients apart (`"header:X-Client-Id"`); by default it is the first address of
 * X-Forwarded-For. Clients that send no such header are told apart by the address they connect from. Route keys:
 *
 * - `limiter`: name of a pool, a list of names taken in turn, or a pool of the route's own, which is named `route:` and the
 *   route's id
 * - `priority`: a number; lower goes first
 *
 * A pool outlives changes of the configuration, by its name. New settings hold at once, for queued requests too. A pool made larger
 * admits them; one made smaller takes no place away and refuses no queued request. Rate limits go on where rate, burst, algorithm
 * and partition stay. Background requests keep their pace: a new rate begins at its time 0, with the part of an arrival that the one
 * before has passed. A pool removed from the configuration still serves the requests in it.
 *
 * While requests are under way, load scripts can turn `concurrency`, `queue` and, where there is a background, its rate
 * `background`. Other plugins find the pools by the key `limiter.pools`. `POST reset` resets the figures and the judgements of
 * clients; rate limits and background requests go on.
 *
 * Pools taken in turn are held together: a slow last one fills the first. They cannot deadlock, since routes that take the same
 * pools in different orders are refused: checks.ts has the proof.
 *
 * Servers with `shared` share each pool and rate limit by its name, sessions of the same name theirs: docs/shared.md. `concurrency`,
 * `queue` and a rate are those of all together.
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
import {
  definePlugin,
  type Host,
  type Instance,
  type Key,
  type Plugin,
} from "../../core/plugin.ts";
import { controlEndpoints, reportPools } from "./control.ts";
import { mergePools, type PoolReport } from "./merged_pools.ts";
import { Limiter } from "./limiter.ts";
import type { PoolView } from "./pool.ts";
import {
  type LimiterOptions,
  type LimiterRouteOptions,
  optionsSchema,
  routeKeySchemas,
} from "./settings.ts";

export type { BackgroundSettings } from "./background.ts";
export type { ClientReport } from "./clients.ts";
export type { PoolReport, WholeReport } from "./merged_pools.ts";
export type { RecentMeans } from "./figures.ts";
export type { PoolView } from "./pool.ts";
export type { Discipline } from "./queue.ts";
export type { Partition, RateLimitSettings } from "./rate_limit.ts";
export type { Algorithm } from "./rate_limit_algorithms.ts";
export type {
  RefusalAction,
  RefusalAnswer,
  RefusalSettings,
} from "./refusal.ts";
export type { RetryFigures } from "./retry_behaviour.ts";
export type {
  LimiterOptions,
  LimiterRouteOptions,
  PoolSettings,
} from "./settings.ts";

/** The service `limiter.pools`: the pools of the present revision. A route's own pool exists once the route is prepared. */
export interface Pools {
  /** The pool of a name, `route:<id>` for a route's own; undefined where there is none. */
  pool(name: string): PoolView | undefined;
  /** Names of all pools. */
  names(): Iterable<string>;
  /** The pool that a route takes first, by the route's id; undefined where it takes none. */
  ofRoute(id: string): PoolView | undefined;
  /** Names of the pools with a queue that a route takes, by the route's id. */
  queuesOf(id: string): readonly string[];
}

/** Key by which other plugins find {@linkcode Pools}. */
const POOLS: Key<Pools> = { name: "limiter.pools" };

/** The plugin `limiter`. */
const plugin: Plugin = definePlugin<LimiterOptions, LimiterRouteOptions>({
  name: "limiter",
  version: "1.0.0",
  summary: "Pools with queues, and rate limits",
  options: optionsSchema,
  routeKeys: routeKeySchemas,
  async setup(
    host: Host,
    options: LimiterOptions,
  ): Promise<Instance<LimiterRouteOptions>> {
    const limiter = await Limiter.create(host, options);
    host.provide(POOLS, {
      pool: (name) => limiter.pool(name)?.persistent.view,
      names: () =>
        Array.from(limiter.pools, ({ persistent: { pool } }) => pool.name),
      ofRoute: (id) => limiter.takenBy(id)[0]?.persistent.view,
      queuesOf: (id) =>
        limiter.takenBy(id).filter(({ settings: { concurrency, queue } }) =>
          concurrency < Infinity && queue > 0
        ).map(({ persistent: { pool } }) => pool.name),
    });
    return {
      route: (route, own) => limiter.route(route, own),
      control: controlEndpoints(limiter, host),
      dials: () => ({ pool: limiter.dials() }),
      adopt: () => limiter.adopt(),
      reset: () => limiter.reset(),
      snapshot: () => ({ pools: reportPools(limiter, host.clock) }),
      merge: (reports) => ({
        pools: mergePools(
          reports.map((report) =>
            (report as { readonly pools: PoolReport[] }).pools
          ),
        ),
      }),
      warnings: () => limiter.warnings(),
      health: () => limiter.reasons(),
    };
  },
});
export default plugin;
