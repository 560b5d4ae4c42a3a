/**
 * The contract between perfmock and its plugins, the built-in ones included. Types only.
 *
 * A distribution of your own is one file, named in deno.json's `perfmock.plugins`, and then works wherever a built-in
 * one does:
 *
 * ```ts
 * import type { Plugin } from "@perfmock/perfmock/plugin";
 *
 * const plugin: Plugin = {
 *   name: "rayleigh",
 *   version: "1.0.0",
 *   contributes: {
 *     families: [{
 *       name: "rayleigh",
 *       parameters: ({ z, duration }) => z.strictObject({ sigma: duration({ above: 0 }) }),
 *       create: ({ sigma }: { sigma: number }) => ({
 *         quantile: (u) => sigma * Math.sqrt(-2 * Math.log1p(-u)),
 *       }),
 *     }],
 *   },
 * };
 * export default plugin;
 * ```
 *
 * @module
 */
import type { z } from "zod";
import type { Issue } from "./errors.ts";
import type { Schema } from "./schema.ts";
import type { Clock } from "./time/clock.ts";

export type { ErrorCode, Issue } from "./errors.ts";
export type {
  Schema,
  SchemaIssue,
  SchemaResult,
  StandardProperties,
} from "./schema.ts";
export type { Clock } from "./time/clock.ts";

/** A value, or something that will become one. */
export type Awaitable<T> = T | PromiseLike<T>;

// ------------------------------------------------------------------------------------------------------ plugin

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
  /** Figures for `stats`, JSON-serialisable. */
  snapshot?(): unknown;
  /** Reasons why the server is not well, one sentence each; empty where it is. */
  health?(): readonly string[];
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
  /** Makes a service available to other plugins of this revision. */
  provide<T>(key: Key<T>, service: T): void;
  /**
   * A service that a plugin set up earlier provides: name that plugin in `requires`.
   *
   * @throws PerfmockError `KEY_MISSING`
   */
  use<T>(key: Key<T>): T;
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

// ---------------------------------------------------------------------------------------------------- exchange

/** A route as a plugin sees it. */
export interface Route {
  /** Unique; by default method and path in words. */
  readonly id: string;
  /** Upper case; `["*"]` is any. */
  readonly methods: readonly string[];
  /** The pattern, in Hono's path syntax. */
  readonly path: string;
  /**
   * This route's stream of random numbers for a purpose, seeded by the server's seed and the route's id: no other route,
   * plugin or purpose shifts it.
   */
  stream(purpose: string): Stream;
}

/** Random numbers that are looked up, not consumed: the same place always holds the same number. */
export interface Stream {
  /**
   * The number at one place.
   *
   * @param sequence the exchange's sequence number (or a hash that takes its place): an integer, taken modulo 2^32
   * @param index which draw of the exchange, 0…4095; 0 where absent
   * @returns a number strictly between 0 and 1, with 52 random bits
   */
  uniform(sequence: number, index?: number): number;
}

/**
 * How an exchange stands: gone is the client that left, cut what was still pending when the server ended, failed a hook that
 * threw.
 */
export type Outcome =
  | "pending"
  | "answered"
  | "rejected"
  | "gone"
  | "cut"
  | "failed";

/**
 * One request and its answer on their way through the pipeline, which alone writes it. It is valid until observe has
 * returned: copy what you keep. Times are the clock's milliseconds.
 */
export interface Exchange {
  /** The route's how-manieth arrival this is, from 0. */
  readonly sequence: number;
  /** The request's method, upper case. */
  readonly method: string;
  /** When it arrived. */
  readonly arrival: number;
  /** When its service started: the arrival, or the end of its wait in queues. */
  readonly start: number;
  /** The drawn service time. */
  readonly service: number;
  /** What degradation adds to it. */
  readonly degradation: number;
  /** The target end: start + service + degradation. */
  readonly due: number;
  /** When its headers were handed over, or when it was rejected or abandoned; NaN until then. */
  readonly end: number;
  /** The status that is sent. */
  readonly status: number;
  /** How it ended, or `"pending"`. */
  readonly outcome: Outcome;
  /** A request header's value; null where absent, and in simulation. */
  header(name: string): string | null;
}

/** The hooks of a route, in the order of the life of a request. The list is closed. All but respond are synchronous. */
export interface RouteHooks {
  /**
   * May it be served now? A lease holds a server until it is released; a rejection ends the exchange; a ticket is a place
   * in a queue and settles later through the waiter.
   */
  readonly admit?: Hook<
    (exchange: Exchange, waiter: Waiter) => Lease | Rejection | Ticket
  >;
  /** The service time, in milliseconds, at least 0. One plugin at most may serve a route. */
  readonly serve?: Hook<(exchange: Exchange) => number>;
  /** What degradation adds, in milliseconds; evaluated once, at service start; all plugins' add up. */
  readonly degrade?: Hook<(exchange: Exchange) => number>;
  /** Changes or replaces the response as it leaves. Over HTTP only, never in simulation. */
  readonly respond?: Hook<
    (exchange: Exchange, response: Response) => Awaitable<Response>
  >;
  /** Sees the finished exchange, after all leases were released. */
  readonly observe?: Hook<(exchange: Exchange) => void>;
}

/** A hook, or a hook with its place among those of the same stage; within a place the configuration's order holds. */
export type Hook<F> = F | {
  /** Before or after the hooks that say nothing. */
  readonly order: "pre" | "post";
  /** The hook itself. */
  readonly handler: F;
};

/** A server that an exchange occupies; may be the pool itself. */
export interface Lease {
  /** Gives the server back: called exactly once, whatever happens. Synchronous; must not throw. */
  release(exchange: Exchange): void;
}

/** Why an exchange is not served. */
export interface Rejection {
  /** In the words of the metrics: queue_full, queue_timeout, rate_limited, … */
  readonly reason: string;
  /** The status to answer with, 100…599. */
  readonly status: number;
  /** Sent as Retry-After, in seconds. */
  readonly retryAfter?: number;
  /** Further response headers. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The response body; a problem document where absent. */
  readonly body?: string;
}

/** A place in a queue. */
export interface Ticket {
  /** The client left or the server is being disposed: at most once, never after the waiter was settled. */
  leave(): void;
}

/** The way back from a queue. */
export interface Waiter {
  /** The exchange that waits. */
  readonly exchange: Exchange;
  /**
   * Ends the wait. Not re-entrant: the exchange goes on after the caller has returned.
   *
   * @param at when the service starts, on the clock: its predecessor's target end, so that lateness does not pile up in
   * a queue; the present where absent
   */
  settle(outcome: Lease | Rejection, at?: number): void;
}

// ------------------------------------------------------------------------------------------------ distributions

/** A distribution family: parameters in, a {@linkcode Shape} out. */
export interface Family<Parameters = unknown> {
  /** What users write: `{ "<name>": { … } }` or `<name>(…)`. Lower case. */
  readonly name: string;
  /** The schema of its parameters. */
  readonly parameters: (kit: Kit) => Schema<Parameters>;
  /** In one sentence: what it is for. */
  readonly summary?: string;
  /** Where its formulas come from. */
  readonly source?: string;
  /**
   * Makes one distribution. Pure. A PerfmockError's issues are reported at the parameters.
   */
  create(parameters: Parameters): Shape;
}

/**
 * What a family gives of a distribution, in milliseconds: `quantile` or `sample` at least. What it leaves out, perfmock
 * derives numerically (from quantile) or estimates (from sample) and says so.
 */
export interface Shape {
  /** The inverse of the cumulative distribution function, for 0 < u < 1; at 0 and 1 the ends of the support. */
  readonly quantile?: (u: number) => number;
  /** One draw, for what has no quantile function; `next` gives independent uniforms, at most 4096. */
  readonly sample?: (next: () => number) => number;
  /** P(X ≤ x). */
  readonly cdf?: (x: number) => number;
  /** P(X > x), without the cancellation of 1 − cdf(x). */
  readonly survival?: (x: number) => number;
  /** The quantile at 1 − v, for tails where 1 − v rounds to 1. */
  readonly survivalQuantile?: (v: number) => number;
  /** The mean; may be Infinity. */
  readonly mean?: number;
  /** The standard deviation; may be Infinity. */
  readonly standardDeviation?: number;
  /** What a user should know of these parameters; `check` prints it. */
  readonly warnings?: readonly string[];
}

/** A distribution of times in milliseconds, complete. */
export interface Distribution {
  /** The family's name. */
  readonly family: string;
  /**
   * The inverse of the cumulative distribution function: what every draw comes from. Undefined for a distribution that
   * can only be sampled.
   */
  readonly quantile: ((u: number) => number) | undefined;
  /** The quantile at 1 − v. */
  readonly survivalQuantile: ((v: number) => number) | undefined;
  /** The draw of one exchange from a stream; never negative, never NaN. */
  draw(stream: Stream, sequence: number): number;
  /** P(X ≤ x). */
  cdf(x: number): number;
  /** P(X > x). */
  survival(x: number): number;
  /** The mean; may be Infinity. */
  readonly mean: number;
  /** The standard deviation; may be Infinity. */
  readonly standardDeviation: number;
  /** True where cdf, mean and the like come from seeded Monte Carlo, not from formulas. */
  readonly estimated: boolean;
  /** What a user should know of these parameters. */
  readonly warnings: readonly string[];
}

// ------------------------------------------------------------------------------------------------------ settings

/** The limits of a number: `min` and `max` are allowed themselves, `above` is not. */
export interface Limits {
  /** The smallest allowed. */
  readonly min?: number;
  /** All allowed are greater than this. */
  readonly above?: number;
  /** The greatest allowed. */
  readonly max?: number;
}

/** The types that settings are made of, and zod to put them together. A schema made with another validator is as welcome. */
export interface Kit {
  /** zod, as perfmock uses it. */
  readonly z: typeof z;
  /** A duration: "250us", "120ms", "1.5s", "2m", "1h", or milliseconds as a number; comes out in ms. At least 0 unless told. */
  duration(limits?: Limits): KitType<number>;
  /** A rate: "400/s", "30/m", or per second as a number; comes out per second. */
  rate(limits?: Limits): KitType<number>;
  /** A size: "64KiB", "1GB", or bytes as a number; comes out in bytes, whole. */
  size(limits?: Limits): KitType<number>;
  /** A share: 0…1. */
  share(): KitType<number>;
  /** A finite number. */
  number(limits?: Limits): KitType<number>;
  /** A whole number. */
  integer(limits?: Limits): KitType<number>;
  /** A distribution in any of its written forms; comes out compiled. */
  distribution(): KitType<Distribution>;
  /** A file's path, relative to the file that names it; comes out absolute. */
  file(): KitType<string>;
}

// ------------------------------------------------------------------------------------------------- control API

/** One call of the control API, or of a plugin's own path: routing, validation and openapi.json come from it. */
export interface Endpoint {
  /** GET, POST, PUT, PATCH or DELETE. */
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With a leading slash, in Hono's path syntax. */
  readonly path: string;
  /** In one sentence, for openapi.json. */
  readonly summary: string;
  /** The schema of a JSON body; a request that breaks it never reaches `handle`. */
  readonly body?: Schema;
  /** The JSON Schema of the answer, for openapi.json. */
  readonly answer?: Readonly<Record<string, unknown>>;
  /** The answer's content type, application/json where absent. */
  readonly type?: string;
  /** Answers: a Response as it is, anything else as JSON. A PerfmockError becomes a problem document, status 400. */
  handle(call: Call): Awaitable<unknown>;
}

/** One call of an {@linkcode Endpoint}. */
export interface Call {
  /** The request; its body is read already where the endpoint has a body schema. */
  readonly request: Request;
  /** The values of the path's parameters. */
  readonly parameters: Readonly<Record<string, string>>;
  /** The body, parsed by the endpoint's schema. */
  readonly body: unknown;
}

// ------------------------------------------------------------------------------------------------------ metrics

/** What a series is called and means. */
export interface MetricDefinition {
  /** In base units, such as `perfmock_queue_seconds`; counters end in `_total`. */
  readonly name: string;
  /** In one sentence. */
  readonly help: string;
  /** The names of its labels, in order. */
  readonly labels?: readonly string[];
}

/** A number that only grows. */
export interface Counter {
  /** Adds `n`, 1 where absent. */
  add(n?: number): void;
  /** The present value. */
  readonly value: number;
}

/** A number that goes up and down. */
export interface Gauge {
  /** Sets the value. */
  set(value: number): void;
  /** Adds `n`, which may be negative. */
  add(n: number): void;
  /** The present value. */
  readonly value: number;
}

/** A distribution of measured durations. Recorded in milliseconds, exposed in seconds. */
export interface Timing {
  /** Records one duration, in milliseconds. */
  record(milliseconds: number): void;
  /** How many were recorded. */
  readonly count: number;
  /** Their sum, in milliseconds. */
  readonly sum: number;
  /** How many were at most as long as each boundary, cumulative; the last entry is the count. */
  cumulative(): readonly number[];
  /** The value at probability p, in milliseconds, to within 0.4 %; NaN where nothing was recorded. */
  quantile(p: number): number;
}

/** A metric with one series per set of label values. */
export interface Metric<Series = Counter | Gauge | Timing> {
  /** What it is. */
  readonly definition: MetricDefinition;
  /** Its kind, in Prometheus' words. */
  readonly type: "counter" | "gauge" | "histogram";
  /** The upper boundaries of a histogram's buckets, in milliseconds. */
  readonly boundaries?: readonly number[];
  /** The series for these label values, in the definition's order; made at the first call. Bind it once, keep it. */
  series(...values: readonly string[]): Series;
  /** All series with their label values. */
  entries(): Iterable<readonly [values: readonly string[], series: Series]>;
}

/** All metrics of a server. A name taken twice with another type or other labels is an error. */
export interface Metrics {
  /** A counter metric. */
  counter(definition: MetricDefinition): Metric<Counter>;
  /** A gauge metric. */
  gauge(definition: MetricDefinition): Metric<Gauge>;
  /** A histogram metric; boundaries in ascending milliseconds, by default those for durations. */
  timing(
    definition: MetricDefinition,
    boundaries?: readonly number[],
  ): Metric<Timing>;
  /** All metrics there are, in the order they were made. */
  all(): Iterable<Metric>;
}

/** What a plugin throws for a fault in a user's settings; structurally a PerfmockError. */
export interface Faults extends Error {
  /** All faults, paths relative to what the plugin was given. */
  readonly issues: readonly Issue[];
}

/** A zod type that yields `T`: what a {@linkcode Kit} hands out. */
export type KitType<T> =
  & InstanceType<Kit["z"]["ZodType"]>
  & Schema<T>
  & { readonly _zod: { readonly output: T } };
