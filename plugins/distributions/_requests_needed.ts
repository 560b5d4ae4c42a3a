/**
 * The number of requests that a measured percentile needs.
 *
 * @module
 */
import { type Distribution, logGamma } from "../../core/plugin.ts";

/** Allowed difference of a measured percentile, relative to the percentile. */
const TOLERANCE = 0.02;

/** Probability with which it is within the tolerance. */
const CONFIDENCE = 0.95;

/** Relative rounding of a time or a probability that does not count. */
const ROUNDING = 2 ** -50;

/** Number of requests from which on the search is given up. */
const MOST = 1e9;

/** Smallest distance of a probability from p that the search can deal with. */
const NEAREST = 1e-12;

/** Longest period of the difference between p · n and the rank. */
const LONGEST_PERIOD = 1000;

/**
 * Smallest number of independent draws from which on the percentile p, by nearest rank, is within ±2 % of the quantile q with
 * a probability of 95 %. Exact, atoms included: the k-th smallest of n draws is at most x with the probability that at least k
 * of n draws are, which is binomial, so that
 *
 * P(0.98 q ≤ X₍k₎ ≤ 1.02 q) = P(Bin(n, P(X ≤ 1.02 q)) ≥ k) − P(Bin(n, P(X < 0.98 q)) ≥ k), k = ⌈p·n⌉
 *
 * Source: David, Nagaraja, Order Statistics, 2.1.
 *
 * @returns null if no number suffices, since the times jump at p, or more than a billion do; or if the distribution can only be
 * sampled
 */
export function requestsNeeded(
  { quantile, cdf }: Distribution,
  p: number,
): number | null {
  if (quantile === undefined) return null;
  const q = quantile(p);
  return numberNeeded({
    p,
    // Less by the smallest number, so that an atom at 0 is not below itself.
    below: cdf(q * (1 - TOLERANCE) * (1 - ROUNDING) - Number.MIN_VALUE),
    reached: cdf(q * (1 + TOLERANCE) * (1 + ROUNDING)),
  });
}

/** A percentile and the probabilities at the ends of its tolerance. */
export interface Reading {
  /** Probability of the percentile. */
  readonly p: number;
  /** Probability of a shorter time. */
  readonly below: number;
  /** Probability of a time that is not longer. */
  readonly reached: number;
}

/** The number for given probabilities; null if there is none up to a billion. */
export function numberNeeded(reading: Reading): number | null {
  const { p, below, reached } = reading;
  if (!(below < p - NEAREST && reached > p + NEAREST)) return null;
  const suffices = (n: number) => confidence(reading, n) >= CONFIDENCE;
  // The rank is 0 to 1 above p·n, in a period of requests. The ends of a period are the worst cases.
  const period = periodOf(p);
  const sufficient = (periods: number) =>
    suffices(periods * period) && suffices(Math.max(1, periods * period - 1));
  let enough = 1;
  while (!sufficient(enough)) {
    enough *= 2;
    if (enough * period > MOST) return null;
  }
  let few = Math.floor(enough / 2);
  while (enough - few > 1) {
    const middle = Math.floor((few + enough) / 2);
    if (sufficient(middle)) enough = middle;
    else few = middle;
  }
  let n = (enough + 1) * period;
  while (n > 0 && suffices(n)) n--;
  return n + 1;
}

function periodOf(p: number): number {
  for (let period = 1; period < LONGEST_PERIOD; period++) {
    const rank = p * period;
    if (Math.abs(rank - Math.round(rank)) < rank * ROUNDING) return period;
  }
  return LONGEST_PERIOD;
}

/** Probability that the percentile of n draws is within the tolerance. */
function confidence({ p, below, reached }: Reading, n: number): number {
  const rank = Math.ceil(p * n * (1 - ROUNDING));
  return atLeast(rank, n, reached) - atLeast(rank, n, below);
}

/** P(Bin(n, p) ≥ k), for 0 < k ≤ n: the terms of the smaller tail, summed from the greatest on. */
export function atLeast(k: number, n: number, p: number): number {
  if (p <= 0) return 0;
  if (p >= 1) return 1;
  const odds = p / (1 - p);
  const upper = k > n * p;
  const first = upper ? k : k - 1;
  let term = Math.exp(
    logGamma(n + 1) - logGamma(first + 1) - logGamma(n - first + 1) +
      first * Math.log(p) + (n - first) * Math.log1p(-p),
  );
  let sum = 0;
  if (upper) {
    for (let j = first; term > sum * 1e-17; j++) {
      sum += term;
      term *= (n - j) / (j + 1) * odds;
    }
    return sum;
  }
  for (let j = first; term > sum * 1e-17; j--) {
    sum += term;
    term *= j / ((n - j + 1) * odds);
  }
  return 1 - sum;
}
