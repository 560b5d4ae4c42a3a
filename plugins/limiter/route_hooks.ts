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
import type { InstalledPool } from "./installed_pool.ts";
import type { BoundRateLimit } from "./rate_limits/mod.ts";
import { poolInWords } from "./words.ts";

/** Who says nothing about its importance. */
const ORDINARY = 0;

/** A pool as one route meets it. */
interface Stage {
  readonly installed: InstalledPool;
  readonly limit: BoundRateLimit | undefined;
}

/**
 * The hooks of a route.
 *
 * @param id the route's
 * @param pools taken in turn
 * @param parts the route's priority, and what all routes share
 */
export function routeHooks(
  id: string,
  pools: readonly InstalledPool[],
  { priority = ORDINARY, clients, clock }: {
    readonly priority: number | undefined;
    readonly clients: Clients;
    readonly clock: Clock;
  },
): RouteHooks {
  const stages = pools.map((installed): Stage => ({
    installed,
    limit: installed.rateLimit?.bind(id),
  }));
  const admit = stages.map((stage) => admission(stage, priority));
  const limits = stages.flatMap(({ limit }) => limit ?? []);
  return {
    summary: pools.map(({ pool }) => poolInWords(pool)).join(", then "),
    admit: [attributed(admit[0], clients), ...admit.slice(1)],
    ...(limits.length > 0 && {
      respond: (exchange: Exchange, response: Response) =>
        withStanding(exchange, response, { limits, now: clock.now() }),
    }),
  };
}

/** The first pool's admission is where a request is seen for the first time. */
function attributed(admit: Admit, clients: Clients): Admit {
  return (exchange, waiter) => {
    clients.arrived(exchange);
    return admit(exchange, waiter);
  };
}

function admission({ installed, limit }: Stage, routePriority: number): Admit {
  const { pool, settings: { priorityHeader } } = installed;
  const priorityOf = priorityHeader === undefined
    ? () => routePriority
    : (exchange: Exchange) =>
      priorityIn(exchange.header(priorityHeader), routePriority);
  if (limit === undefined) {
    return (exchange, waiter) =>
      pool.admit(waiter, exchange.start, priorityOf(exchange));
  }
  return (exchange: Exchange, waiter: Waiter): Lease | Rejection | Ticket => {
    const rejection = limit.check(exchange);
    if (rejection === undefined) {
      return pool.admit(waiter, exchange.start, priorityOf(exchange));
    }
    pool.turnAway(waiter, rejection, exchange.start);
    return rejection;
  };
}

/** What a header says, where it says a number. */
function priorityIn(header: string | null, otherwise: number): number {
  if (header === null || header.trim() === "") return otherwise;
  const priority = Number(header);
  return Number.isFinite(priority) ? priority : otherwise;
}

/** Tells who was let through how much of each quota remains; a refusal has told already. */
function withStanding(
  exchange: Exchange,
  response: Response,
  { limits, now }: {
    readonly limits: readonly BoundRateLimit[];
    readonly now: number;
  },
): Response {
  if (exchange.outcome !== "answered") return response;
  for (const limit of limits) {
    for (const [name, value] of Object.entries(limit.headers(exchange, now))) {
      response.headers.append(name, value);
    }
  }
  return response;
}
