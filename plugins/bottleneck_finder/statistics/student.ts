/**
 * Student's t and Fisher's F distribution, by the regularised incomplete beta function.
 *
 * @module
 */
import { logGamma } from "../../../core/plugin.ts";

/** Number that is added in the continued fraction, so that none is 0. It changes no other one. */
const TINY = 1e-300;

/**
 * Regularised incomplete beta function I_x(a, b), by its continued fraction (Lentz's method; DLMF 8.17.22).
 *
 * @param x value, 0 to 1
 * @param y 1 − x, given apart because it may be known with more digits
 */
function incompleteBeta(x: number, y: number, a: number, b: number): number {
  if (y <= 0) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(y, x, b, a);
  const front = Math.exp(
    logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) +
      b * Math.log(y),
  ) / a;
  let c = 1;
  let d = 1 / (1 - (a + b) * x / (a + 1) + TINY);
  let fraction = d;
  for (let m = 1, change = 0; Math.abs(change - 1) > 1e-15 && m < 500; m++) {
    const even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / (1 + even * d + TINY);
    c = 1 + even / c + TINY;
    fraction *= d * c;
    const odd = -(a + m) * (a + b + m) * x /
      ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / (1 + odd * d + TINY);
    c = 1 + odd / c + TINY;
    change = d * c;
    fraction *= change;
  }
  return front * fraction;
}

/** P(|T| ≥ |t|) for Student's t with degrees of freedom. */
export function studentTail(t: number, freedom: number): number {
  const square = t * t;
  if (square === Infinity) return 0;
  const sum = freedom + square;
  return incompleteBeta(freedom / sum, square / sum, freedom / 2, 0.5);
}

/**
 * Largest |t| of a share of all draws: the t for which P(|T| ≤ t) is the confidence.
 *
 * @param confidence above 0, below 1
 */
export function studentQuantile(confidence: number, freedom: number): number {
  let low = 0;
  let high = 1;
  while (1 - studentTail(high, freedom) < confidence) high *= 2;
  for (let middle = high / 2; low < middle && middle < high;) {
    if (1 - studentTail(middle, freedom) < confidence) low = middle;
    else high = middle;
    middle = low + (high - low) / 2;
  }
  return high;
}

/** P(F ≥ f) for Fisher's F with degrees of freedom of numerator and denominator. */
export function fisherTail(f: number, above: number, below: number): number {
  if (f <= 0) return 1;
  if (f === Infinity) return 0;
  const sum = below + above * f;
  return incompleteBeta(below / sum, above * f / sum, below / 2, above / 2);
}
