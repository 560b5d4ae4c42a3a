/**
 * The rule for a quantile at a probability that the cumulative distribution function takes on over a gap, such as 0.9 where
 * nine times in ten are 4 ms and the others 400 ms: the smallest x with P(X ≤ x) ≥ u, where a difference of some units in the
 * last place does not count. 0.9 and 0.1 are rounded, and so are sums of shares; 0.07 · 100 is 7.000000000000001.
 *
 * @module
 */

/** Difference from a probability that counts as rounding. */
const ROUNDING = 2 ** -50;

/**
 * The same, relative to the tail. It is the smaller one in tails below 2^-22, where {@linkcode ROUNDING} would move the quantiles
 * of smooth distributions.
 */
const TAIL_ROUNDING = 2 ** -28;

/**
 * Smallest relative width of a gap. Times that are closer count as equal. A smooth tail passes for a gap only if it falls
 * slower than x^-(1/16).
 */
const GAP = 2 ** -24;

/** The functions of a distribution, each by a formula of its own. */
export interface Formulas {
  /** Quantile at u, 0 < u < 1. */
  readonly quantile: (u: number) => number;
  /** Quantile at 1 − v, 0 < v < 1. */
  readonly survivalQuantile: (v: number) => number;
  /** P(X ≤ x). */
  readonly cdf: (x: number) => number;
  /** P(X > x). */
  readonly survival: (x: number) => number;
}

/** Returns quantile functions that obey the rule. Most calls take one more evaluation of a probability. */
export function withTies(
  { quantile, survivalQuantile, cdf, survival }: Formulas,
): Pick<Formulas, "quantile" | "survivalQuantile"> {
  /** Returns true if P(X ≤ x) ≥ u = 1 − v; decided by the smaller of u and v, which is the precise one. */
  const reaches = (x: number, u: number, v: number) =>
    u <= v ? cdf(x) >= u : survival(x) <= v;
  return {
    quantile: (u) => {
      const x = quantile(u);
      const slack = Math.min(ROUNDING * u, TAIL_ROUNDING * (1 - u));
      return x > 0 && reaches(x * (1 - GAP), u - slack, 1 - u + slack)
        ? quantile(u - slack)
        : x;
    },
    survivalQuantile: (v) => {
      const x = survivalQuantile(v);
      // Not relative to v, which may be a rounded 1 − u.
      const slack = Math.min(ROUNDING, TAIL_ROUNDING * Math.min(v, 1 - v));
      return x > 0 && reaches(x * (1 - GAP), 1 - v - slack, v + slack)
        ? survivalQuantile(v + slack)
        : x;
    },
  };
}
