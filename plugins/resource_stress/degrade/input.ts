/**
 * What a model reads: the word or signal of its `input`, bound to what it names.
 *
 * @module
 */
import type { Host, Issue, Key, Signal } from "../../../core/plugin.ts";
import type { Backend, InputSettings } from "../edge/mod.ts";
import type { PressureSource } from "../pressure.ts";
import type { Reading } from "./parts.ts";

/** A pool in figures. */
export interface PoolSource {
  /** How many places; Infinity for no limit. */
  readonly concurrency: number;
  /** How many of them are taken. */
  readonly busy: number;
  /** How many wait. */
  readonly queued: number;
  /** The share of places taken, 0…1. */
  utilisation(): number;
}

/** The pools there are. */
export interface PoolSources {
  /** A pool by its name; inline ones are called `route:` and the route's id. */
  pool(name: string): PoolSource | undefined;
  /** The names of all pools, for suggestions. */
  names(): Iterable<string>;
  /** The first pool that a route takes. */
  ofRoute(id: string): PoolSource | undefined;
}

/** The service by which the limiter shows its pools. */
export const POOLS: Key<PoolSources> = { name: "limiter.pools" };

/** How inline pools are named. */
const INLINE = "route:";

/** What pool inputs begin with. */
const POOL = "pool:";

/** The words there are beside the names of pools. */
const WORDS = [
  "in-flight",
  "load",
  "stress",
  "stress:cpu",
  "stress:memory",
] as const;

/** What inputs of a route are bound to. */
export interface InputContext {
  /** Where pools are found. */
  readonly host: Pick<Host, "find" | "suggest">;
  /** Real stress. */
  readonly pressure: PressureSource;
  /** The process the route belongs to. */
  readonly backend: Backend;
  /** The route's id. */
  readonly route: string;
  /** When signals began, on the clock. */
  readonly origin: () => number;
  /** How many cores there are, where the user says so. */
  readonly servers: number | undefined;
}

/** A bound input. */
export interface Input extends Reading {
  /** In words, as written. */
  readonly name: string;
  /** The share as a request meets it that is not in service yet, where that differs. */
  readonly arriving?: (at: number) => number;
  /** Whether the backend's load must be averaged for it. */
  readonly loaded: boolean;
  /** Looks up what may not have been there when the route was prepared; false where it still is not. */
  readonly bind?: () => boolean;
}

/** An input that names nothing, as an issue without a path. */
export type InputFault = Omit<Issue, "path">;

/** Tells a fault from an input. */
export function isFault(input: Input | InputFault): input is InputFault {
  return "message" in input;
}

/**
 * Binds an input.
 *
 * @param input a word, or a signal
 */
export function bindInput(
  input: InputSettings,
  context: InputContext,
): Input | InputFault {
  if (typeof input !== "string") return signalInput(input, context);
  const { backend, pressure, servers = 1 } = context;
  const cores = () => servers;
  const stressed = (share: () => number): Input => ({
    name: input,
    share,
    count: undefined,
    servers: cores,
    loaded: false,
  });
  switch (input) {
    case "in-flight": {
      const shared = (others: number) =>
        others > 0 ? others / (others + servers) : 0;
      return {
        name: input,
        share: () => shared(backend.inService - 1),
        arriving: () => shared(backend.inService),
        count: () => backend.inService,
        servers: cores,
        loaded: false,
      };
    }
    case "load":
      return {
        name: input,
        share: (at) => backend.load(at) / servers,
        count: undefined,
        servers: cores,
        loaded: true,
      };
    case "stress":
      return stressed(() => Math.max(pressure.cpu(), pressure.memory()));
    case "stress:cpu":
      return stressed(() => pressure.cpu());
    case "stress:memory":
      return stressed(() => pressure.memory());
    default:
      return poolInput(input, context);
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
    loaded: false,
  };
}

function poolInput(input: string, context: InputContext): Input | InputFault {
  const { host } = context;
  if (!input.startsWith(POOL)) return unknownInput(input, host);
  const name = input.slice(POOL.length);
  const find = () => host.find(POOLS)?.pool(name);
  const first = find();
  // Inline pools come into being one by one, as their routes are prepared: they may still be missing.
  const later = name.startsWith(INLINE) && host.find(POOLS) !== undefined;
  if (first === undefined && !later) return unknownInput(input, host);
  return boundLater(input, { first, find, servers: context.servers });
}

/**
 * The pool that the route takes itself, or, where it takes none, the load of its backend: known only when all routes are
 * prepared.
 */
export function poolOrLoad(context: InputContext): Input {
  const { backend, host, route, servers = 1 } = context;
  let pool: PoolSource | undefined;
  return {
    name: "pool or load",
    share: (at) => pool?.utilisation() ?? backend.load(at) / servers,
    count: undefined,
    servers: () => context.servers ?? pool?.concurrency ?? 1,
    loaded: true,
    bind: () => {
      pool = host.find(POOLS)?.ofRoute(route);
      pool?.utilisation(); // from now on it is averaged
      return true;
    },
  };
}

function boundLater(
  name: string,
  { first, find, servers }: {
    readonly first: PoolSource | undefined;
    readonly find: () => PoolSource | undefined;
    readonly servers: number | undefined;
  },
): Input {
  let pool = first;
  return {
    name,
    share: () => pool?.utilisation() ?? 0,
    count: () => pool?.busy ?? 0,
    servers: () => servers ?? pool?.concurrency ?? 1,
    loaded: false,
    bind: () => {
      pool ??= find();
      pool?.utilisation(); // from now on it is averaged
      return pool !== undefined;
    },
  };
}

function unknownInput(
  input: string,
  host: Pick<Host, "find" | "suggest">,
): InputFault {
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
