/**
 * The Poisson family.
 *
 * @module
 */
import type { Family } from "../../core/plugin.ts";
import { poissonCounts } from "./_poisson.ts";

/** The parameters of {@linkcode poisson}. */
export interface PoissonParameters {
  /** In units, above 0, at most 1 000 000. */
  readonly mean: number;
  /** What one count lasts, in milliseconds; 1 where absent. */
  readonly unit?: number;
}

/** A whole number of units, such as time slices or round trips. */
export const poisson: Family<PoissonParameters> = {
  name: "poisson",
  summary: "A whole number of units, such as time slices or round trips",
  source:
    "Loader, Fast and accurate computation of binomial probabilities, 2000",
  parameters: ({ z, duration, number }) =>
    z.strictObject({
      mean: number({ above: 0, max: 1_000_000 }),
      unit: duration({ above: 0 }).optional(),
    }),
  create: ({ mean, unit = 1 }) => {
    const counts = poissonCounts(mean);
    // Division may fall just short of the count whose product is x.
    const count = (x: number) => {
      const whole = Math.floor(x / unit);
      return (whole + 1) * unit <= x ? whole + 1 : whole;
    };
    return {
      quantile: (u) => unit * counts.quantile(u),
      survivalQuantile: (v) => unit * counts.survivalQuantile(v),
      cdf: (x) => counts.cdf(count(x)),
      survival: (x) => counts.survival(count(x)),
      mean: mean * unit,
      standardDeviation: Math.sqrt(mean) * unit,
    };
  },
};
