/**
 * The part of the contract for a plugin as a whole: the plugin, what its setup returns, and what core offers to it.
 *
 * @module
 */
import type { Issue } from "../errors.ts";
import type { Endpoint, HealthReport } from "./control.ts";
import type { InFlight, Route, RouteHooks } from "./exchange.ts";
import type { Metrics } from "./metrics.ts";
import type {
  Awaitable,
  Clock,
  Dial,
  Dials,
  Distribution,
  Family,
  Kit,
  Schema,
  Stream,
} from "./values.ts";

/** A plugin: the default export of its module. */
export interface Plugin<
  Options = unknown,
  RouteOptions extends object = Record<string, unknown>,
> {
  /** Unique among the plugins of a configuration; also the path of its control routes. Lower case, digits, `_` and `-`. */
  readonly name: string;
  /** The plugin's own version, shown by the control API. */
  readonly version: string;
  /** The version of this contract the plugin was written for; 1 where absent. */
  readonly contract?: 1;
  /** The schema of the plugin's options in `plugins`; without one, only `{}` is accepted. */
  readonly options?: (kit: Kit) => Schema<Options>;
  /** The keys of a route that this plugin reads, each with its schema. A key belongs to one plugin. */
  readonly routeKeys?: (
    kit: Kit,
  ) => { readonly [K in keyof RouteOptions]: Schema<RouteOptions[K]> };
  /**
   * Whether each session has an instance of its own, which is the default, or the server has one for all: what an exporter or
   * a load generator does concerns the whole process.
   */
  readonly scope?: "session" | "server";
  /** The names of plugins that must be on, and are set up before this one. */
  readonly requires?: readonly string[];
  /**
   * What the plugin gives to all others, as plain data; read before any schema runs, so that order does not matter. As a
   * function it is given the plugin's options as written, before they were validated.
   */
  readonly contributes?: Contributions | ((options: unknown) => Contributions);
  /** Called once per revision of the configuration, in order; at most 10 s. Without it the plugin only contributes. */
  setup?(
    host: Host,
    options: Options,
  ): Awaitable<Instance<RouteOptions>>;
}

/** Plain data that a plugin gives to all others. */
export interface Contributions {
  /** Distribution families; a name belongs to one plugin. */
  readonly families?: readonly Family[];
  /** Named distributions, as a user would write them. */
  readonly profiles?: Readonly<Record<string, unknown>>;
}

/** What a plugin's setup returns. An unknown key is an error, so that a misspelt hook does not fail in silence. */
export interface Instance<
  RouteOptions extends object = Record<string, unknown>,
> {
  /**
   * Prepares one route: binds distributions, pools and series once, and returns closures that look nothing up. `options`
   * holds the plugin's own route keys, parsed; absent ones are undefined. A PerfmockError's issues are reported under the
   * route.
   */
  route?(
    route: Route,
    options: Readonly<Partial<RouteOptions>>,
  ): RouteHooks | undefined;
  /** Endpoints under `/_perfmock/<plugin's name>/`. */
  readonly control?: readonly Endpoint[];
  /** Endpoints at paths of their own, such as /metrics; a clash with a route or another plugin is an error. */
  readonly endpoints?: readonly Endpoint[];
  /** What can be turned beyond the routes' own dials, by kind, then by name: `{ pool: { db: { queue } } }`. Asked once. */
  dials?(): Readonly<
    Record<string, Readonly<Record<string, Readonly<Record<string, Dial>>>>>
  >;
  /**
   * The revision takes over: called once, after all of it was validated and before its first exchange. The only place where
   * kept state may be changed. Synchronous; must not throw.
   */
  adopt?(): void;
  /** Figures since the last reset, and all else that counts from there, start afresh. */
  reset?(): void;
  /** Figures for `stats`, JSON-serialisable. */
  snapshot?(): unknown;
  /**
   * What a user should know of the configuration, asked once, after all routes were prepared; paths relative to the plugin's
   * options. `check` prints it.
   */
  warnings?(): readonly Issue[];
  /** Reasons why the server is not well, one sentence each, empty where it is; or a whole report. */
  health?(): readonly string[] | HealthReport;
  /** Called after the last exchange of the revision; the last plugin set up goes first. */
  [Symbol.asyncDispose]?(): PromiseLike<void>;
}

/** What core offers to a plugin while it is set up and after. */
export interface Host {
  /** The server's clock. */
  readonly clock: Clock;
  /** The series the server records into, and where a plugin makes its own. */
  readonly metrics: Metrics;
  /** perfmock's own version. */
  readonly version: string;
  /** The server's seed: what a plugin draws beyond the routes' streams follows it. */
  readonly seed: number | string;
  /**
   * Compiles a distribution as a user writes it: JSON, a duration, a profile's name, or the text form.
   *
   * @throws PerfmockError `CONFIG_INVALID` with all faults, paths relative to the value
   */
  distribution(value: unknown): Distribution;
  /** The distribution families there are, by name. */
  readonly families: ReadonlyMap<string, Family>;
  /** The types that settings are made of, bound to this configuration's families, profiles and folder. */
  readonly kit: Kit;
  /**
   * Random numbers beyond those of a route, for a seed of their own.
   *
   * @param seed a whole number or a text; the same seed and name, the same numbers
   */
  stream(seed: number | string, name: string): Promise<Stream>;
  /** The session this instance is set up for; undefined for the server's own. */
  readonly session: string | undefined;
  /** Where the server listens; undefined where it does not, or not yet. */
  readonly url: URL | undefined;
  /** The exchanges under way, those of sessions apart. */
  readonly inFlight: InFlight;
  /** What can be turned while requests are under way. */
  readonly dials: Dials;
  /**
   * State that outlives a revision: what the revision before kept under this name, or what `create` makes. Setup and route
   * may read it; only {@linkcode Instance.adopt} may change it. What the next revision does not ask for is let go, and
   * disposed where it can be, after the last exchange that could use it.
   */
  keep<T>(name: string, create: () => T): T;
  /**
   * Changes the configuration, as PATCH config does: validated as a whole, and in force when the promise resolves. Nothing is
   * changed where it rejects.
   *
   * @param edit makes the new configuration, as written, from a copy of the present one
   * @param ifMatch a request's If-Match header, if it matters
   * @returns the revision; a request is answered with it as ETag, in quotes
   * @throws PerfmockError `REVISION_STALE` (which an endpoint answers with 412), `RESTART_REQUIRED`, or with all faults; what
   * `edit` throws
   */
  update(
    edit: (written: unknown) => unknown,
    ifMatch?: string | null,
  ): Promise<number>;
  /** Makes a service available to other plugins of this revision. */
  provide<T>(key: Key<T>, service: T): void;
  /**
   * A service that a plugin set up earlier provides: name that plugin in `requires`.
   *
   * @throws PerfmockError `KEY_MISSING`
   */
  use<T>(key: Key<T>): T;
  /** The same for what one can do without: undefined where no plugin that was set up earlier provides it. */
  find<T>(key: Key<T>): T | undefined;
  /** The candidate that a misspelt name was probably meant to be; undefined where none is near. */
  suggest(name: string, candidates: Iterable<string>): string | undefined;
  /** Writes one line to the log, with the plugin's name. */
  log(level: "info" | "warn" | "error", message: string): void;
}

/** Names a service. Compared by name, since two copies of a module may be loaded. */
export interface Key<T> {
  /** Unique, by convention `plugin.service`. */
  readonly name: string;
  /** Carries the type only. */
  readonly "~type"?: T;
}
