/**
 * The lognormal family.
 *
 * @module
 */
import { type Family, normalCdf, normalQuantile } from "../../core/plugin.ts";
import {
  checkPercentiles,
  percentilesIn,
  through,
  withPercentiles,
} from "./_lognormal_percentiles.ts";
import { requireOneForm } from "./_parameters.ts";

/** Parameters of {@linkcode lognormal}: mu and sigma, two percentiles, median and sigma, or mean and sd. */
export interface LognormalParameters {
  /** Mean of the logarithm of milliseconds. */
  readonly mu?: number;
  /** Standard deviation of the logarithm, above 0. */
  readonly sigma?: number;
  /** Median in milliseconds, above 0. */
  readonly median?: number;
  /** Mean in milliseconds, above 0. */
  readonly mean?: number;
  /** Standard deviation in milliseconds, above 0. */
  readonly sd?: number;
  /** Percentile in milliseconds, above 0. */
  readonly [percentile: `p${number}`]: number;
}

/** Forms as messages name them; two percentiles are checked on their own. */
const FORMS = [
  ["mu", "sigma"],
  ["two percentiles such as median", "p99"],
  ["median", "sigma"],
  ["mean", "sd"],
];

/** A single peak and a long upper tail, like the response times of most real services. */
export const lognormal: Family<LognormalParameters> = {
  name: "lognormal",
  summary: "A bump and a long upper tail, as most services have",
  source: "Johnson, Kotz, Balakrishnan, Continuous Univariate Distributions",
  parameters: (kit) => {
    const { number, duration } = kit;
    return withPercentiles(
      kit,
      kit.worded({
        mu: number().optional(),
        sigma: number({ above: 0 }).optional(),
        median: duration({ above: 0 }).optional(),
        p99: duration({ above: 0 }).optional(),
        mean: duration({ above: 0 }).optional(),
        sd: duration({ above: 0 }).optional(),
      }, {
        mu: "Mean of the logarithm of the time in ms",
        sigma: "Standard deviation of the logarithm",
        median: "Median, with sigma or a percentile such as p99",
        p99: "Percentile 99, with the median or another percentile such as p90",
        mean: "Mean, with sd",
        sd: "Standard deviation, with mean",
      }),
    ).superRefine((given, context) => {
      const percentiles = percentilesIn(given);
      if (percentiles.length === 2 && Object.keys(given).length === 2) {
        checkPercentiles(context, percentiles);
      } else requireOneForm(context, given, FORMS);
    });
  },
  create: (parameters) => {
    const { mu, sigma } = underlying(parameters);
    const score = (x: number) => (Math.log(x) - mu) / sigma;
    const mean = Math.exp(mu + sigma * sigma / 2);
    return {
      quantile: (u) => Math.exp(mu + sigma * normalQuantile(u)),
      survivalQuantile: (v) => Math.exp(mu - sigma * normalQuantile(v)),
      cdf: (x) => x <= 0 ? 0 : normalCdf(score(x)),
      survival: (x) => x <= 0 ? 1 : normalCdf(-score(x)),
      mean,
      standardDeviation: mean * Math.sqrt(Math.expm1(sigma * sigma)),
    };
  },
};

/** Parameters of the logarithm. Absent parameters are NaN. */
function underlying(
  parameters: LognormalParameters,
): { readonly mu: number; readonly sigma: number } {
  const { mu = NaN, sigma = NaN, median = NaN, mean = NaN, sd = NaN } =
    parameters;
  if (mean > 0) {
    const variance = Math.log1p((sd / mean) ** 2);
    return { mu: Math.log(mean) - variance / 2, sigma: Math.sqrt(variance) };
  }
  const percentiles = percentilesIn({ ...parameters });
  if (percentiles.length === 2) return through(percentiles);
  return { mu: median > 0 ? Math.log(median) : mu, sigma };
}
