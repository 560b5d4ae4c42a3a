/**
 * The uniform family.
 *
 * @module
 */
import type { Family } from "../../core/plugin.ts";
import { requireAscending } from "./_parameters.ts";

/** Parameters of {@linkcode uniform}, in milliseconds. */
export interface UniformParameters {
  /** Shortest time, at least 0. */
  readonly min: number;
  /** Longest time, above min. */
  readonly max: number;
}

/** All times between two ends are equally likely. */
export const uniform: Family<UniformParameters> = {
  name: "uniform",
  summary: "Every time between min and max alike",
  source: "Johnson, Kotz, Balakrishnan, Continuous Univariate Distributions",
  parameters: ({ z, duration, worded }) =>
    z.strictObject(worded({ min: duration(), max: duration() }, {
      min: "Shortest time",
      max: "Longest time",
    })).superRefine((given, context) => requireAscending(context, given)),
  create: ({ min, max }) => {
    const width = max - min;
    const share = (x: number) => Math.min(1, Math.max(0, x / width));
    return {
      quantile: (u) => min + u * width,
      survivalQuantile: (v) => max - v * width,
      cdf: (x) => share(x - min),
      survival: (x) => share(max - x),
      mean: min + width / 2,
      standardDeviation: width / Math.sqrt(12),
    };
  },
};
