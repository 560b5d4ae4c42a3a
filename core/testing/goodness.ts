/**
 * Goodness of fit of recorded times, by two tests that hold for every number of values, and for distributions with jumps:
 *
 * - Kolmogorov and Smirnov: the largest distance D between the shares of the values and of the distribution. With n values from the
 *   distribution itself, P(D > d) ≤ 2·exp(−2·n·d²), whatever the distribution is.
 *   Source: Massart, "The tight constant in the Dvoretzky–Kiefer–Wolfowitz inequality", Annals of Probability 18, 1990.
 * - quantiles: the number of values below a percentile is binomial. It finds what happens in a tail, where D is small.
 *
 * Measured times may be off by a tolerance, which both tests grant to each value.
 *
 * @module
 */
import type { Distribution } from "../contract/values.ts";
import { atLeast, atMost } from "./binomial.ts";
import { nearestRank } from "./values.ts";

/** Result of Kolmogorov and Smirnov's test. */
export interface KsFigures {
  /** Largest distance between the two shares, beyond the tolerance. */
  readonly distance: number;
  /** Distance above which the set is refused. */
  readonly critical: number;
  /** Time at which the distance is largest, in ms. */
  readonly at: number;
  /** Share of the values up to that time. */
  readonly measured: number;
  /** Share that the distribution expects there. */
  readonly expected: number;
  /** Probability of such a distance by chance, at most. */
  readonly chance: number;
}

/** Result of the test of one percentile. */
export interface QuantileFigures {
  /** Probability, such as 0.99. */
  readonly p: number;
  /** Percentile of the distribution, in ms. */
  readonly expected: number;
  /** Percentile of the values by nearest rank, in ms. */
  readonly measured: number;
  /** Share of the values above the expected percentile. */
  readonly above: number;
  /** Probability by chance of so many values above or below it, at most. */
  readonly chance: number;
  /** Level below which the set is refused. */
  readonly level: number;
}

/** Time just below a time, so that P(X < x) is P(X ≤ just below x). */
export function justBelow(x: number): number {
  return x - Math.abs(x) * 2 ** -52 - Number.MIN_VALUE;
}

/** Distance above which Kolmogorov and Smirnov's test refuses n values. */
export function ksCritical(n: number, level: number): number {
  return Math.sqrt(Math.log(2 / level) / (2 * n));
}

/**
 * Compares times with a distribution by Kolmogorov and Smirnov's test.
 *
 * @param sorted times, ascending
 * @param tolerance time by which each may be off, in ms
 */
export function ksTest(
  sorted: Float64Array,
  { cdf }: Pick<Distribution, "cdf">,
  { level, tolerance }: { readonly level: number; readonly tolerance: number },
): KsFigures {
  const n = sorted.length;
  let found = { distance: 0, at: sorted[0], measured: 0, expected: 0 };
  const consider = (measured: number, expected: number, x: number) => {
    const distance = Math.abs(measured - expected);
    if (distance > found.distance) {
      found = { distance, at: x, measured, expected };
    }
  };
  for (let first = 0, after = 0; first < n; first = after) {
    const x = sorted[first];
    while (after < n && sorted[after] === x) after++;
    // More values up to x than a time later by the tolerance expects, or fewer below x than one earlier does.
    const most = cdf(x + tolerance);
    if (after / n > most) consider(after / n, most, x);
    const least = cdf(justBelow(x - tolerance));
    if (first / n < least) consider(first / n, least, x);
  }
  const chance = Math.min(1, 2 * Math.exp(-2 * n * found.distance ** 2));
  return { ...found, critical: ksCritical(n, level), chance };
}

/**
 * Compares one percentile of times with that of a distribution.
 *
 * @param sorted times, ascending
 */
export function quantileTest(
  sorted: Float64Array,
  { cdf, quantile }: QuantileSource,
  { p, level, tolerance }: {
    readonly p: number;
    readonly level: number;
    readonly tolerance: number;
  },
): QuantileFigures {
  const n = sorted.length;
  const expected = quantile(p);
  const reached = countUpTo(sorted, expected + tolerance);
  const before = countUpTo(sorted, justBelow(expected - tolerance));
  const slower = atMost(reached, n, cdf(expected));
  const faster = atLeast(before, n, cdf(justBelow(expected)));
  return {
    p,
    expected,
    measured: nearestRank(sorted, p),
    above: 1 - countUpTo(sorted, expected) / n,
    chance: Math.min(1, 2 * Math.min(slower, faster)),
    level,
  };
}

/** Functions of a distribution that percentiles need. */
export interface QuantileSource {
  /** P(X ≤ x). */
  readonly cdf: (x: number) => number;
  /** Quantile function. */
  readonly quantile: (u: number) => number;
}

/** Number of times that are at most a time. */
function countUpTo(sorted: Float64Array, time: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}
