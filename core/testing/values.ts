/**
 * Input of the assertions: recorded times, and numbers in their messages.
 *
 * @module
 */
import { AssertionError } from "node:assert";
import { type Issue, PerfmockError } from "../errors.ts";

/**
 * Copies recorded times, sorted.
 *
 * @param what action that needs them, for the message
 * @throws PerfmockError `ARGUMENT_INVALID` if there are none, or one is no time
 */
export function sortedTimes(
  times: Iterable<number>,
  what: string,
): Float64Array {
  const values = [...times];
  const wrong = values.findIndex((value) =>
    typeof value !== "number" || !(value >= 0 && value < Infinity)
  );
  if (wrong >= 0) {
    throw invalid(what, [{
      path: `/${wrong}`,
      message: `Expected a time, received ${String(values[wrong])}`,
      value: String(values[wrong]),
      allowed: "a finite number of milliseconds, at least 0",
    }]);
  }
  if (values.length === 0) {
    throw invalid(what, [{
      path: "",
      message: "There are no times",
      allowed: "a recorded set of at least one time",
    }]);
  }
  return Float64Array.from(values).sort();
}

/** Makes the error of an assertion that was called wrongly. */
export function invalid(
  what: string,
  issues: readonly Issue[],
): PerfmockError {
  return new PerfmockError(
    "ARGUMENT_INVALID",
    `Cannot ${what}: ${issues.map(({ message }) => message).join("; ")}`,
    issues,
  );
}

/** Makes the error of an assertion that does not hold. */
export function failed(
  message: string,
  { actual, expected, operator }: {
    readonly actual?: unknown;
    readonly expected?: unknown;
    readonly operator: string;
  },
): AssertionError {
  return new AssertionError({ message, actual, expected, operator });
}

/** Writes a time with four significant digits: `12.34 ms`, `1.25 s`. */
export function time(milliseconds: number): string {
  const [factor, unit] = milliseconds >= 1000
    ? [1000, "s"]
    : milliseconds >= 1 || milliseconds === 0
    ? [1, "ms"]
    : [0.001, "µs"];
  return `${Number((milliseconds / factor).toPrecision(4))} ${unit}`;
}

/** Writes a share in percent: `0.8 %`, `12 %`. */
export function percent(share: number): string {
  const value = 100 * share;
  const text = value >= 99.95 && value < 100
    ? value.toPrecision(5)
    : value.toPrecision(value < 10 ? 2 : 3);
  return `${Number(text)} %`;
}

/** Writes a percentile's name from its probability: 0.99 gives `p99`, 0.999 gives `p99.9`. */
export function percentile(p: number): string {
  return `p${Number((100 * p).toPrecision(12))}`;
}

/** Writes a count of values. */
export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}

/** Value at probability p by nearest rank. */
export function nearestRank(sorted: Float64Array, p: number): number {
  return sorted[rankOf(sorted.length, p) - 1];
}

/** One-based rank of probability p among n values. Rounding may put p · n just above a whole number. */
export function rankOf(n: number, p: number): number {
  return Math.min(n, Math.max(1, Math.ceil(p * n * (1 - 2 ** -50))));
}
