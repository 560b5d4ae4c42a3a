/**
 * The exponential family.
 *
 * @module
 */
import type { Family } from "../../core/plugin.ts";
import { requireOneForm } from "./_parameters.ts";

/** Parameters of {@linkcode exponential}: mean or rate. */
export interface ExponentialParameters {
  /** Mean in milliseconds, above 0. */
  readonly mean?: number;
  /** Service rate: number of exchanges per second that one server would complete; above 0. */
  readonly rate?: number;
}

/** Service without memory: most times are short, a few are long. */
export const exponential: Family<ExponentialParameters> = {
  name: "exponential",
  summary: "Service without memory, as in the M/M/c queue",
  source: "Johnson, Kotz, Balakrishnan, Continuous Univariate Distributions",
  parameters: ({ z, duration, rate, worded }) =>
    z.strictObject(worded({
      mean: duration({ above: 0 }).optional(),
      rate: rate({ above: 0 }).optional(),
    }, {
      mean: "Mean",
      rate: "Reciprocal of the mean, in place of it",
    })).superRefine((given, context) =>
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
