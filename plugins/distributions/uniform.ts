/**
 * The uniform family.
 *
 * @module
 */
import type { Family } from "../../core/plugin.ts";
import { requireAscending } from "./_faults.ts";

/** The parameters of {@linkcode uniform}, in milliseconds. */
export interface UniformParameters {
  /** The lower end, at least 0. */
  readonly min: number;
  /** The upper end, above the lower one. */
  readonly max: number;
}

/** Every time between two ends alike. */
export const uniform: Family<UniformParameters> = {
  name: "uniform",
  summary: "Every time between min and max alike",
  source: "Johnson, Kotz, Balakrishnan, Continuous Univariate Distributions",
  parameters: ({ z, duration }) =>
    z.strictObject({ min: duration(), max: duration() }).superRefine((
      given,
      context,
    ) => requireAscending(context, given)),
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
