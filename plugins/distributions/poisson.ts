/**
 * The Poisson family.
 *
 * @module
 */
import type { Family } from "../../core/plugin.ts";
import type { Functions } from "./_functions.ts";
import { StandardGamma } from "./_gamma.ts";

/** Parameters of {@linkcode poisson}. */
export interface PoissonParameters {
  /** Mean count, above 0, at most 1 000 000. */
  readonly mean: number;
  /** Duration of one count, in milliseconds. Default 1. */
  readonly unit?: number;
}

/** A whole number of units, such as time slices or round trips. */
export const poisson: Family<PoissonParameters> = {
  name: "poisson",
  summary: "A whole number of units, such as time slices or round trips",
  source:
    "Loader, Fast and accurate computation of binomial probabilities, 2000",
  parameters: ({ z, duration, number, worded }) =>
    z.strictObject(worded({
      mean: number({ above: 0, max: 1_000_000 }),
      unit: duration({ above: 0 }).optional(),
    }, {
      mean: "Mean, as a number of units",
      unit: "Length of a unit. Default 1 ms",
    })),
  create: ({ mean, unit = 1 }) => {
    const counts = poissonCounts(mean);
    /** The greatest count whose time is at most x; the quotient may be rounded to the count before or after. */
    const count = (x: number) => {
      const whole = Math.floor(x / unit);
      if (whole * unit > x) return whole - 1;
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

/** Counts with a smaller probability, relative to the most frequent count, are left out: no uniform number reaches them. */
const NEGLIGIBLE = 1e-60;

/** The distribution of counts for a mean above 0, as a table of about 33·√mean counts. Quantiles are found by bisection. */
function poissonCounts(mean: number): Functions {
  const { first, shares } = tabulateShares(mean);
  const below = new Float64Array(shares.length);
  const above = new Float64Array(shares.length);
  const last = shares.length - 1;
  for (let i = 0, sum = 0; i <= last; i++) below[i] = sum += shares[i];
  // Sums from the upper end, so that small tails keep all their digits.
  for (let i = last, sum = 0; i > 0; i--) above[i - 1] = sum += shares[i];
  // The smaller of both is the precise one.
  for (let i = 0; i <= last; i++) {
    if (below[i] <= above[i]) above[i] = 1 - below[i];
    else below[i] = 1 - above[i];
  }
  const search = (reached: (i: number) => boolean): number => {
    let low = 0;
    let high = last;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (reached(middle)) high = middle;
      else low = middle + 1;
    }
    return first + low;
  };
  const fromBelow = (u: number) => search((i) => below[i] >= u);
  const fromAbove = (v: number) => search((i) => above[i] <= v);
  const at = (count: number) => Math.min(last, Math.floor(count) - first);
  return {
    quantile: (u) => u <= 0.5 ? fromBelow(u) : fromAbove(1 - u),
    survivalQuantile: (v) => v <= 0.5 ? fromAbove(v) : fromBelow(1 - v),
    cdf: (count) => count < first ? 0 : below[at(count)],
    survival: (count) => count < first ? 1 : above[at(count)],
  };
}

/** Probabilities of the counts from `first` on, computed from the most frequent count outwards, each from its neighbour. */
function tabulateShares(
  mean: number,
): { readonly first: number; readonly shares: readonly number[] } {
  const mode = Math.floor(mean);
  // e^−mean·mean^k / k! is the gamma distribution's prefactor.
  const peak = mode === 0
    ? Math.exp(-mean)
    : new StandardGamma(mode).prefactor(mean);
  const lower: number[] = [];
  for (
    let k = mode, share = peak;
    k > 0 && (share *= k / mean) > peak * NEGLIGIBLE;
    k--
  ) lower.push(share);
  const upper: number[] = [];
  for (
    let k = mode + 1, share = peak;
    (share *= mean / k) > peak * NEGLIGIBLE;
    k++
  ) upper.push(share);
  return {
    first: mode - lower.length,
    shares: [...lower.reverse(), peak, ...upper],
  };
}
