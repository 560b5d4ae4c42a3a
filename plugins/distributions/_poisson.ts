/**
 * The Poisson distribution of counts, as a table.
 *
 * @module
 */
import { StandardGamma } from "./_gamma.ts";
import type { Functions } from "./_truncate.ts";

/** Counts rarer than this, relative to the most frequent, are left out: no uniform number reaches them. */
const NEGLIGIBLE = 1e-60;

/** Tabulates the counts of a mean above 0: about 33·√mean of them. Quantiles are found by bisection. */
export function poissonCounts(mean: number): Functions {
  const { first, shares } = tabulateShares(mean);
  const below = new Float64Array(shares.length);
  const above = new Float64Array(shares.length);
  const last = shares.length - 1;
  for (let i = 0, sum = 0; i <= last; i++) below[i] = sum += shares[i];
  // Summed from the far end, so that small tails keep all their digits.
  for (let i = last, sum = 0; i > 0; i--) above[i - 1] = sum += shares[i];
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
    cdf: (count) => count < first ? 0 : Math.min(1, below[at(count)]),
    survival: (count) => count < first ? 1 : above[at(count)],
  };
}

/** The shares of the counts from `first` on: from the most frequent outwards, each from its neighbour. */
function tabulateShares(
  mean: number,
): { readonly first: number; readonly shares: readonly number[] } {
  const mode = Math.floor(mean);
  // e^−m·m^k / k! is the gamma distribution's prefactor.
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
