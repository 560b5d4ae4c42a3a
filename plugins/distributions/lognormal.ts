/**
 * The lognormal family.
 *
 * @module
 */
import type { Family } from "../../core/plugin.ts";
import { milliseconds, report, requireOneForm } from "./_parameters.ts";
import { normalCdf, normalQuantile } from "./_normal.ts";

/** Parameters of {@linkcode lognormal}: mu and sigma, median and p99, median and sigma, or mean and sd. */
export interface LognormalParameters {
  /** Mean of the logarithm of milliseconds. */
  readonly mu?: number;
  /** Standard deviation of the logarithm, above 0. */
  readonly sigma?: number;
  /** Median in milliseconds, above 0. */
  readonly median?: number;
  /** 99th percentile in milliseconds, above the median. */
  readonly p99?: number;
  /** Mean in milliseconds, above 0. */
  readonly mean?: number;
  /** Standard deviation in milliseconds, above 0. */
  readonly sd?: number;
}

const FORMS = [
  ["mu", "sigma"],
  ["median", "p99"],
  ["median", "sigma"],
  ["mean", "sd"],
];

/** A single peak and a long upper tail, like the response times of most real services. */
export const lognormal: Family<LognormalParameters> = {
  name: "lognormal",
  summary: "A bump and a long upper tail, as most services have",
  source: "Johnson, Kotz, Balakrishnan, Continuous Univariate Distributions",
  parameters: ({ z, duration, number }) =>
    z.strictObject({
      mu: number().optional(),
      sigma: number({ above: 0 }).optional(),
      median: duration({ above: 0 }).optional(),
      p99: duration({ above: 0 }).optional(),
      mean: duration({ above: 0 }).optional(),
      sd: duration({ above: 0 }).optional(),
    }).superRefine((given, context) => {
      requireOneForm(context, given, FORMS);
      const { median = NaN, p99 = NaN } = given;
      if (!(p99 <= median)) return;
      report(context, {
        path: ["p99"],
        message: `Must be greater than the median, ${
          milliseconds(median)
        }, received ${milliseconds(p99)}`,
        allowed: "a duration greater than median",
      });
    }),
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
  {
    mu = NaN,
    sigma = NaN,
    median = NaN,
    p99 = NaN,
    mean = NaN,
    sd = NaN,
  }: LognormalParameters,
): { readonly mu: number; readonly sigma: number } {
  if (mean > 0) {
    const variance = Math.log1p((sd / mean) ** 2);
    return { mu: Math.log(mean) - variance / 2, sigma: Math.sqrt(variance) };
  }
  if (p99 > 0) {
    return {
      mu: Math.log(median),
      sigma: Math.log(p99 / median) / normalQuantile(0.99),
    };
  }
  return { mu: median > 0 ? Math.log(median) : mu, sigma };
}
