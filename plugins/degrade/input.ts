/**
 * Inputs of the models: pools, requests in service, load, real stress, or a signal. Pools and stress belong to other plugins, which
 * provide them under a key.
 *
 * @module
 */
import type { Host, Issue, Key, Signal } from "../../core/plugin.ts";
import type { AddedWaits } from "./added_waits.ts";
import type { Backend } from "./backend.ts";
import type { InputSettings } from "./settings.ts";

/** Figures of a pool. */
export interface PoolSource {
  /** Number of places; Infinity without a limit. */
  readonly concurrency: number;
  /** Number of places taken. */
  readonly busy: number;
  /** Number of requests in the queue. */
  readonly queued: number;
  /** Share of places taken, 0…1. */
  utilisation(): number;
}

/** The pools of a configuration. */
export interface PoolSources {
  /** A pool by its name; the name of an inline pool is `route:` and the route's id. */
  pool(name: string): PoolSource | undefined;
  /** Names of all pools. */
  names(): Iterable<string>;
  /** First pool that a route takes. */
  ofRoute(id: string): PoolSource | undefined;
  /** Names of the pools with a queue that a route takes. */
  queuesOf(id: string): readonly string[];
}

/** Key of the service that the plugin `limiter` provides. */
export const POOLS: Key<PoolSources> = { name: "limiter.pools" };

/** Share of the machine that running stress scenarios take. */
export interface PressureSource {
  /** CPU that scenarios aim at, as a share of what they may take, 0…1. */
  cpu(): number;
  /** Memory that scenarios hold, as a share of what they may hold, 0…1. */
  memory(): number;
  /** True while a scenario that grows stays at its limit. */
  exhausted(): boolean;
  /** Number of times that scenarios have reached their limit and begun again from nothing; never falls. */
  restarts(): number;
}

/** Key of the service that the plugin `resource_stress` provides. */
export const PRESSURE: Key<PressureSource> = {
  name: "resource_stress.pressure",
};

/** Pressure without real stress: in sessions, and when `resource_stress` is off. */
export const NO_PRESSURE: PressureSource = {
  cpu: () => 0,
  memory: () => 0,
  exhausted: () => false,
  restarts: () => 0,
};

/** Prefix of the names of inline pools. */
const INLINE = "route:";

/** Prefix of inputs that name a pool. */
const POOL = "pool:";

/** Inputs other than pools and signals. */
const WORDS = [
  "in-flight",
  "load",
  "stress",
  "stress:cpu",
  "stress:memory",
] as const;

/** Context that the inputs of a route are bound to. */
export interface InputContext {
  /** Source of the pools. */
  readonly host: Pick<Host, "find" | "suggest">;
  /** Real stress. */
  readonly pressure: PressureSource;
  /** Process that the route belongs to. */
  readonly backend: Backend;
  /** The route's id. */
  readonly route: string;
  /** Start of signals, on the clock. */
  readonly origin: () => number;
  /** Number of cores that the user has set; undefined if none. */
  readonly servers: number | undefined;
  /** Returns the waits that models add while requests hold places of a pool. */
  readonly waits: (pool: PoolSource) => AddedWaits;
}

/** A bound input. */
export interface Input {
  /** The input as written, or a description of it. */
  readonly name: string;
  /** Utilisation at a time on the clock, at least 0; only a signal may exceed 1. */
  readonly share: (at: number) => number;
  /** The same as met by a request that is not in service yet; absent if there is no difference. */
  readonly arriving?: (at: number) => number;
  /** Concurrent requests at a time on the clock, the asking one included; undefined if the input is only a share. */
  readonly count: ((at: number) => number) | undefined;
  /** Number of cores; Infinity for a pool without a limit. */
  readonly servers: () => number;
  /** True if the backend has to average its load. */
  readonly readsLoad: boolean;
  /** Waits of requests that hold a place of the pool that is read; undefined if the route takes no place of it. */
  readonly waits?: () => AddedWaits | undefined;
  /** True if requests wait in the queue of a pool that their route takes, so that no wait is to be added. Default false. */
  readonly queued?: () => boolean;
  /** Looks up a pool that may not have existed when the route was prepared; returns false if it still does not. */
  readonly bind?: () => boolean;
}

/** An issue with an input, without its path. */
export type InputIssue = Omit<Issue, "path">;

/** Tells an issue from an input. */
export function isIssue(input: Input | InputIssue): input is InputIssue {
  return "message" in input;
}

/** Binds an input to the pools, backend and stress it reads. */
export function bindInput(
  input: InputSettings,
  context: InputContext,
): Input | InputIssue {
  if (typeof input !== "string") return signalInput(input, context);
  const { backend, pressure, servers = 1 } = context;
  const common = { name: input, servers: () => servers, readsLoad: false };
  switch (input) {
    case "in-flight": {
      const shared = (others: number) =>
        others > 0 ? others / (others + servers) : 0;
      return {
        ...common,
        share: () => shared(backend.inService - 1),
        arriving: () => shared(backend.inService),
        count: () => backend.inService,
      };
    }
    case "load":
      return {
        ...common,
        share: (at) => backend.load(at) / servers,
        count: undefined,
        readsLoad: true,
      };
    case "stress":
      return {
        ...common,
        share: () => Math.max(pressure.cpu(), pressure.memory()),
        count: undefined,
      };
    case "stress:cpu":
      return { ...common, share: () => pressure.cpu(), count: undefined };
    case "stress:memory":
      return { ...common, share: () => pressure.memory(), count: undefined };
    default:
      return poolInput(input, context);
  }
}

/** The pool that the route takes or, if it takes none, the load of its backend: known once all routes are prepared. */
export function poolOrLoad(context: InputContext): Input {
  const { backend, host, route, servers = 1 } = context;
  let taken: TakenPool | undefined;
  let queued = false;
  return {
    name: "pool or load",
    share: (at) => taken?.share(at) ?? backend.load(at) / servers,
    count: undefined,
    servers: () => context.servers ?? taken?.pool.concurrency ?? 1,
    readsLoad: true,
    waits: () => taken?.waits,
    queued: () => queued,
    bind: () => {
      const pools = host.find(POOLS);
      taken = TakenPool.of(pools?.ofRoute(route), context);
      queued = pools !== undefined && pools.queuesOf(route).length > 0;
      return true;
    },
  };
}

/** A pool that the route itself takes: its share without the time for which its requests hold a place in an added wait. */
class TakenPool {
  static of(
    pool: PoolSource | undefined,
    { waits }: InputContext,
  ): TakenPool | undefined {
    if (pool === undefined) return undefined;
    pool.utilisation(); // The first call starts averaging.
    return new TakenPool(pool, waits(pool));
  }

  constructor(readonly pool: PoolSource, readonly waits: AddedWaits) {}

  share(at: number): number {
    const waiting = this.waits.mean(at) / this.pool.concurrency;
    return Math.max(0, this.pool.utilisation() - waiting);
  }
}

function signalInput(
  signal: Signal,
  { origin, servers = 1 }: InputContext,
): Input {
  const value = (at: number) => Math.max(0, signal.at(at - origin()));
  return {
    name: signal.constant ? `${signal.at(0)}` : "a signal",
    share: value,
    count: value,
    servers: () => servers,
    readsLoad: false,
  };
}

function poolInput(input: string, context: InputContext): Input | InputIssue {
  const { host, route, servers } = context;
  if (!input.startsWith(POOL)) return unknownInput(input, host);
  const name = input.slice(POOL.length);
  const find = () => host.find(POOLS)?.pool(name);
  let pool = find();
  // Inline pools are made one by one as their routes are prepared: this one may be made later.
  const later = name.startsWith(INLINE) && host.find(POOLS) !== undefined;
  if (pool === undefined && !later) return unknownInput(input, host);
  let taken: TakenPool | undefined;
  return {
    name: input,
    share: (at) => taken?.share(at) ?? pool?.utilisation() ?? 0,
    count: () => pool?.busy ?? 0,
    servers: () => servers ?? pool?.concurrency ?? 1,
    readsLoad: false,
    waits: () => taken?.waits,
    bind: () => {
      pool ??= find();
      pool?.utilisation(); // The first call starts averaging.
      const own = host.find(POOLS)?.ofRoute(route);
      taken = own === pool ? TakenPool.of(own, context) : undefined;
      return pool !== undefined;
    },
  };
}

function unknownInput(
  input: string,
  host: Pick<Host, "find" | "suggest">,
): InputIssue {
  const pools = host.find(POOLS);
  const names = [...pools?.names() ?? []].map((name) => POOL + name);
  const suggestion = host.suggest(input, [...WORDS, ...names]);
  const named = names.length > 0 ? names.join(", ") : '"pool:" and its name';
  return {
    message: input.startsWith(POOL)
      ? `Unknown pool ${JSON.stringify(input.slice(POOL.length))}`
      : `Unknown input ${JSON.stringify(input)}`,
    value: input,
    allowed: `${WORDS.join(", ")}, ${
      pools === undefined ? "" : `a pool (${named}), `
    }a number or a signal`,
    ...(suggestion !== undefined && { suggestion }),
  };
}
