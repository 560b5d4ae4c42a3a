/**
 * Units of durations in files.
 *
 * @module
 */
import { PerfmockError } from "../../../core/plugin.ts";

/** Milliseconds per unit, as a quotient, because 1/1000 is no binary fraction. */
const UNITS: Readonly<
  Record<string, readonly [factor: number, divisor: number]>
> = {
  ns: [1, 1_000_000],
  us: [1, 1000],
  "\u00b5s": [1, 1000],
  "\u03bcs": [1, 1000],
  ms: [1, 1],
  s: [1000, 1],
  m: [60_000, 1],
  h: [3_600_000, 1],
};

/** Unit of durations. */
export interface Unit {
  /** Name, such as `ms`. */
  readonly name: string;
  /** Converts a number of the unit to ms. */
  readonly toMilliseconds: (value: number) => number;
}

/** Returns a unit by its name; undefined if there is none. */
export function unitNamed(name: string): Unit | undefined {
  return Object.hasOwn(UNITS, name) ? known(name) : undefined;
}

function known(name: string): Unit {
  const [factor, divisor] = UNITS[name];
  return { name, toMilliseconds: (value) => value * factor / divisor };
}

/**
 * Returns the unit that a user names.
 *
 * @throws PerfmockError `ARGUMENT_INVALID` if there is no such unit
 */
export function chosenUnit(name: string | undefined): Unit | undefined {
  if (name === undefined) return undefined;
  const unit = unitNamed(name);
  if (unit !== undefined) return unit;
  throw new PerfmockError("ARGUMENT_INVALID", "Cannot read the file", [{
    path: "--unit",
    message: "There is no such unit of durations",
    value: name,
    allowed: "s, ms, us or ns",
  }]);
}

/** Milliseconds. */
export const MILLISECONDS: Unit = known("ms");

/** Seconds. */
export const SECONDS: Unit = known("s");

/** Units that the name of a metric or a column may end with. */
const SUFFIXES: readonly (readonly [pattern: RegExp, unit: string])[] = [
  [/(?:^|[_\s(.\-])(?:ns|nanos|nanosec(?:onds?)?|nanoseconds?)\)?$/i, "ns"],
  [
    /(?:^|[_\s(.\-])(?:us|µs|μs|micros|microsec(?:onds?)?|microseconds?)\)?$/i,
    "us",
  ],
  [/(?:^|[_\s(.\-])(?:ms|millis|millisec(?:onds?)?|milliseconds?)\)?$/i, "ms"],
  [/(?:^|[_\s(.\-])(?:s|secs?|seconds?)\)?$/i, "s"],
  [/[a-z](?:Ms|Millis)$/, "ms"],
  [/[a-z](?:Us|Micros)$/, "us"],
  [/[a-z](?:Ns|Nanos)$/, "ns"],
  [/[a-z](?:Seconds|Secs)$/, "s"],
];

/** Returns the unit that a name ends with, as in `request_duration_seconds`, `elapsed (ms)` or `durationMs`. */
export function unitInName(name: string): Unit | undefined {
  const found = SUFFIXES.find(([pattern]) => pattern.test(name));
  return found && unitNamed(found[1]);
}

/** A number with a unit, if it has one. */
const QUANTITY =
  /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(ns|us|\u00b5s|\u03bcs|ms|s|m|h)?$/u;

/**
 * Reads a duration.
 *
 * @param unit unit of a number without one
 * @returns duration in ms; NaN if the text is none
 */
export function durationIn(text: string, unit: Unit): number {
  const [, digits, written] = QUANTITY.exec(text.trim()) ?? [];
  if (digits === undefined) return NaN;
  const own = written === undefined ? unit : unitNamed(written) ?? unit;
  return own.toMilliseconds(Number(digits));
}
