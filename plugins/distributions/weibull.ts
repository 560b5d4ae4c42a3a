/**
 * The Weibull family.
 *
 * @module
 */
import { type Family, logGamma } from "../../core/plugin.ts";

/** Parameters of {@linkcode weibull}. */
export interface WeibullParameters {
  /** Shape, 0.01…1000. Below 1 the tail is heavier than that of an exponential distribution, above 1 lighter. */
  readonly shape: number;
  /** Scale: the 63rd percentile in milliseconds, above 0. */
  readonly scale: number;
}

/** A tail heavier or lighter than that of an exponential distribution. */
export const weibull: Family<WeibullParameters> = {
  name: "weibull",
  summary: "A tail heavier (shape < 1) or lighter (shape > 1) than exponential",
  source: "Johnson, Kotz, Balakrishnan, Continuous Univariate Distributions",
  parameters: ({ z, duration, number, worded }) =>
    z.strictObject(worded({
      shape: number({ min: 0.01, max: 1000 }),
      scale: duration({ above: 0 }),
    }, {
      shape: "Shape; below 1 the tail is heavier than an exponential one",
      scale: "Scale: 63 % of the times are shorter",
    })),
  create: ({ shape, scale }) => {
    const power = 1 / shape;
    const first = logGamma(1 + power);
    const spread = logGamma(1 + 2 * power) - 2 * first;
    const mean = scale * Math.exp(first);
    const hazard = (x: number) => Math.pow(x / scale, shape);
    return {
      quantile: (u) => scale * Math.pow(-Math.log1p(-u), power),
      survivalQuantile: (v) => scale * Math.pow(-Math.log(v), power),
      cdf: (x) => x <= 0 ? 0 : -Math.expm1(-hazard(x)),
      survival: (x) => x <= 0 ? 1 : Math.exp(-hazard(x)),
      mean,
      standardDeviation: mean * Math.sqrt(Math.expm1(spread)),
    };
  },
};
