/**
 * The pools of one revision of the configuration, and the routes that use them.
 *
 * @module
 */
import type { Host, Issue, Route, RouteHooks } from "../../core/plugin.ts";
import { ChainOrder, type Conflict } from "./chain_order.ts";
import { clientKey } from "./client_key.ts";
import { Clients } from "./clients/mod.ts";
import { InvalidRoute } from "./faults.ts";
import {
  type InstalledPool,
  installPool,
  type PoolStreams,
  PURPOSES,
  type Surroundings,
} from "./installed_pool.ts";
import { routeHooks } from "./route_hooks.ts";
import { PoolSeries } from "./series.ts";
import {
  INLINE,
  type LimiterOptions,
  type LimiterRouteOptions,
  type PoolSettings,
} from "./settings.ts";

/** All pools. */
export class Limiter {
  /** Who is refused, and what they do about it. */
  readonly clients: Clients;
  readonly #host: Host;
  readonly #surroundings: Surroundings;
  readonly #pools = new Map<string, InstalledPool>();
  readonly #used = new Set<string>();
  readonly #order = new ChainOrder();

  private constructor(host: Host, client: string | undefined) {
    const clientOf = clientKey(client);
    this.clients = new Clients(clientOf);
    this.#host = host;
    this.#surroundings = {
      clock: host.clock,
      series: new PoolSeries(host.metrics),
      clients: this.clients,
      clientOf,
      log: (level, message) => host.log(level, message),
    };
  }

  /** Makes all pools that have names. */
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
      limiter.#install(name, settings, { queue, arrivals, service });
    }
    return limiter;
  }

  /** The pools, in the order of the configuration, those of routes after them. */
  get pools(): Iterable<InstalledPool> {
    return this.#pools.values();
  }

  /**
   * Prepares one route.
   *
   * @throws InvalidRoute with all faults, paths relative to the route
   */
  route(
    route: Route,
    { limiter, priority }: Partial<LimiterRouteOptions>,
  ): RouteHooks | undefined {
    if (limiter === undefined) {
      if (priority === undefined) return undefined;
      throw new InvalidRoute([{
        path: "/priority",
        message: 'Cannot use "priority" on a route without "limiter"',
        value: priority,
        suggestion: "limiter",
      }]);
    }
    const pools = this.#chain(route, limiter);
    if (
      priority !== undefined &&
      pools.every(({ settings }) => settings.discipline !== "priority")
    ) {
      throw new InvalidRoute([{
        path: "/priority",
        message:
          "Cannot use a priority: no pool of this route serves by priority",
        value: priority,
        allowed: 'a pool with discipline "priority"',
      }]);
    }
    for (const { pool, background } of pools) {
      this.#used.add(pool.name);
      background?.start();
    }
    return routeHooks(route.id, pools, {
      priority,
      clients: this.clients,
      clock: this.#host.clock,
    });
  }

  /** Pools that no route takes. */
  warnings(): Issue[] {
    return [...this.#pools.keys()].filter((name) => !this.#used.has(name))
      .map((name) => ({
        path: `/pools/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`,
        message: `No route uses the pool "${name}"`,
        suggestion: `"limiter": "${name}" on a route`,
      }));
  }

  /** Ends the backgrounds. */
  stop(): void {
    for (const { background } of this.#pools.values()) background?.stop();
  }

  /** The pools of a route, in turn. */
  #chain(
    route: Route,
    limiter: LimiterRouteOptions["limiter"],
  ): InstalledPool[] {
    if (typeof limiter === "string") return this.#named(route.id, [limiter]);
    if (isList(limiter)) return this.#named(route.id, limiter);
    const [queue, arrivals, service] = PURPOSES.map((purpose) =>
      route.stream(`limiter ${purpose}`)
    );
    return [
      this.#install(`${INLINE}${route.id}`, limiter, {
        queue,
        arrivals,
        service,
      }),
    ];
  }

  #named(route: string, names: readonly string[]): InstalledPool[] {
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
    if (faults.length > 0) throw new InvalidRoute(faults);
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

  #install(
    name: string,
    settings: PoolSettings,
    streams: PoolStreams,
  ): InstalledPool {
    const installed = installPool(
      name,
      { settings, streams },
      this.#surroundings,
    );
    this.#pools.set(name, installed);
    return installed;
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
): InvalidRoute {
  const others = routes.map((route) => `"${route}"`).join(" and ");
  return new InvalidRoute([{
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
