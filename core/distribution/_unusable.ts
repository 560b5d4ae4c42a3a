/**
 * What stands for a distribution that refers to a faulty profile.
 *
 * @module
 */
import { PerfmockError } from "../errors.ts";
import type { Distribution } from "../plugin.ts";

/**
 * Stands for a distribution that refers to a faulty profile, so that the one fault is reported where the profile is
 * written and nowhere else. A configuration with a faulty profile never runs; should someone draw all the same, it throws.
 */
export const UNUSABLE: Distribution = Object.freeze({
  family: "unusable",
  quantile: refuse,
  survivalQuantile: refuse,
  draw: refuse,
  cdf: refuse,
  survival: refuse,
  mean: NaN,
  standardDeviation: NaN,
  estimated: false,
  warnings: [],
});

function refuse(): never {
  throw new PerfmockError(
    "CONFIG_INVALID",
    "Cannot use the distribution: it refers to a profile that is faulty",
  );
}
