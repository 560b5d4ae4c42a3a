/**
 * Types of the contract for a whole plugin: the plugin, the result of its setup, and the host that core offers to it.
 *
 * @module
 */
import type { Issue } from "../errors.ts";
import type { Segment } from "../scale/segment.ts";
import type { Endpoint, HealthReport } from "./control.ts";
import type { InFlight, Route, RouteHooks } from "./exchange.ts";
import type { Journal } from "./journal.ts";
import type { Metrics } from "./metrics.ts";
import type { SharedStore } from "./shared.ts";
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

/** Plugin, the default export of its module. Write it with `definePlugin()`, which infers the types of its options. */
export interface Plugin<
  Options = unknown,
  RouteOptions extends object = Record<string, unknown>,
> {
  /** Name, unique in a configuration; also the path of its control endpoints. Lower case, digits, `_` and `-`. */
  readonly name: string;
  /** Version of the plugin, shown by the control API. */
  readonly version: string;
  /** Purpose in one phrase without a full stop, for editors and the reference. */
  readonly summary?: string;
  /** Version of this contract for which the plugin was written. Default 1. */
  readonly contract?: 1;
  /** Creates the schema of the plugin's options in `plugins`. Without a schema, only `{}` is accepted. */
  readonly options?: (kit: Kit) => Schema<Options>;
  /** Creates the schemas of the route keys that the plugin reads, by key. Each key belongs to one plugin. */
  readonly routeKeys?: (
    kit: Kit,
  ) => { readonly [K in keyof RouteOptions]: Schema<RouteOptions[K]> };
  /**
   * Scope of an instance. With `session`, the default, each session has an instance of its own. With `server`, there is one
   * instance for all, for plugins that concern the whole process, such as exporters and load engines; with `process`, simulations
   * have instances too. The control calls of both, and changes of their options, are refused in a session.
   */
  readonly scope?: "session" | "process" | "server";
  /** Names of plugins that must be on, and that are set up before this one. Default none. */
  readonly requires?: readonly string[];
  /**
   * Contributions to all other plugins, as plain data. They are read before any schema is used, so that the order of plugins does
   * not matter. A function receives the plugin's options as written, before validation.
   */
  readonly contributes?: Contributions | ((options: unknown) => Contributions);
  /**
   * Sets the plugin up. Called once for each revision of the configuration, in the order of the plugins; takes at most 10 s. A
   * plugin without setup only contributes.
   *
   * @throws PerfmockError with issues whose paths are relative to the plugin's options
   */
  setup?(
    host: Host,
    options: Options,
  ): Awaitable<Instance<RouteOptions>>;
}

/** Plain data that a plugin provides to all others. */
export interface Contributions {
  /** Distribution families. Each name belongs to one plugin. */
  readonly families?: readonly Family[];
  /** Distributions by name, in the form in which users write them. */
  readonly profiles?: Readonly<Record<string, unknown>>;
}

/** Result of a plugin's setup. An unknown key is an error, so that a misspelt name is reported. */
export interface Instance<
  RouteOptions extends object = Record<string, unknown>,
> {
  /**
   * Prepares one route: binds distributions, pools and series once, and returns hooks that look nothing up. Called for each
   * route of a revision.
   *
   * @param options the plugin's own route keys, parsed; absent keys are undefined
   * @returns undefined if the plugin has no hooks for this route
   * @throws PerfmockError with issues whose paths are relative to the route
   */
  route?(
    route: Route,
    options: Readonly<Partial<RouteOptions>>,
  ): RouteHooks | undefined;
  /** Endpoints under `/_perfmock/<plugin's name>/`. */
  readonly control?: readonly Endpoint[];
  /** Endpoints at paths of their own, such as `/metrics`. A path that a route or another plugin also has is an error. */
  readonly endpoints?: readonly Endpoint[];
  /**
   * Returns dials other than those of routes, by kind, owner and name: `{ pool: { db: { queue } } }`. Called once for each
   * revision.
   */
  dials?(): Readonly<
    Record<string, Readonly<Record<string, Readonly<Record<string, Dial>>>>>
  >;
  /**
   * Takes over: called once, after the whole revision was validated and before its first exchange. Only here may state from
   * {@linkcode Host.keep} be changed. Synchronous; must not throw.
   */
  adopt?(): void;
  /** Resets everything that is counted since the start or the last reset. */
  reset?(): void;
  /** Returns figures for `stats`, JSON-serialisable. */
  snapshot?(): unknown;
  /**
   * Makes one report for `stats` of those of all replicas, where the server is one of a fleet. Without it, each replica's report stands
   * under its name.
   *
   * @param reports those of {@linkcode Instance.snapshot}, parsed from JSON
   */
  merge?(reports: readonly unknown[]): unknown;
  /**
   * Returns warnings about the configuration, with paths relative to the plugin's options. Called once, after all routes were
   * prepared. `perfmock check` prints them.
   */
  warnings?(): readonly Issue[];
  /** Returns reasons why the server is degraded, one sentence each, or a full report. */
  health?(): readonly string[] | HealthReport;
  /** Releases resources. Called after the last exchange of the revision; plugins are disposed in reverse order of setup. */
  [Symbol.asyncDispose]?(): PromiseLike<void>;
}

/** Services that core offers to a plugin during setup and later. */
export interface Host {
  /** Clock of the server. */
  readonly clock: Clock;
  /** Metrics of the server; also the place for the plugin's own metrics. */
  readonly metrics: Metrics;
  /** Version of perfmock. */
  readonly version: string;
  /** Seed of the server, for random numbers other than those of routes. */
  readonly seed: number | string;
  /**
   * Compiles a distribution as users write it: JSON, a duration, the name of a profile, or the text form.
   *
   * @throws PerfmockError `CONFIG_INVALID` with all errors, paths relative to the value
   */
  distribution(value: unknown): Distribution;
  /** Distribution families, by name. */
  readonly families: ReadonlyMap<string, Family>;
  /** Types for settings, bound to this configuration's families, profiles and folder. */
  readonly kit: Kit;
  /**
   * Creates a stream of random numbers other than those of routes.
   *
   * @param seed whole number or text; the same seed and name give the same numbers
   */
  stream(seed: number | string, name: string): Promise<Stream>;
  /**
   * State that this server shares with others through Redis; undefined if the configuration has no `shared`, and in simulations.
   * It outlives the revisions, and ends with the server.
   */
  readonly shared: SharedStore | undefined;
  /** Name of the session for which this instance is set up; undefined for the server itself. */
  readonly session: string | undefined;
  /**
   * True for a server that answers requests; false for one that a command builds to look at its configuration, such as
   * `perfmock check`. It must not reach other systems: a plugin that sends to them does not begin.
   */
  readonly serves: boolean;
  /** URL at which the server listens, with a trailing slash; undefined if it does not listen, or not yet. */
  readonly url: URL | undefined;
  /**
   * Replica that the server is, of several that together behave as one backend; `{ index: 0, count: 1 }` for the only one. Settings
   * describe the whole: a plugin takes its share of what it limits.
   */
  readonly segment: Segment;
  /** Exchanges in flight, without those of other sessions. */
  readonly inFlight: InFlight;
  /** Exchanges that have ended. */
  readonly journal: Journal;
  /** Settings that can be changed while requests are in flight. */
  readonly dials: Dials;
  /**
   * Returns state that outlives a revision: the object that the revision before kept under this name, or a new one. Setup and
   * route may read it; only {@linkcode Instance.adopt} may change it. State that the next revision does not ask for is dropped,
   * and disposed if it is disposable, after the last exchange that could use it.
   *
   * @param name name, unique within the plugin
   * @param create creates the object if there is none
   */
  keep<T>(name: string, create: () => T): T;
  /**
   * Changes the configuration, as PATCH config does: it is validated as a whole, and in force when the promise resolves. If the
   * promise rejects, nothing has changed.
   *
   * @param edit returns the new configuration, as users write it, from a copy of the current one
   * @param ifMatch value of a request's If-Match header; null or absent for no condition
   * @returns number of the new revision, which a request is answered with as ETag, in quotes
   * @throws PerfmockError `REVISION_STALE` (an endpoint answers it with 412), `RESTART_REQUIRED`, or the code of an invalid
   * configuration with all errors; also any error of `edit`
   */
  update(
    edit: (written: unknown) => unknown,
    ifMatch?: string | null,
  ): Promise<number>;
  /**
   * Provides a service to other plugins of this revision.
   *
   * @throws PerfmockError `PLUGIN_INVALID` if another plugin provides the key already
   */
  provide<T>(key: Key<T>, service: T): void;
  /**
   * Returns a service of a plugin that was set up earlier: list that plugin in `requires`.
   *
   * @throws PerfmockError `KEY_MISSING` if there is no such service
   */
  use<T>(key: Key<T>): T;
  /** Returns an optional service: undefined if no plugin that was set up earlier provides it. */
  find<T>(key: Key<T>): T | undefined;
  /** Returns the candidate that is nearest to a misspelt name; undefined if none is near. */
  suggest(name: string, candidates: Iterable<string>): string | undefined;
  /** Writes one line to the log, with the plugin's name. */
  log(level: "info" | "warn" | "error", message: string): void;
}

/** Name of a service. Keys are compared by name, because two copies of a module may be loaded. */
export interface Key<T> {
  /** Unique name, by convention `plugin.service`. */
  readonly name: string;
  /** Carries the type; undefined at run time. */
  readonly "~type"?: T;
}
