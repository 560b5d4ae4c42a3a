/**
 * The pools of one revision of the configuration, and the routes that use them.
 *
 * @module
 */
import type {
  Dial,
  Host,
  Issue,
  Route,
  RouteHooks,
} from "../../core/plugin.ts";
import { ChainOrder, type Conflict } from "./chain_order.ts";
import { dialsOf } from "./dials.ts";
import { InvalidSettings } from "./faults.ts";
import {
  KeptPool,
  type Overlay,
  type PoolPlan,
  type PoolStreams,
  PURPOSES,
} from "./kept_pool.ts";
import { Ledger } from "./ledger.ts";
import { routeHooks, type TakenPool } from "./route_hooks.ts";
import { PoolSeries } from "./series.ts";
import {
  INLINE,
  type LimiterOptions,
  type LimiterRouteOptions,
  type PoolSettings,
} from "./settings.ts";
import { mismatches, SERVED, unused } from "./warnings.ts";

/** A pool of this revision, which has others before and after it. */
export interface PlannedPool extends TakenPool, PoolPlan {}

/** A route, and where it stands. */
export interface PlacedRoute extends Pick<Route, "id" | "path"> {
  /** Its place in the configuration, from 0. */
  readonly index: number;
}

/** All pools. */
export class Limiter {
  /** What is known of clients. */
  readonly ledger: Ledger;
  readonly #host: Host;
  readonly #client: string | undefined;
  readonly #series: PoolSeries;
  readonly #pools = new Map<string, PlannedPool>();
  readonly #used = new Set<string>();
  readonly #order = new ChainOrder();
  /** The routes with pools of their own, by pool. */
  readonly #inline = new Map<string, PlacedRoute>();
  /** The pool that each route takes first, by route. */
  readonly #first = new Map<string, PlannedPool>();
  #routes = 0;
  #adopted = false;

  private constructor(host: Host, client: string | undefined) {
    this.#host = host;
    this.#client = client;
    this.#series = new PoolSeries(host.metrics);
    this.ledger = host.keep("ledger", () => new Ledger(client));
  }

  /** Makes all pools that have names, or finds those that the revision before has kept. */
  static async create(
    host: Host,
    { pools, client }: LimiterOptions,
  ): Promise<Limiter> {
    const limiter = new Limiter(host, client);
    for (const [name, settings] of Object.entries(pools)) {
      const [queue, arrivals, service] = await Promise.all(
        PURPOSES.map((purpose) =>
          host.stream(host.seed, `limiter ${name} ${purpose}`)
        ),
      );
      limiter.#plan(name, settings, { queue, arrivals, service });
    }
    return limiter;
  }

  /** The pools, in the order of the configuration, those of routes after them. */
  get pools(): Iterable<PlannedPool> {
    return this.#pools.values();
  }

  /** Which route of the configuration an inline pool belongs to. */
  routeOf(pool: string): PlacedRoute | undefined {
    return this.#inline.get(pool);
  }

  /** The pool of a name. */
  pool(name: string): PlannedPool | undefined {
    return this.#pools.get(name);
  }

  /** The pool that a route takes first; undefined where it takes none, or was not prepared yet. */
  firstOf(route: string): PlannedPool | undefined {
    return this.#first.get(route);
  }

  /**
   * Prepares one route.
   *
   * @throws InvalidSettings with all faults, paths relative to the route
   */
  route(
    route: Route,
    { limiter, priority }: Partial<LimiterRouteOptions>,
  ): RouteHooks | undefined {
    const index = this.#routes++;
    if (limiter === undefined) {
      if (priority === undefined) return undefined;
      throw new InvalidSettings([{
        path: "/priority",
        message: 'Cannot use "priority" on a route without "limiter"',
        value: priority,
        suggestion: "limiter",
      }]);
    }
    const pools = this.#chain(route, limiter);
    this.#first.set(route.id, pools[0]);
    if (typeof limiter === "object" && !isList(limiter)) {
      this.#inline.set(`${INLINE}${route.id}`, {
        index,
        id: route.id,
        path: route.path,
      });
    }
    if (
      priority !== undefined &&
      pools.every(({ settings }) => settings.discipline !== "priority")
    ) {
      throw new InvalidSettings([{
        path: "/priority",
        message:
          "Cannot use a priority: no pool of this route serves by priority",
        value: priority,
        allowed: 'a pool with discipline "priority"',
      }]);
    }
    for (const { kept } of pools) this.#used.add(kept.pool.name);
    return routeHooks(route.id, pools, {
      priority,
      clients: this.ledger.clients,
      clock: this.#host.clock,
    });
  }

  /** What can be turned, by pool. */
  dials(): Record<string, Record<string, Dial>> {
    return Object.fromEntries(
      [...this.#pools].map(([name, { settings, kept }]) => [
        name,
        dialsOf(
          this.#host.kit,
          settings,
          (overlay) => this.#lay(kept, overlay),
        ),
      ]),
    );
  }

  /** Takes over: all pools follow this revision's settings, and only then is anybody admitted to a place that is new. */
  adopt(): void {
    this.#adopted = true;
    for (const [name, { kept, ...plan }] of this.#pools) {
      kept.adopt(plan, {
        owner: this,
        series: this.#series,
        used: this.#used.has(name),
      });
    }
    this.ledger.adopt(
      this.#client,
      new Map([...this.#pools].map(([name, { kept }]) => [name, kept])),
    );
    for (const { kept } of this.#pools.values()) kept.pool.admitWaiting();
  }

  /** Figures start afresh, what is known of clients too; rate limits go on. */
  reset(): void {
    for (const { kept } of this.#pools.values()) kept.reset();
    this.ledger.clients.reset();
  }

  /** Pools that no route takes, and service times that do not go well with a pool. */
  warnings(): Issue[] {
    const served = this.#host.find(SERVED);
    return [
      ...[...this.#pools.keys()].filter((name) => !this.#used.has(name))
        .map(unused),
      ...[...this.#first].flatMap(([route, { kept, settings }]) =>
        settings.concurrency === Infinity
          ? []
          : mismatches(route, kept.pool.name, served)
      ),
    ];
  }

  /** What is taken off a dial of a revision that another has followed is not taken off the other's. */
  #lay(kept: KeptPool, overlay: Overlay): void {
    if (this.#adopted && kept.owner !== this) return;
    kept.lay(overlay);
  }

  /** The pools of a route, in turn. */
  #chain(
    route: Route,
    limiter: LimiterRouteOptions["limiter"],
  ): PlannedPool[] {
    if (typeof limiter === "string") return this.#named(route.id, [limiter]);
    if (isList(limiter)) return this.#named(route.id, limiter);
    const [queue, arrivals, service] = PURPOSES.map((purpose) =>
      route.stream(`limiter ${purpose}`)
    );
    return [
      this.#plan(`${INLINE}${route.id}`, limiter, {
        queue,
        arrivals,
        service,
      }),
    ];
  }

  #named(route: string, names: readonly string[]): PlannedPool[] {
    const single = names.length === 1;
    const faults = names.flatMap((name, index) => {
      const path = single ? "/limiter" : `/limiter/${index}`;
      if (!this.#pools.has(name)) return [this.#unknown(name, path)];
      return names.indexOf(name) === index ? [] : [{
        path,
        message:
          `Cannot take the pool "${name}" twice: who holds its last place would wait for itself`,
        value: name,
        allowed: "each pool once",
      }];
    });
    if (faults.length > 0) throw new InvalidSettings(faults);
    const conflict = this.#order.add(route, names);
    if (conflict !== undefined) throw opposite(names, conflict);
    return names.flatMap((name) => this.#pools.get(name) ?? []);
  }

  #unknown(name: string, path: string): Issue {
    const names = [...this.#pools.keys()].filter((known) =>
      !known.startsWith(INLINE)
    );
    return {
      path,
      message: `Unknown pool "${name}"`,
      value: name,
      allowed: names.length === 0
        ? "a pool of its own, since plugins.limiter.pools has none"
        : names.join(", "),
      ...suggestion(this.#host.suggest(name, names)),
    };
  }

  #plan(
    name: string,
    settings: PoolSettings,
    streams: PoolStreams,
  ): PlannedPool {
    const plan = { settings, streams };
    const { ledger } = this;
    const { clock } = this.#host;
    const kept = this.#host.keep(
      `pool ${name}`,
      () =>
        new KeptPool(name, plan, {
          clock,
          refused: (exchange, rejection, at) =>
            ledger.clients.refused(exchange, rejection, at),
          clientOf: ledger.clientOf,
          has: (name) => ledger.has(name),
          log: (level, message) => this.#host.log(level, message),
        }),
    );
    const planned = { ...plan, kept };
    this.#pools.set(name, planned);
    return planned;
  }
}

/** Whether pools are listed: Array.isArray does not know readonly lists. */
function isList(
  limiter: readonly string[] | PoolSettings,
): limiter is readonly string[] {
  return Array.isArray(limiter);
}

function suggestion(name: string | undefined): Pick<Issue, "suggestion"> {
  return name === undefined ? {} : { suggestion: name };
}

function opposite(
  names: readonly string[],
  { first, second, routes }: Conflict,
): InvalidSettings {
  const others = routes.map((route) => `"${route}"`).join(" and ");
  return new InvalidSettings([{
    path: "/limiter",
    message: `Cannot take "${first}" before "${second}": ${
      routes.length === 1 ? "route" : "routes"
    } ${others} ${
      routes.length === 1 ? "takes" : "take"
    } them the other way round, and both could wait for each other for ever`,
    value: names,
    allowed: "the same order on all routes",
  }]);
}
