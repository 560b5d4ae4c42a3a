/**
 * A first look at what a family made, so that a bad function is an error of the configuration and not of a request.
 *
 * @module
 */
import { PerfmockError } from "../errors.ts";
import type { Stream } from "../plugin.ts";
import { createStream } from "../lib/random/mod.ts";

/** Where quantile functions are tried, from the smallest to the greatest uniform there is. */
const PROBES: readonly number[] = [
  ...[2 ** -53, 1e-12, 1e-9, 1e-6, 1e-4, 0.001, 0.01, 0.05],
  ...[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9],
  ...[0.95, 0.99, 0.999, 1 - 1e-4, 1 - 1e-6, 1 - 1e-9, 1 - 1e-12, 1 - 2 ** -53],
];

/** How many draws of a sample function are tried. */
const SAMPLES = 64;

/** What a quantile may fall by before it counts as decreasing, relative to itself: rounding. */
const SLACK = 1e-12;

/**
 * Tries a quantile function at points from end to end.
 *
 * @throws PerfmockError `CONFIG_INVALID` where it yields NaN or Infinity, or decreases
 */
export function probeQuantile(
  family: string,
  quantile: (u: number) => number,
): void {
  let before = -Infinity;
  let previous = 0;
  for (const u of PROBES) {
    const x = quantile(u);
    if (!Number.isFinite(x)) {
      throw invalid(family, `its quantile at ${u} is ${x}`, x);
    }
    if (x < before - SLACK * Math.abs(before)) {
      throw invalid(
        family,
        `its quantile decreases from ${before} at ${previous} to ${x} at ${u}`,
        x,
      );
    }
    before = x;
    previous = u;
  }
}

/**
 * Tries a sample function.
 *
 * @throws PerfmockError `CONFIG_INVALID` where it yields NaN or Infinity
 */
export function probeSample(
  family: string,
  sample: (stream: Stream, sequence: number) => number,
): void {
  const stream = createStream([0, 0], "probe");
  for (let i = 0; i < SAMPLES; i++) {
    const x = sample(stream, i);
    if (!Number.isFinite(x)) throw invalid(family, `it draws ${x}`, x);
  }
}

function invalid(
  family: string,
  reason: string,
  value: number,
): PerfmockError {
  const message =
    `Cannot use the distribution "${family}" with these parameters: ${reason}`;
  return new PerfmockError("CONFIG_INVALID", message, [{
    path: "",
    message,
    value: String(value),
    allowed:
      "parameters that give finite times in milliseconds, never decreasing",
  }]);
}
