/**
 * The exponential family.
 *
 * @module
 */
import type { Family } from "../../core/plugin.ts";
import { requireOneForm } from "./_faults.ts";

/** The parameters of {@linkcode exponential}: one of the two. */
export interface ExponentialParameters {
  /** In milliseconds, above 0. */
  readonly mean?: number;
  /** How many would be served a second, one after the other; above 0. */
  readonly rate?: number;
}

/** Service without memory: most times short, a few long. */
export const exponential: Family<ExponentialParameters> = {
  name: "exponential",
  summary: "Service without memory, as in the M/M/c queue",
  source: "Johnson, Kotz, Balakrishnan, Continuous Univariate Distributions",
  parameters: ({ z, duration, rate }) =>
    z.strictObject({
      mean: duration({ above: 0 }).optional(),
      rate: rate({ above: 0 }).optional(),
    }).superRefine((given, context) =>
      requireOneForm(context, given, [["mean"], ["rate"]])
    ),
  create: ({ rate = NaN, mean = 1000 / rate }) => ({
    quantile: (u) => -mean * Math.log1p(-u),
    survivalQuantile: (v) => -mean * Math.log(v),
    cdf: (x) => x <= 0 ? 0 : -Math.expm1(-x / mean),
    survival: (x) => x <= 0 ? 1 : Math.exp(-x / mean),
    mean,
    standardDeviation: mean,
  }),
};
