/**
 * The Pareto family.
 *
 * @module
 */
import type { Family } from "../../core/plugin.ts";

/** Parameters of {@linkcode pareto}. */
export interface ParetoParameters {
  /** Tail index, at least 0.1. The mean is infinite up to 1, the standard deviation up to 2. */
  readonly alpha: number;
  /** Shortest time in milliseconds, above 0. */
  readonly min: number;
}

/** A power law: rare times are long without limit. */
export const pareto: Family<ParetoParameters> = {
  name: "pareto",
  summary: "A power law: rare times are long without bound",
  source: "Johnson, Kotz, Balakrishnan, Continuous Univariate Distributions",
  parameters: ({ z, duration, number, worded }) =>
    z.strictObject(worded({
      alpha: number({ min: 0.1 }),
      min: duration({ above: 0 }),
    }, {
      alpha:
        "Index of the tail: the mean is infinite up to 1, the variance up to 2",
      min: "Shortest time",
    })),
  create: ({ alpha, min }) => {
    const mean = alpha > 1 ? alpha * min / (alpha - 1) : Infinity;
    const survival = (x: number) => x <= min ? 1 : Math.pow(min / x, alpha);
    return {
      quantile: (u) => min * Math.exp(-Math.log1p(-u) / alpha),
      survivalQuantile: (v) => min * Math.exp(-Math.log(v) / alpha),
      cdf: (x) => x <= min ? 0 : -Math.expm1(alpha * Math.log(min / x)),
      survival,
      mean,
      standardDeviation: alpha > 2
        ? mean / Math.sqrt(alpha * (alpha - 2))
        : Infinity,
      warnings: alpha > 1 ? [] : [
        `The mean is infinite where alpha is at most 1, received ${alpha}: no number of requests settles it`,
      ],
    };
  },
};
