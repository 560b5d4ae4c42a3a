/**
 * The part of the contract that settings are made of.
 *
 * @module
 */
import type { z } from "zod";
import type { Issue } from "../errors.ts";
import type { Schema } from "./schema.ts";
import type { Distribution } from "./distribution.ts";
import type { Signal, Timeline } from "./signal.ts";

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

/** What a plugin throws for a fault in a user's settings; structurally a PerfmockError. */
export interface Faults extends Error {
  /** All faults, paths relative to what the plugin was given. */
  readonly issues: readonly Issue[];
}
