/**
 * The limiter of one revision of the configuration: its pools, and the routes that take them.
 *
 * @module
 */
import {
  type Dial,
  type Host,
  type Issue,
  type KitType,
  PerfmockError,
  type Route,
  type RouteHooks,
  type Segment,
  shareOf,
  toPointer,
  WHOLE,
} from "../../core/plugin.ts";
import {
  ChainOrder,
  type Conflict,
  mismatches,
  SERVED,
  unused,
} from "./checks.ts";
import { dividedPool, divisionIssues, priceInWords } from "./division.ts";
import { PoolSeries } from "./figures.ts";
import { Pool } from "./pool.ts";
import { Membership } from "./shared/membership.ts";
import { routeHooks, type TakenPool } from "./route_hooks.ts";
import {
  INLINE,
  type LimiterOptions,
  type LimiterRouteOptions,
  type PoolSettings,
} from "./settings.ts";
import {
  type DialValues,
  LimiterState,
  PersistentPool,
  type PoolPlan,
  type PoolStreams,
  PURPOSES,
} from "./state.ts";

/** A pool of this revision. */
export interface PlannedPool extends TakenPool, PoolPlan {}

/** A route and its place in the configuration. */
export interface PlacedRoute extends Pick<Route, "id" | "path"> {
  /** Zero-based index in the configuration's `routes`. */
  readonly index: number;
}

/** Time for which a loss of what is shared is told, in ms. */
const REMEMBERED_LOSS = 60_000;

/** The pools and routes of one revision. */
export class Limiter {
  /** State that outlives the revision. */
  readonly state: LimiterState;
  readonly #host: Host;
  readonly #client: string | undefined;
  readonly #series: PoolSeries;
  readonly #membership: Membership | undefined;
  /** Replica for which pools are divided: the only one, where they are shared. */
  readonly #division: Segment;
  readonly #pools = new Map<string, PlannedPool>();
  readonly #used = new Set<string>();
  readonly #order = new ChainOrder();
  /** Warnings of the price of divided pools. */
  readonly #prices: Issue[] = [];
  /** Routes with pools of their own, by name of the pool. */
  readonly #inline = new Map<string, PlacedRoute>();
  /** The pools of each route, by id of the route. */
  readonly #taken = new Map<string, readonly PlannedPool[]>();
  #routes = 0;
  #adopted = false;

  private constructor(host: Host, client: string | undefined) {
    this.#host = host;
    this.#client = client;
    const { shared: store, clock, session, segment } = host;
    this.#series = new PoolSeries(host.metrics, store !== undefined);
    this.#membership = store &&
      host.keep("membership", () =>
        new Membership({
          store,
          clock,
          session,
          segment: segment.count > 1 ? segment : undefined,
        }));
    this.#division = store === undefined ? segment : WHOLE;
    this.state = host.keep("state", () => new LimiterState(client));
  }

  /** Makes all named pools, or takes those over that the previous revision has kept. */
  static async create(
    host: Host,
    { pools, client }: LimiterOptions,
  ): Promise<Limiter> {
    const limiter = new Limiter(host, client);
    const issues = Object.entries(pools).flatMap(([name, settings]) =>
      divisionIssues(name, settings, limiter.#division).map((issue) => ({
        ...issue,
        path: toPointer(["pools", name]) + issue.path,
      }))
    );
    if (issues.length > 0) throw invalid(issues);
    for (const [name, settings] of Object.entries(pools)) {
      const [queue, arrivals, service] = await Promise.all(
        PURPOSES.map((purpose) =>
          host.stream(host.seed, `limiter ${name} ${purpose}`)
        ),
      );
      limiter.#plan(name, settings, { queue, arrivals, service });
    }
    await limiter.#membership?.ready;
    return limiter;
  }

  /** The pools in the order of the configuration, those of routes last. */
  get pools(): Iterable<PlannedPool> {
    return this.#pools.values();
  }

  /** The pool of a name. */
  pool(name: string): PlannedPool | undefined {
    return this.#pools.get(name);
  }

  /** The route that a pool belongs to; undefined where it is a named pool. */
  routeOf(pool: string): PlacedRoute | undefined {
    return this.#inline.get(pool);
  }

  /** The pools that a route takes, in turn; empty where it takes none, or was not prepared yet. */
  takenBy(route: string): readonly PlannedPool[] {
    return this.#taken.get(route) ?? [];
  }

  /**
   * Prepares one route.
   *
   * @throws PerfmockError `CONFIG_INVALID` with all issues, paths relative to the route
   */
  route(
    route: Route,
    { limiter, priority }: Partial<LimiterRouteOptions>,
  ): RouteHooks | undefined {
    const index = this.#routes++;
    if (limiter === undefined) {
      if (priority === undefined) return undefined;
      throw invalid([{
        path: "/priority",
        message: 'Cannot use "priority" on a route without "limiter"',
        value: priority,
        suggestion: "limiter",
      }]);
    }
    const pools = this.#chain(route, limiter);
    this.#taken.set(route.id, pools);
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
      throw invalid([{
        path: "/priority",
        message:
          "Cannot use a priority: no pool of this route serves by priority",
        value: priority,
        allowed: 'a pool with discipline "priority"',
      }]);
    }
    for (const { persistent: { pool } } of pools) this.#used.add(pool.name);
    return routeHooks(route.id, pools, {
      priority,
      clients: this.state.clients,
      clock: this.#host.clock,
    });
  }

  /** The dials of all pools, by pool, then by name. */
  dials(): Record<string, Record<string, Dial>> {
    return Object.fromEntries(
      [...this.#pools].map(([name, { settings, persistent }]) => [
        name,
        dialsOf({ kit: this.#host.kit, segment: this.#division }, settings, (
          values,
        ) => {
          // A dial of a former revision must not change the pool of its successor.
          if (this.#adopted && persistent.owner !== this) return;
          persistent.setDials(values);
        }),
      ]),
    );
  }

  /** Puts the revision in force: all pools follow this revision's settings; only then are queued requests admitted to new places. */
  adopt(): void {
    this.#adopted = true;
    for (const [name, { persistent, ...plan }] of this.#pools) {
      persistent.adopt(plan, {
        owner: this,
        series: this.#series,
        used: this.#used.has(name),
      });
    }
    this.state.adopt(
      this.#client,
      new Map(
        [...this.#pools].map(([name, { persistent }]) => [name, persistent]),
      ),
    );
    for (const { persistent: { pool } } of this.#pools.values()) {
      pool.admitQueued();
    }
  }

  /** Starts figures and clients afresh; rate limits go on. */
  reset(): void {
    for (const { persistent } of this.#pools.values()) persistent.reset();
    this.state.clients.reset();
  }

  /** Warnings of pools that no route takes, and of service times that do not go well with a pool. */
  warnings(): Issue[] {
    const served = this.#host.find(SERVED);
    return [
      ...this.#prices,
      ...[...this.#pools.keys()].filter((name) => !this.#used.has(name))
        .map(unused),
      ...[...this.#taken].flatMap(([route, [{ persistent, settings }]]) =>
        settings.concurrency === Infinity
          ? []
          : mismatches(route, persistent.pool.name, served)
      ),
    ];
  }

  /** Reasons why shared pools hold more than they should or Redis has lost what they hold, one sentence each. */
  reasons(): string[] {
    return [...this.#reasonsOfLoss(), ...this.#reasonsOfPools()];
  }

  #reasonsOfLoss(): string[] {
    const emptied = this.#membership?.emptied ?? -Infinity;
    const ago = this.#host.clock.now() - emptied;
    return ago > REMEMBERED_LOSS ? [] : [
      `Redis has lost its data ${
        (ago / 1000).toFixed(1)
      } s ago: what the replicas hold was registered anew, and rate limits began with nothing left`,
    ];
  }

  #reasonsOfPools(): string[] {
    return [...this.#pools.values()].flatMap(({ persistent: { pool } }) => {
      if (pool instanceof Pool) return [];
      const { busy, mode } = pool.whole;
      return mode !== "shared" || busy <= pool.concurrency ? [] : [
        `Pool "${pool.name}": ${busy} places are taken of ${pool.concurrency}, since replicas have decided by themselves or it was made smaller; none is given until fewer are taken`,
      ];
    });
  }

  /** The pools of a route, in the order in which it takes them. */
  #chain(
    route: Route,
    limiter: LimiterRouteOptions["limiter"],
  ): PlannedPool[] {
    if (typeof limiter === "string") return this.#named(route.id, [limiter]);
    if (isList(limiter)) return this.#named(route.id, limiter);
    const [queue, arrivals, service] = PURPOSES.map((purpose) =>
      route.stream(`limiter ${purpose}`)
    );
    const name = `${INLINE}${route.id}`;
    const issues = divisionIssues(name, limiter, this.#division);
    if (issues.length > 0) {
      throw invalid(
        issues.map((issue) => ({ ...issue, path: `/limiter${issue.path}` })),
      );
    }
    return [this.#plan(name, limiter, { queue, arrivals, service })];
  }

  #named(route: string, names: readonly string[]): PlannedPool[] {
    const single = names.length === 1;
    const issues = names.flatMap((name, index) => {
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
    if (issues.length > 0) throw invalid(issues);
    const conflict = this.#order.add(route, names);
    if (conflict !== undefined) throw opposite(names, conflict);
    return names.flatMap((name) => this.#pools.get(name) ?? []);
  }

  #unknown(name: string, path: string): Issue {
    const names = [...this.#pools.keys()].filter((known) =>
      !known.startsWith(INLINE)
    );
    const suggestion = this.#host.suggest(name, names);
    return {
      path,
      message: `Unknown pool "${name}"`,
      value: name,
      allowed: names.length === 0
        ? "a pool of its own, since plugins.limiter.pools has none"
        : names.join(", "),
      ...(suggestion !== undefined && { suggestion }),
    };
  }

  #plan(
    name: string,
    whole: PoolSettings,
    streams: PoolStreams,
  ): PlannedPool {
    const { clock, segment } = this.#host;
    const plan = { settings: dividedPool(whole, this.#division), streams };
    const { state } = this;
    const price = priceInWords(name, whole, this.#division);
    if (price !== undefined) {
      const path = name.startsWith(INLINE) ? "" : toPointer(["pools", name]);
      this.#prices.push({ path, ...price });
    }
    const persistent = this.#host.keep(
      `pool ${name}`,
      () =>
        new PersistentPool(name, plan, {
          clock,
          segment,
          membership: this.#membership,
          refused: (exchange, rejection, at) =>
            state.clients.refused(exchange, rejection, at),
          clientOf: state.clientOf,
          has: (name) => state.has(name),
          log: (level, message) => this.#host.log(level, message),
        }),
    );
    const planned = { ...plan, persistent };
    this.#pools.set(name, planned);
    return planned;
  }
}

/**
 * The dials of a pool, by name. A signal that turns one passes through fractions, which are rounded to whole places. As in the
 * configuration, values are those of the whole, of which a replica takes its share.
 */
function dialsOf(
  { kit, segment }: Pick<Host, "kit" | "segment">,
  settings: PoolSettings,
  set: (values: DialValues) => void,
): Record<string, Dial> {
  const queue = kit.z.union([
    kit.integer({ min: 0 }),
    kit.z.literal("unbounded").transform(() => Infinity),
  ]) as unknown as KitType<number>;
  return {
    concurrency: dial(
      "Number of places of the pool",
      kit.integer({ min: 1 }),
      (value) =>
        set({
          concurrency: value &&
            Math.max(1, shareOf(Math.round(value), segment)),
        }),
    ),
    queue: dial(
      "Maximum number of requests in the pool's queue",
      queue,
      (value) =>
        set({
          queue: value && shareOf(Math.max(0, Math.round(value)), segment),
        }),
    ),
    // Without a background in the settings nothing defines the service time of phantoms.
    ...(settings.background !== undefined && {
      background: dial(
        "Rate of the pool's background, in arrivals per second",
        kit.rate(),
        (value) => set({ background: value && Math.max(0, value) }),
      ),
    }),
  };
}

/** Dials of several types are listed together; each is turned only with values of its own type. */
function dial(
  summary: string,
  type: KitType<number>,
  turn: (value: number | undefined) => void,
): Dial {
  return { type, summary, turn: (value) => turn(value as number | undefined) };
}

/** True if pools are listed: Array.isArray does not narrow to readonly lists. */
function isList(
  limiter: readonly string[] | PoolSettings,
): limiter is readonly string[] {
  return Array.isArray(limiter);
}

function invalid(issues: readonly Issue[]): PerfmockError {
  return new PerfmockError("CONFIG_INVALID", issues[0].message, issues);
}

function opposite(
  names: readonly string[],
  { first, second, routes }: Conflict,
): PerfmockError {
  const others = routes.map((route) => `"${route}"`).join(" and ");
  return invalid([{
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
