/**
 * Types of the contract for values: time, random numbers, schemas, settings, distributions, signals and dials.
 *
 * @module
 */
import type { z } from "zod";

/** A value, or a promise of one. */
export type Awaitable<T> = T | PromiseLike<T>;

/** Source of time and timers. All times are in ms. */
export interface Clock {
  /** Returns the current time, in ms with fractions since an arbitrary origin. It never goes backwards. */
  now(): number;
  /**
   * Sets a timer, which calls `wake(argument)` once when `now() >= deadline`: never early, and never before `at` has returned.
   * Timers with equal deadlines fire in the order in which they were set.
   *
   * @param deadline time of this clock, in ms; a timer with a time in the past fires as soon as possible, one with Infinity
   * never
   * @param argument passed to `wake`, so that a caller needs no closure for each timer
   * @returns handle for {@linkcode Clock.cancel}, greater than 0
   * @throws RangeError if the deadline is NaN
   */
  at<Argument>(
    deadline: number,
    wake: (argument: Argument) => void,
    argument: Argument,
  ): number;
  /**
   * Cancels a timer. Handles of timers that have fired, were cancelled or never existed are ignored.
   *
   * @returns true if the timer was pending
   */
  cancel(timer: number): boolean;
  /**
   * Lets requests that have arrived and timers that are due go first. Long work awaits it after each fraction of a millisecond, so
   * that it delays no response. On a virtual clock no time passes.
   *
   * @returns promise that never rejects
   */
  yield(): Promise<void>;
}

/** Stream of random numbers. They are looked up by position, not consumed: a position always has the same number. */
export interface Stream {
  /**
   * Returns the number at a position.
   *
   * @param sequence sequence number of the exchange, or a hash from {@linkcode Route.placeOf}: an integer, taken modulo 2^32
   * @param index zero-based index of the draw within the exchange, 0…4095; default 0
   * @returns number strictly between 0 and 1, with 52 random bits
   */
  uniform(sequence: number, index?: number): number;
}

/** Error that a {@linkcode Schema} found in a value. */
export interface SchemaIssue {
  /** Description of the error, a sentence without a full stop. */
  readonly message: string;
  /** Path from the validated value to the part with the error. Default the value itself. */
  readonly path?:
    | readonly (PropertyKey | { readonly key: PropertyKey })[]
    | undefined;
}

/** Result of a {@linkcode Schema}: the parsed value, or all errors. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** Properties of a {@linkcode Schema} under `~standard`. */
export interface StandardProperties<Output> {
  /** Version of Standard Schema. */
  readonly version: 1;
  /** Name of the validator, such as `"zod"`. */
  readonly vendor: string;
  /** Parses a value. Must be synchronous: perfmock reports a promise as an error of the plugin. */
  readonly validate: (
    value: unknown,
  ) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
  /** Types for inference; undefined at run time. */
  readonly types?:
    | { readonly input: unknown; readonly output: Output }
    | undefined;
  /** JSON Schema of the input, for `perfmock schema`, openapi.json and the "allowed" part of error messages. */
  readonly jsonSchema?:
    | {
      readonly input: (
        options: { readonly target: "draft-2020-12" },
      ) => Record<string, unknown>;
    }
    | undefined;
}

/** Schema of any validator that implements Standard Schema v1, such as zod. */
export interface Schema<Output = unknown> {
  /** Properties of Standard Schema. */
  readonly "~standard": StandardProperties<Output>;
}

/** Limits of a number. `min` and `max` are inclusive, `above` is exclusive. Default no limits. */
export interface Limits {
  /** Smallest allowed value. */
  readonly min?: number;
  /** Value that allowed values must exceed. */
  readonly above?: number;
  /** Largest allowed value. */
  readonly max?: number;
}

/**
 * Types for settings, and zod to combine them. Schemas of other validators that implement Standard Schema are accepted as well.
 */
export interface Kit {
  /** Instance of zod that perfmock uses. */
  readonly z: typeof z;
  /** Duration such as "250us", "120ms", "1.5s", "2m" or "1h", or a number of ms; parsed to ms. By default at least 0. */
  duration(limits?: Limits): KitType<number>;
  /** Rate such as "400/s" or "30/m", or a number per second; parsed to a number per second. By default at least 0. */
  rate(limits?: Limits): KitType<number>;
  /** Size such as "64KiB" or "1GB", or a number of bytes; parsed to a whole number of bytes. By default at least 0. */
  size(limits?: Limits): KitType<number>;
  /** Share, 0…1. */
  share(): KitType<number>;
  /** Finite number. */
  number(limits?: Limits): KitType<number>;
  /** Whole number. */
  integer(limits?: Limits): KitType<number>;
  /**
   * Says what each key of an object means: in JSON Schemas, for editors, and in the reference. Returns a shape for
   * `z.strictObject()`.
   *
   * @param shape types by key
   * @param words meaning of each key: a phrase without a full stop that names the thing, with its unit, and its default if the type
   * does not have it
   */
  worded<
    Shape extends Readonly<Record<string, InstanceType<Kit["z"]["ZodType"]>>>,
  >(
    shape: Shape,
    words: { readonly [Key in keyof Shape]: string },
  ): Shape;
  /** Distribution in any of its written forms; parsed to the compiled distribution. */
  distribution(): KitType<Distribution>;
  /**
   * Value as a function of time, in any of its written forms: a bare value, `{ ramp: … }`, and so on.
   *
   * @param unit type of the values
   */
  signal(unit: KitType<number>): KitType<Signal>;
  /**
   * Value of any type as a function of time, such as that of a dial: a bare value, `{ timeline: [{ at, value }] }` with jumps, or,
   * if the values are numbers, any form of a signal.
   *
   * @param value type of the values
   */
  timeline<T>(value: KitType<T>): KitType<Timeline<T>>;
  /**
   * Path of a file, relative to the file that contains the setting; parsed to an absolute path. A call of the control API needs the
   * power `files` for one outside of the configuration's folder.
   */
  file(): KitType<string>;
  /**
   * Makes a check for `superRefine()` of a setting that has the server send to a host: a call of the control API needs a power
   * for one beyond loopback.
   *
   * @param power the power
   * @param hostOf returns the host that the setting names; undefined if it names none
   */
  beyond(
    power: "targets" | "proxies",
    hostOf: (value: string) => string | undefined,
  ): (value: string, context: RefinementContext) => void;
}

/** The part of zod's context of a refinement that takes issues. */
export interface RefinementContext {
  /** Adds an issue. */
  addIssue(issue: {
    readonly code: "custom";
    readonly message: string;
    readonly input?: unknown;
    readonly params?: Record<string, unknown>;
  }): void;
}

/**
 * Power of the control API: `plugins` to load, `files` outside of the configuration's folder, and other hosts as receivers of
 * load and metrics, `targets`, or as upstreams of routes, `proxies`.
 */
export type Power = "plugins" | "files" | "targets" | "proxies";

/** Type of a {@linkcode Kit}: a zod type whose output is `T`. */
export type KitType<T> =
  & InstanceType<Kit["z"]["ZodType"]>
  & Schema<T>
  & { readonly _zod: { readonly output: T } };

/** Distribution family: creates a {@linkcode Shape} from parameters. */
export interface Family<Parameters = unknown> {
  /** Name in settings, lower case: users write `{ "<name>": { … } }` or `<name>(…)`. */
  readonly name: string;
  /** Creates the schema of the parameters. */
  readonly parameters: (kit: Kit) => Schema<Parameters>;
  /** Purpose in one sentence. */
  readonly summary?: string;
  /** Source of the formulas. */
  readonly source?: string;
  /**
   * Creates a distribution. Must be pure.
   *
   * @throws PerfmockError with issues whose paths are relative to the parameters
   */
  create(parameters: Parameters): Shape;
}

/**
 * Functions and moments of a distribution, all in ms. A family provides at least `quantile` or `sample`. perfmock computes the
 * rest: numerically from `quantile`, or as estimates from `sample`, which it marks as such.
 */
export interface Shape {
  /** Quantile function: inverse of the cumulative distribution function for 0 < u < 1; the ends of the support at 0 and 1. */
  readonly quantile?: (u: number) => number;
  /**
   * Draws a value, for distributions without a quantile function or with a slow one. If both are present, draws use this one.
   *
   * @param next returns the next of up to 4096 independent uniform numbers, strictly between 0 and 1
   */
  readonly sample?: (next: () => number) => number;
  /** Cumulative distribution function, P(X ≤ x). */
  readonly cdf?: (x: number) => number;
  /** Survival function, P(X > x), without the cancellation of 1 − cdf(x). */
  readonly survival?: (x: number) => number;
  /** Quantile at 1 − v, for tails where 1 − v rounds to 1. */
  readonly survivalQuantile?: (v: number) => number;
  /** Mean, in ms; may be Infinity. */
  readonly mean?: number;
  /** Standard deviation, in ms; may be Infinity. */
  readonly standardDeviation?: number;
  /** Warnings about these parameters, one sentence each; printed by `perfmock check`. */
  readonly warnings?: readonly string[];
  /**
   * True if the times were measured, or fitted to measured ones, so that they contain the waits in the queues of the measured system.
   * Default false.
   */
  readonly measured?: boolean;
}

/** Compiled distribution of times in ms. */
export interface Distribution {
  /** Name of the family. */
  readonly family: string;
  /**
   * Quantile function, for 0 < u < 1: the smallest x with P(X ≤ x) ≥ u, where some units in the last place of u do not count.
   * Undefined if the distribution can only be sampled.
   */
  readonly quantile: ((u: number) => number) | undefined;
  /** Quantile at 1 − v; undefined if the distribution can only be sampled. */
  readonly survivalQuantile: ((v: number) => number) | undefined;
  /** Draws the value of one exchange from a stream, in ms; never negative or NaN. */
  draw(stream: Stream, sequence: number): number;
  /** Cumulative distribution function, P(X ≤ x). */
  cdf(x: number): number;
  /** Survival function, P(X > x). */
  survival(x: number): number;
  /** Mean, in ms; may be Infinity. */
  readonly mean: number;
  /** Standard deviation, in ms; may be Infinity. */
  readonly standardDeviation: number;
  /** True if cdf, mean and so on are estimates of a seeded Monte Carlo simulation, false if they come from formulas. */
  readonly estimated: boolean;
  /** Warnings about these parameters, one sentence each. */
  readonly warnings: readonly string[];
  /** True if the times were measured, or fitted to measured ones; absent counts as false. */
  readonly measured?: boolean;
}

/** Number as a pure function of time. After its end it keeps its last value. */
export interface Signal {
  /**
   * Returns the value at a time.
   *
   * @param time time since the start of the signal, in ms; negative times count as 0
   */
  at(time: number): number;
  /** Returns the integral from 0 to a time, in value · ms. Negative values count as 0. */
  integral(time: number): number;
  /**
   * Returns the earliest time, in ms, at which the integral reaches an area; Infinity if it never does. Even arrivals at a rate are
   * at the areas 500, 1500, 2500, …, because a rate is per second and time is in ms: until any time there are then as many as the
   * integral, rounded.
   */
  inverse(area: number): number;
  /** Time after which the value is constant, in ms since the start; Infinity if there is none. */
  readonly end: number;
  /** True if the value never changes. */
  readonly constant: boolean;
}

/** Value of any type as a function of time; a {@linkcode Signal} is a timeline of numbers. After its end it keeps its last value. */
export interface Timeline<T> {
  /**
   * Returns the value at a time.
   *
   * @param time time since the start of the timeline, in ms; negative times count as 0
   */
  at(time: number): T;
  /** Time after which the value is constant, in ms since the start; Infinity if there is none. */
  readonly end: number;
  /** True if the value never changes. */
  readonly constant: boolean;
}

/** Setting that can be changed while requests are in flight: its value overrides the configuration until it is removed. */
export interface Dial<Value = unknown> {
  /** Type of the values as users write them, such as `kit.number({ min: 0 })`. A timeline of that type can drive the dial. */
  readonly type: KitType<Value>;
  /** Value of the configuration, which holds until the dial is turned; undefined where it has none, or is not known. */
  readonly configured?: Value;
  /** Meaning of the value: a phrase without a full stop, for the reference. */
  readonly summary?: string;
  /**
   * Overrides the configuration with a parsed value, or restores the configuration if the value is undefined. A signal's numbers
   * may lie beyond the type's limits, and between whole numbers. Synchronous; takes effect no later than the next exchange. Must not
   * throw.
   */
  turn(value: Value | undefined): void;
}

/** Address of a dial. `{ route: "orders", dial: "scale" }` in a load script has the kind `route`. */
export interface DialAddress {
  /** Kind of owner: `route`, `pool`, or another kind that a plugin declares. */
  readonly kind: string;
  /** Name of the owner, such as a route's id or a pool's name. */
  readonly of: string;
  /** Name of the dial. */
  readonly dial: string;
}

/** All dials of a server, across revisions. */
export interface Dials {
  /** Lists the dials of the revision in force. */
  list(): Iterable<DialAddress>;
  /** Returns the type of a dial's values; undefined if there is no such dial. */
  typeOf(address: DialAddress): KitType<unknown> | undefined;
  /** Returns the configuration's value of a dial, whatever it is turned to; undefined where it is not known. */
  configured(address: DialAddress): unknown;
  /** Returns the meaning of a dial's values; undefined if there is no such dial, or it does not say. */
  summaryOf(address: DialAddress): string | undefined;
  /**
   * Takes exclusive control of a dial. Its value also applies to later revisions that have such a dial.
   *
   * @param holder name of the caller, for the error message of the next one
   * @throws PerfmockError `DIAL_UNAVAILABLE` if there is no such dial, or another caller holds it
   */
  hold(address: DialAddress, holder: string): HeldDial;
}

/** Dial under exclusive control. */
export interface HeldDial {
  /** Overrides the configuration with a value that the dial's type has parsed; undefined restores the configuration. */
  turn(value: unknown): void;
  /** Restores the configuration and gives up control. Later calls have no effect. */
  release(): void;
}
