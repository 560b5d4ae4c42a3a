/**
 * Hooks of a route with pools: one admission for each pool, in turn.
 *
 * @module
 */
import type {
  Admit,
  Clock,
  Exchange,
  Lease,
  Rejection,
  RouteHooks,
  Ticket,
  Waiter,
} from "../../core/plugin.ts";
import type { Clients } from "./clients.ts";
import type { Pool } from "./pool.ts";
import type { BoundRateLimit, RateLimit } from "./rate_limit.ts";
import type { RefusalSettings } from "./refusal.ts";
import { orUnbounded, type PoolSettings } from "./settings.ts";
import { sharedAdmission } from "./shared/admission.ts";
import type {
  BoundSharedRateLimit,
  SharedRateLimit,
} from "./shared/shared_rate_limit.ts";
import { SharedPool } from "./shared/shared_pool.ts";
import type { PersistentPool } from "./state.ts";

/** Priority of a route without one. */
const DEFAULT_PRIORITY = 0;

/** A pool that a route takes. */
export interface TakenPool {
  /** Settings of the pool in this revision. */
  readonly settings: PoolSettings;
  /** The pool itself, which may still follow another revision's settings. */
  readonly persistent: PersistentPool;
}

/** Returns a pool's present rate limit, bound to one route; undefined where there is none. */
type Limit = () => BoundRateLimit | undefined;

/** The same of a rate limit that replicas share. */
type SharedLimit = () => BoundSharedRateLimit | undefined;

/**
 * Makes the hooks of a route.
 *
 * @param id id of the route
 * @param pools pools in the order in which they are taken
 * @param options priority of the route, and what all routes share
 */
export function routeHooks(
  id: string,
  pools: readonly TakenPool[],
  { priority = DEFAULT_PRIORITY, clients, clock }: {
    readonly priority: number | undefined;
    readonly clients: Clients;
    readonly clock: Clock;
  },
): RouteHooks {
  const limits = pools.map(({ persistent }) => limitOf(persistent, id));
  const sharedLimits = pools.map(({ persistent }) =>
    sharedLimitOf(persistent, id)
  );
  const admit = pools.map(({ persistent: { pool } }, i) =>
    pool instanceof SharedPool
      ? sharedAdmission(pool, sharedLimits[i], priority)
      : admission({ pool }, limits[i], priority)
  );
  const limited = pools.flatMap(({ settings, persistent: { pool } }, i) =>
    settings.rateLimit === undefined
      ? []
      : [pool instanceof SharedPool ? sharedLimits[i] : limits[i]]
  );
  return {
    summary: pools.map(({ persistent: { pool: { name } }, settings }) =>
      summarise(name, settings)
    ).join(", then "),
    resets: pools.some(({ settings: { onFull, onTimeout } }) =>
      resets(onFull) || resets(onTimeout)
    ),
    admit: [attributed(admit[0], clients), ...admit.slice(1)],
    observe: (exchange: Exchange) => clients.ended(exchange),
    ...(limited.length > 0 && {
      respond: (exchange: Exchange, response: Response) =>
        withRateLimits(exchange, response, {
          limits: limited,
          now: clock.now(),
        }),
    }),
  };
}

function resets(refusal: RefusalSettings): boolean {
  return "action" in refusal && refusal.action === "connection-reset";
}

/** A change of the configuration may give a pool another rate limit while requests wait for the pools before it. */
function limitOf(persistent: PersistentPool, route: string): Limit {
  let from: RateLimit | undefined;
  let bound: BoundRateLimit | undefined;
  return () => {
    const { rateLimit } = persistent;
    if (rateLimit !== from) {
      from = rateLimit;
      bound = rateLimit?.bind(route);
    }
    return bound;
  };
}

function sharedLimitOf(
  persistent: PersistentPool,
  route: string,
): SharedLimit {
  let from: SharedRateLimit | undefined;
  let bound: BoundSharedRateLimit | undefined;
  return () => {
    const { sharedLimit } = persistent;
    if (sharedLimit !== from) {
      from = sharedLimit;
      bound = sharedLimit?.bind(route);
    }
    return bound;
  };
}

/** Counts a request for its client: the admission to the first pool is where the limiter sees it first. */
function attributed(admit: Admit, clients: Clients): Admit {
  return (exchange, waiter) => {
    clients.arrived(exchange);
    return admit(exchange, waiter);
  };
}

function admission(
  { pool }: { readonly pool: Pool },
  limit: Limit,
  priority: number,
): Admit {
  return (exchange: Exchange, waiter: Waiter): Lease | Rejection | Ticket => {
    const rejection = limit()?.check(exchange);
    if (rejection === undefined) {
      return pool.admit(waiter, exchange.start, priority);
    }
    pool.rejectedByRate(waiter, rejection, exchange.start);
    return rejection;
  };
}

/** Adds the rate-limit headers to an answer; a refusal has its own. */
function withRateLimits(
  exchange: Exchange,
  response: Response,
  { limits, now }: {
    readonly limits: readonly (Limit | SharedLimit)[];
    readonly now: number;
  },
): Response {
  if (exchange.outcome !== "answered") return response;
  for (const limit of limits) {
    const headers = limit()?.headers(exchange, now) ?? {};
    for (const [name, value] of Object.entries(headers)) {
      response.headers.append(name, value);
    }
  }
  return response;
}

/** Describes a pool for the summary of a route: "at most 10 at once, 50 waiting (db)". */
function summarise(name: string, { concurrency, queue }: PoolSettings): string {
  if (concurrency === Infinity) return `limited in rate (${name})`;
  const waiting = queue === 0 ? "no queue" : `${orUnbounded(queue)} waiting`;
  return `at most ${concurrency} at once, ${waiting} (${name})`;
}
