/**
 * The gamma function: its logarithm, the error of Stirling's formula, and the derivatives of the logarithm.
 *
 * @module
 */

const LN_SQRT_2PI = 0.9189385332046728;

/** From this x on, the terms of the asymptotic series that are used make them exact to the last bit. */
const ASYMPTOTIC = 15;

/**
 * ln Γ(x) for x > 0, to about 1e-15 absolute or relative: Stirling's series, after a shift to x ≥ 15.
 *
 * Source: Abramowitz, Stegun, Handbook of Mathematical Functions, 6.1.41.
 */
export function logGamma(x: number): number {
  let product = 1;
  let shifted = x;
  while (shifted < ASYMPTOTIC) product *= shifted++;
  return (shifted - 0.5) * Math.log(shifted) - shifted + LN_SQRT_2PI +
    stirlingSeries(shifted) - Math.log(product);
}

/**
 * Error of Stirling's formula, ln Γ(x + 1) − (x + ½)·ln x + x − ½·ln 2π, for x > 0.
 *
 * Source: Loader, "Fast and accurate computation of binomial probabilities", 2000.
 */
export function stirlingError(x: number): number {
  return x < ASYMPTOTIC
    ? logGamma(x + 1) - (x + 0.5) * Math.log(x) + x - LN_SQRT_2PI
    : stirlingSeries(x);
}

function stirlingSeries(x: number): number {
  const s = 1 / (x * x);
  return (1 / 12 -
    (1 / 360 -
        (1 / 1260 - (1 / 1680 - (1 / 1188 - 691 / 360360 * s) * s) * s) * s) *
      s) / x;
}

/**
 * Digamma function ψ(x), the derivative of ln Γ(x), for x > 0: its asymptotic series, after a shift to x ≥ 15.
 *
 * Source: Abramowitz, Stegun, Handbook of Mathematical Functions, 6.3.5 and 6.3.18.
 */
export function digamma(x: number): number {
  let sum = 0;
  let shifted = x;
  while (shifted < ASYMPTOTIC) sum -= 1 / shifted++;
  const s = 1 / (shifted * shifted);
  return sum + Math.log(shifted) - 0.5 / shifted -
    s *
      (1 / 12 -
        s * (1 / 120 - s * (1 / 252 - s * (1 / 240 - s * (1 / 132)))));
}

/**
 * Trigamma function ψ′(x), the second derivative of ln Γ(x), for x > 0: its asymptotic series, after a shift to x ≥ 15.
 *
 * Source: Abramowitz, Stegun, Handbook of Mathematical Functions, 6.4.6 and 6.4.12.
 */
export function trigamma(x: number): number {
  let sum = 0;
  let shifted = x;
  for (; shifted < ASYMPTOTIC; shifted++) sum += 1 / (shifted * shifted);
  const s = 1 / (shifted * shifted);
  return sum + s / 2 +
    (1 +
        s * (1 / 6 - s * (1 / 30 - s * (1 / 42 - s * (1 / 30 - s * 5 / 66))))) /
      shifted;
}
