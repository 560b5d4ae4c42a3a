/**
 * Probabilities and moments of a distribution for which its family gives no formula: by bisection and quadrature from
 * quantiles, or by Monte Carlo from draws.
 *
 * @module
 */
import { gaussKronrod } from "../lib/quadrature.ts";
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

/** Depth of the panels in a tail, in halvings of the probability, if the tail is computed from 1 − v. */
const REACH = 40;

/** The same if the tail has its own quantile function. */
const FAR_REACH = 300;

/** Ratio of successive panels from which on the integral over a tail counts as infinite. */
const DIVERGENT = 0.999;

/** Allowed error of one panel, relative to the whole integral. */
const TOLERANCE = 1e-9;

/** Maximum number of times that panels are halved in one integral. */
const SPLITS = 20_000;

/** Relative width below which panels are not halved, because they contain a jump. */
const NARROWEST = 2 ** -40;

/** Relative error of the mean that counts as rounding. */
const ROUNDING = 1e-14;

/** The same for the variance, relative to the square of the mean. */
const SQUARED_ROUNDING = 1e-24;

/**
 * Mean, ∫ q(u) du, to about 1e-9 if the quantile function is smooth and 1e-4 if it jumps. Infinite if the upper tail, at a
 * probability of 2^-40 (2^-300 with `far`), falls no faster than a power law of index 1.
 *
 * @param far true if the upper tail has its own quantile function
 */
export function meanOf(tails: Tails, far: boolean): number {
  const middle = tails.quantile(0.5);
  return middle +
    integral(tails, {
      f: (x) => x - middle,
      floor: ROUNDING * Math.abs(middle),
      reach: far ? FAR_REACH : REACH,
    });
}

/**
 * Standard deviation around a mean, by the same rule. Infinite if the upper tail falls no faster than a power law of index 2.
 *
 * @param far true if the upper tail has its own quantile function
 */
export function deviationOf(tails: Tails, mean: number, far: boolean): number {
  if (mean === Infinity) return Infinity;
  return Math.sqrt(integral(tails, {
    f: (x) => (x - mean) * (x - mean),
    floor: SQUARED_ROUNDING * mean * mean,
    reach: far ? FAR_REACH : REACH,
  }));
}

/** A function of the quantile that is integrated over the probability. */
interface Integrand {
  readonly f: (x: number) => number;
  /** Error below which no further effort is made. */
  readonly floor: number;
  /** Depth of the panels in the upper tail. */
  readonly reach: number;
}

/** ∫ f(q(u)) du over (0, 1), split at one half. */
function integral(tails: Tails, { f, floor, reach }: Integrand): number {
  const low = (u: number) => f(tails.quantile(u));
  const high = (v: number) => f(tails.survivalQuantile(v));
  let size = 0;
  for (let k = 1; k <= REACH; k++) {
    size += Math.abs(gaussKronrod(low, 2 ** -k / 2, 2 ** -k).kronrod) +
      Math.abs(gaussKronrod(high, 2 ** -k / 2, 2 ** -k).kronrod);
  }
  const tolerance = Math.max(floor, TOLERANCE * size);
  const budget = { tolerance, splits: SPLITS };
  return half(low, REACH, budget) + half(high, reach, budget);
}

/** Remaining effort for one integral. */
interface Budget {
  readonly tolerance: number;
  splits: number;
}

/** ∫ over (0, 1/2) in panels that halve towards 0. The rest beyond the last panel is a geometric series. */
function half(f: (t: number) => number, reach: number, budget: Budget): number {
  let sum = 0;
  let last = 0;
  let ratio = 0;
  let previous = 0;
  for (let k = 1; k <= reach; k++) {
    const panel = adapt(f, 2 ** -k / 2, 2 ** -k, budget);
    previous = ratio;
    ratio = last === 0 ? 0 : panel / last;
    last = panel;
    sum += panel;
  }
  // The smaller of two ratios, because a jump in the last panel must not look like a heavy tail.
  ratio = Math.min(ratio, previous);
  if (ratio >= DIVERGENT || !Number.isFinite(sum)) return Infinity;
  return sum + last * ratio / (1 - ratio);
}

function adapt(
  f: (t: number) => number,
  a: number,
  b: number,
  budget: Budget,
): number {
  const { gauss, kronrod } = gaussKronrod(f, a, b);
  const error = Math.abs(kronrod - gauss);
  const done = !(error > budget.tolerance) || budget.splits === 0 ||
    b - a <= a * NARROWEST;
  if (done) return kronrod;
  budget.splits--;
  const middle = (a + b) / 2;
  return adapt(f, a, middle, budget) + adapt(f, middle, b, budget);
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
