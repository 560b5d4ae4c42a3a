/**
 * Probabilities from quantiles, for a distribution that gives no cumulative distribution function.
 *
 * @module
 */

/** A quantile function, seen from both ends. */
export interface Tails {
  /** The quantile at u, 0 < u < 1. */
  readonly quantile: (u: number) => number;
  /** The quantile at 1 − v, 0 < v < 1. */
  readonly survivalQuantile: (v: number) => number;
}

/** P(X ≤ x): the greatest u with quantile(u) ≤ x, so that jumps and atoms are counted whole. */
export function cdfOf(tails: Tails, x: number): number {
  return tails.quantile(0.5) > x ? lower(tails, x) : 1 - upper(tails, x);
}

/** P(X > x), precise where it is small. */
export function survivalOf(tails: Tails, x: number): number {
  return tails.quantile(0.5) > x ? 1 - lower(tails, x) : upper(tails, x);
}

function lower(tails: Tails, x: number): number {
  return boundary((u) => tails.quantile(u) <= x);
}

function upper(tails: Tails, x: number): number {
  return boundary((v) => tails.survivalQuantile(v) > x);
}

/** Where, between 0 and one half, a condition that holds below and fails above turns; to the last bit. */
function boundary(holds: (t: number) => boolean): number {
  // First the exponent, so that a tail of 1e-300 is found as precisely as a share of 0.3.
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
