/**
 * The part of the contract for values: time, random numbers, schemas, settings, distributions, signals and dials.
 *
 * @module
 */
import type { z } from "zod";

/** A value, or something that will become one. */
export type Awaitable<T> = T | PromiseLike<T>;

/** A source of time and of callbacks at given times. */
export interface Clock {
  /** The present, in milliseconds since an arbitrary origin, with fractions; never goes backwards. */
  now(): number;
  /**
   * Calls `wake(argument)` once `now() >= deadline`: never early, and never before `at` has returned. Deadlines that
   * are equal are served in the order of their insertion. The argument spares callers a closure per timer.
   *
   * @param deadline in milliseconds of this clock; a deadline in the past is served as soon as possible. NaN is refused
   * with a RangeError; Infinity is a timer that never fires.
   * @returns a handle for {@linkcode Clock.cancel}, greater than 0
   */
  at<Argument>(
    deadline: number,
    wake: (argument: Argument) => void,
    argument: Argument,
  ): number;
  /**
   * Takes a timer back. A handle that has fired, was cancelled, or never existed is ignored.
   *
   * @returns whether the timer was still pending
   */
  cancel(timer: number): boolean;
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

/** One fault that a {@linkcode Schema} found in a value. */
export interface SchemaIssue {
  /** What is wrong, as a sentence without a full stop. */
  readonly message: string;
  /** Where, from the validated value downwards. */
  readonly path?:
    | readonly (PropertyKey | { readonly key: PropertyKey })[]
    | undefined;
}

/** What a {@linkcode Schema} says of a value: the parsed value, or all its faults. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** The properties a {@linkcode Schema} keeps under `~standard`. */
export interface StandardProperties<Output> {
  /** The version of Standard Schema. */
  readonly version: 1;
  /** The validator's name, such as `"zod"`. */
  readonly vendor: string;
  /** Parses a value. perfmock takes synchronous schemas only: a promise is reported as a fault of the plugin. */
  readonly validate: (
    value: unknown,
  ) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
  /** Types for inference; absent at run time. */
  readonly types?:
    | { readonly input: unknown; readonly output: Output }
    | undefined;
  /** The JSON Schema of what goes in: it feeds `perfmock schema`, openapi.json and the "allowed" part of faults. */
  readonly jsonSchema?:
    | {
      readonly input: (
        options: { readonly target: "draft-2020-12" },
      ) => Record<string, unknown>;
    }
    | undefined;
}

/** Any validator that speaks Standard Schema v1. */
export interface Schema<Output = unknown> {
  /** The Standard Schema properties. */
  readonly "~standard": StandardProperties<Output>;
}

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
  /** A value as a function of time, in any of its written forms: the bare value, `{ ramp: … }`, …; its values are of `unit`. */
  signal(unit: KitType<number>): KitType<Signal>;
  /**
   * Values of any type as a function of time, such as those of a dial: the bare value, `{ timeline: [{ at, value }] }` with jumps,
   * or, where the values are numbers, any form of a signal.
   */
  timeline<T>(value: KitType<T>): KitType<Timeline<T>>;
  /** A file's path, relative to the file that names it; comes out absolute. */
  file(): KitType<string>;
}

/** A zod type that yields `T`: what a {@linkcode Kit} hands out. */
export type KitType<T> =
  & InstanceType<Kit["z"]["ZodType"]>
  & Schema<T>
  & { readonly _zod: { readonly output: T } };

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
  /**
   * One draw, for what has no quantile function or a slow one: given both, draws come from here. `next` gives independent
   * uniforms, at most 4096.
   */
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
   * The inverse of the cumulative distribution function. Undefined for a distribution that can only be sampled.
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

/** A value as a pure function of time. Past its end it holds its last value. */
export interface Signal {
  /** The value at a time, in milliseconds since the signal began; negative times are 0. */
  at(time: number): number;
  /** The integral of the value, clamped at 0 from below, from 0 to a time: value · milliseconds. */
  integral(time: number): number;
  /**
   * The earliest time at which the integral reaches an area: the arrival times of a rate signal are those of 1, 2, 3, …
   * times 1000 (a rate is per second, time in milliseconds).
   *
   * @returns Infinity where it never does
   */
  inverse(area: number): number;
  /** When it stops changing, in milliseconds; Infinity where it never does. */
  readonly end: number;
  /** Whether it never changes. */
  readonly constant: boolean;
}

/** A value of any type as a function of time; a {@linkcode Signal} is one of numbers. Past its end it holds its last value. */
export interface Timeline<T> {
  /** The value at a time, in milliseconds since it began; negative times are 0. */
  at(time: number): T;
  /** When it stops changing, in milliseconds; Infinity where it never does. */
  readonly end: number;
  /** Whether it never changes. */
  readonly constant: boolean;
}

/** Something that can be turned: a value that lies over the configuration's until it is taken off again. */
export interface Dial<Value = unknown> {
  /** The type of its values as they are written, such as `kit.number({ min: 0 })`; a signal of that type can drive it. */
  readonly type: KitType<Value>;
  /**
   * Lays a value, parsed, over the configuration's; undefined takes it off. Synchronous; holds from the next exchange, or
   * the next look at it, on.
   */
  turn(value: Value | undefined): void;
}

/** Names a dial: `{ route: "orders", dial: "scale" }` in a script is of kind `route`. */
export interface DialAddress {
  /** What it belongs to: `route`, `pool`, or a kind that a plugin declares. */
  readonly kind: string;
  /** Which of these: a route's id, a pool's name. */
  readonly of: string;
  /** Its own name. */
  readonly dial: string;
}

/** All dials of a server, over all revisions. */
export interface Dials {
  /** Those there are now. */
  list(): Iterable<DialAddress>;
  /** The type of its values; undefined where there is no such dial. */
  typeOf(address: DialAddress): KitType<unknown> | undefined;
  /**
   * Takes a dial. A new revision keeps what is laid over it, as long as it has such a dial.
   *
   * @param holder who takes it, for the message to the next
   * @throws PerfmockError `DIAL_UNAVAILABLE` where there is none, or another holds it
   */
  hold(address: DialAddress, holder: string): HeldDial;
}

/** A dial in somebody's hand. */
export interface HeldDial {
  /** Lays a value, parsed by the dial's type, over the configuration's; undefined takes it off. */
  turn(value: unknown): void;
  /** Takes the value off and gives the dial back; once. */
  release(): void;
}
