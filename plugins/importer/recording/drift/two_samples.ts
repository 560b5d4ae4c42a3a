/**
 * Comparison of two samples: intervals of quantiles and of their ratio, of differences of shares, and the test of Kolmogorov and
 * Smirnov.
 *
 * Sources: David, Nagaraja, Order Statistics, 2003, section 7.1 (intervals of quantiles); Donner, Zou, "Closed-form confidence
 * intervals for functions of the normal mean and standard deviation", Statistical Methods in Medical Research 21, 2012 (MOVER);
 * Newcombe, "Interval estimation for the difference between independent proportions", Statistics in Medicine 17, 1998, method 10;
 * Stephens, "Use of the Kolmogorov–Smirnov, Cramér–von Mises and related statistics without extensive tables", Journal of the Royal
 * Statistical Society B 32, 1970.
 *
 * @module
 */
import { logGamma, normalQuantile } from "../../../../core/plugin.ts";
import type { MeasuredQuantile } from "../../../../core/import.ts";

/**
 * Quantile of a sample with its interval, which holds for every continuous distribution.
 *
 * @param sorted values in ascending order, at least one
 * @param error probability that the true quantile is outside
 */
export function quantileWithInterval(
  sorted: Float64Array,
  probability: number,
  error: number,
): MeasuredQuantile {
  const count = sorted.length;
  const value = sorted[
    Math.min(count - 1, Math.max(0, Math.ceil(probability * count) - 1))
  ];
  const { low, high } = ranks(count, probability, error / 2);
  return {
    value,
    low: low === undefined ? null : sorted[low - 1],
    high: high === undefined ? null : sorted[high - 1],
  };
}

/**
 * Ranks between whose values a quantile lies: the greatest rank that is above it, and the least that is below it, with at most a
 * probability; undefined where there is none.
 */
function ranks(
  count: number,
  probability: number,
  tail: number,
): { readonly low: number | undefined; readonly high: number | undefined } {
  const logOdds = Math.log(probability) - Math.log1p(-probability);
  const start = Math.max(
    0,
    Math.floor(
      count * probability -
        12 * Math.sqrt(count * probability * (1 - probability)) - 12,
    ),
  );
  let term = Math.exp(
    logGamma(count + 1) - logGamma(start + 1) - logGamma(count - start + 1) +
      start * Math.log(probability) +
      (count - start) * Math.log1p(-probability),
  );
  // The number of values below the quantile is binomial: P(it is less than r) is the chance that the r-th value is above it.
  let below = 0;
  let low: number | undefined;
  let high: number | undefined;
  for (let k = start; k < count; k++) {
    below += term;
    if (below <= tail) low = k + 1;
    if (high === undefined && below >= 1 - tail) high = k + 1;
    if (high !== undefined) break;
    term *= (count - k) / (k + 1) * Math.exp(logOdds);
  }
  return { low, high };
}

/** Ratio of two quantiles above 0 with its interval, from the intervals of both. */
export function ratioOf(
  before: MeasuredQuantile,
  after: MeasuredQuantile,
): MeasuredQuantile | null {
  if (!(before.value > 0 && after.value > 0)) return null;
  const difference = Math.log(after.value / before.value);
  const end = (
    own: number | null,
    other: number | null,
    sign: 1 | -1,
  ): number | null => {
    if (own === null || other === null || !(own > 0 && other > 0)) return null;
    return Math.exp(
      difference +
        sign * Math.hypot(
            Math.log(own / after.value),
            Math.log(other / before.value),
          ),
    );
  };
  return {
    value: Math.exp(difference),
    low: end(after.low, before.high, -1),
    high: end(after.high, before.low, 1),
  };
}

/** A number of successes among trials. */
export interface Successes {
  readonly count: number;
  readonly of: number;
}

/**
 * Interval of the difference of two shares, `after` − `before`.
 *
 * @param error probability that the true difference is outside
 */
export function shareDifference(
  before: Successes,
  after: Successes,
  error: number,
): { readonly low: number; readonly high: number } {
  const z = normalQuantile(1 - error / 2);
  const [first, second] = [before, after].map((one) => score(one, z));
  const difference = second.share - first.share;
  return {
    low: difference -
      Math.hypot(second.share - second.low, first.high - first.share),
    high: difference +
      Math.hypot(second.high - second.share, first.share - first.low),
  };
}

/** Share with the interval of Wilson. */
function score(
  { count, of }: Successes,
  z: number,
): { readonly share: number; readonly low: number; readonly high: number } {
  const share = count / of;
  const square = z * z / of;
  const middle = (share + square / 2) / (1 + square);
  const half = z / (1 + square) *
    Math.sqrt(share * (1 - share) / of + square / of / 4);
  return {
    share,
    low: Math.max(0, middle - half),
    high: Math.min(1, middle + half),
  };
}

/** Greatest difference of the distribution functions of two samples in ascending order. */
export function ksDistance(a: Float64Array, b: Float64Array): number {
  let distance = 0;
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    const value = Math.min(a[i], b[j]);
    // Equal values are passed together: there is no difference within a step.
    while (i < a.length && a[i] === value) i++;
    while (j < b.length && b[j] === value) j++;
    distance = Math.max(distance, Math.abs(i / a.length - j / b.length));
  }
  return distance;
}

/** Factor from a distance to the argument of Kolmogorov's distribution, with Stephens's correction for small samples. */
function factor(first: number, second: number): number {
  const root = Math.sqrt(first * second / (first + second));
  return root + 0.12 + 0.11 / root;
}

/** Probability of a distance, or a greater one, between two samples of one distribution with these numbers of values. */
export function ksProbability(
  distance: number,
  first: number,
  second: number,
): number {
  return kolmogorovTail(distance * factor(first, second));
}

/** Smallest distance that has at most a probability. */
export function ksDetectable(
  probability: number,
  first: number,
  second: number,
): number {
  let low = 0;
  let high = 10;
  for (let middle = 5; low < middle && middle < high;) {
    if (kolmogorovTail(middle) > probability) low = middle;
    else high = middle;
    middle = low + (high - low) / 2;
  }
  return Math.min(1, high / factor(first, second));
}

/** 1 − Kolmogorov's distribution function. */
function kolmogorovTail(x: number): number {
  if (x <= 0) return 1;
  let sum = 0;
  if (x < 1) {
    // The other series, which is Jacobi's transformation, converges at once here.
    for (let k = 1; k <= 9; k += 2) {
      sum += Math.exp(-(k * k) * Math.PI * Math.PI / (8 * x * x));
    }
    return Math.max(0, 1 - Math.sqrt(2 * Math.PI) / x * sum);
  }
  for (let k = 1; k <= 12; k++) {
    sum += (k % 2 === 1 ? 2 : -2) * Math.exp(-2 * k * k * x * x);
  }
  return Math.min(1, Math.max(0, sum));
}
