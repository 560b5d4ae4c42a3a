/**
 * Probabilities of a distribution for which its family gives no formula, by bisection of its quantiles; and probabilities and
 * moments by Monte Carlo from draws.
 *
 * @module
 */
import { createStream } from "../lib/random/mod.ts";
import type { Stream } from "../plugin.ts";

/** A quantile function from both ends. */
export interface Tails {
  /** Quantile at u, 0 < u < 1. */
  readonly quantile: (u: number) => number;
  /** Quantile at 1 − v, 0 < v < 1. */
  readonly survivalQuantile: (v: number) => number;
}

/** P(X ≤ x): the greatest u with quantile(u) ≤ x, so that jumps and atoms count in full. */
export function cdfOf(tails: Tails, x: number): number {
  return tails.quantile(0.5) > x ? lower(tails, x) : 1 - upper(tails, x);
}

/** P(X > x), with a small relative error even if it is tiny. */
export function survivalOf(tails: Tails, x: number): number {
  return tails.quantile(0.5) > x ? 1 - lower(tails, x) : upper(tails, x);
}

function lower(tails: Tails, x: number): number {
  return boundary((u) => tails.quantile(u) <= x);
}

function upper(tails: Tails, x: number): number {
  return boundary((v) => tails.survivalQuantile(v) > x);
}

/** Finds, to the last bit, the point between 0 and 1/2 up to which a condition holds. */
function boundary(holds: (t: number) => boolean): number {
  // First the exponent, so that a tail of 1e-300 is as precise as a probability of 0.3.
  let low = -1075;
  let high = -1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (holds(2 ** middle)) low = middle;
    else high = middle;
  }
  let a = 2 ** low;
  let b = 2 ** high;
  for (;;) {
    const middle = a + (b - a) / 2;
    if (middle === a || middle === b) return a;
    if (holds(middle)) a = middle;
    else b = middle;
  }
}

/** Number of draws for an estimate. The standard error of a probability is then at most 0.0016. */
const DRAWS = 100_000;

/** Fixed key of the estimates, ASCII "perfmock", so that they do not depend on the server's seed. */
const KEY = [0x70657266, 0x6d6f636b] as const;

/** Figures of a distribution that can only be sampled. */
export interface Estimate {
  /** Mean of the draws. */
  readonly mean: number;
  /** Standard deviation of the draws. */
  readonly standardDeviation: number;
  /** Share of draws ≤ x. */
  cdf(x: number): number;
}

/** Estimates by Monte Carlo from 100 000 draws with a fixed seed, so that the figures are the same in every run. */
export function estimate(
  draw: (stream: Stream, sequence: number) => number,
): Estimate {
  const stream = createStream(KEY, "estimate");
  const sorted = new Float64Array(DRAWS);
  let mean = 0;
  let squares = 0;
  for (let i = 0; i < DRAWS; i++) {
    const x = draw(stream, i);
    const delta = x - mean;
    mean += delta / (i + 1);
    squares += delta * (x - mean); // Welford's recurrence
    sorted[i] = x;
  }
  sorted.sort();
  const cdf = (x: number): number => {
    let low = 0;
    let high = DRAWS;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sorted[middle] <= x) low = middle + 1;
      else high = middle;
    }
    return low / DRAWS;
  };
  return { mean, standardDeviation: Math.sqrt(squares / DRAWS), cdf };
}
