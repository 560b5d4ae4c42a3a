/**
 * The truncate combinator.
 *
 * @module
 */
import type { Distribution, Family } from "../../core/plugin.ts";
import { InvalidParameters, requireRange } from "./_faults.ts";
import { nothingLeft, truncateFunctions } from "./_truncate.ts";

/** The parameters of {@linkcode truncate}: at least one of the two ends. */
export interface TruncateParameters {
  /** What is shorter never occurs, in milliseconds; 0 where absent. */
  readonly min?: number;
  /** What is longer never occurs, in milliseconds; no limit where absent. */
  readonly max?: number;
  /** What is truncated: not a distribution that can only be sampled. */
  readonly of: Distribution;
}

/** What lies outside a range never occurs; the rest is as it was, and fills the whole. */
export const truncate: Family<TruncateParameters> = {
  name: "truncate",
  summary: "What lies outside a range never occurs; the rest is renormalised",
  source: "Johnson, Kotz, Balakrishnan, Continuous Univariate Distributions",
  parameters: ({ z, duration, distribution }) =>
    z.strictObject({
      min: duration().optional(),
      max: duration().optional(),
      of: distribution(),
    }).superRefine((given, context) => requireRange(context, given)),
  create: ({ min = 0, max = Infinity, of }) => {
    const { quantile, survivalQuantile } = of;
    if (quantile === undefined || survivalQuantile === undefined) {
      throw new InvalidParameters([{
        path: "/of",
        message:
          `Cannot truncate ${of.family}, which can only be sampled: it has no quantile function`,
        allowed: "a distribution with a quantile function; clamp takes any",
      }]);
    }
    const truncated = truncateFunctions(
      {
        quantile,
        survivalQuantile,
        cdf: (x) => of.cdf(x),
        survival: (x) => of.survival(x),
      },
      { min, max },
    );
    if (truncated === undefined) throw nothingLeft({ min, max });
    return { ...truncated, warnings: of.warnings };
  },
};
