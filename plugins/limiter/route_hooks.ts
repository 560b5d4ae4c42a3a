/**
 * What the limiter does on one route: one admission for each pool, in turn.
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
import type { Clients } from "./clients/mod.ts";
import type { KeptPool } from "./kept_pool.ts";
import type { BoundRateLimit, RateLimit } from "./rate_limits/mod.ts";
import type { RefusalSettings } from "./refusal.ts";
import type { PoolSettings } from "./settings.ts";
import { poolInWords } from "./words.ts";

/** Who says nothing about its importance. */
const ORDINARY = 0;

/** A pool that a route takes, and what this revision makes of it. */
export interface TakenPool {
  /** Its settings. */
  readonly settings: PoolSettings;
  /** The pool itself, which may still follow another revision's settings. */
  readonly kept: KeptPool;
}

/** A pool's present rate limit as one route meets it: undefined where there is none. */
type Limit = () => BoundRateLimit | undefined;

/**
 * The hooks of a route.
 *
 * @param id the route's
 * @param pools taken in turn
 * @param parts the route's priority, and what all routes share
 */
export function routeHooks(
  id: string,
  pools: readonly TakenPool[],
  { priority = ORDINARY, clients, clock }: {
    readonly priority: number | undefined;
    readonly clients: Clients;
    readonly clock: Clock;
  },
): RouteHooks {
  const limits = pools.map(({ kept }) => limitOf(kept, id));
  const admit = pools.map(({ kept }, i) =>
    admission(kept, limits[i], priority)
  );
  const limited = limits.filter((_, i) => pools[i].settings.rateLimit);
  return {
    summary: pools.map(({ kept: { pool: { name } }, settings }) =>
      poolInWords(name, settings)
    ).join(", then "),
    resets: pools.some(({ settings: { onFull, onTimeout } }) =>
      resets(onFull) || resets(onTimeout)
    ),
    admit: [attributed(admit[0], clients), ...admit.slice(1)],
    ...(limited.length > 0 && {
      respond: (exchange: Exchange, response: Response) =>
        withStanding(exchange, response, {
          limits: limited,
          now: clock.now(),
        }),
    }),
  };
}

function resets(refusal: RefusalSettings): boolean {
  return "action" in refusal && refusal.action === "connection-reset";
}

/** A change of the configuration may give a pool another rate limit while requests are on their way to it. */
function limitOf(kept: KeptPool, route: string): Limit {
  let from: RateLimit | undefined;
  let bound: BoundRateLimit | undefined;
  return () => {
    const { rateLimit } = kept;
    if (rateLimit !== from) {
      from = rateLimit;
      bound = rateLimit?.bind(route);
    }
    return bound;
  };
}

/** The first pool's admission is where a request is seen for the first time. */
function attributed(admit: Admit, clients: Clients): Admit {
  return (exchange, waiter) => {
    clients.arrived(exchange);
    return admit(exchange, waiter);
  };
}

function admission(
  { pool }: KeptPool,
  limit: Limit,
  priority: number,
): Admit {
  return (exchange: Exchange, waiter: Waiter): Lease | Rejection | Ticket => {
    const rejection = limit()?.check(exchange);
    if (rejection === undefined) {
      return pool.admit(waiter, exchange.start, priority);
    }
    pool.turnAway(waiter, rejection, exchange.start);
    return rejection;
  };
}

/** Tells who was let through how much of each quota remains; a refusal has told already. */
function withStanding(
  exchange: Exchange,
  response: Response,
  { limits, now }: {
    readonly limits: readonly Limit[];
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
