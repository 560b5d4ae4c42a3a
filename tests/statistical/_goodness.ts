/**
 * Goodness of fit: the statistics of Kolmogorov–Smirnov, Anderson–Darling and Pearson, with their critical values at
 * α = 1e-3, for a distribution that is fully specified.
 *
 * @module
 */

/** Critical value of √n·D, the 99.9 % point of the limiting distribution. */
export const KS_CRITICAL = 1.9495;

/** Critical value of A². */
export const AD_CRITICAL = 5.97;

/** Critical value of χ² with 1000 equal bins and 999 degrees of freedom. */
export const CHI_SQUARE_CRITICAL = 1142.8;

/** Distance of draws from a distribution. */
export interface Fit {
  /** √n·D. */
  readonly ks: number;
  /** A². */
  readonly ad: number;
  /** χ² over 1000 bins of equal probability. */
  readonly chiSquare: number;
}

/** Probabilities below and above x, each with a small relative error even if it is tiny. */
export type Probability = (
  x: number,
) => readonly [cdf: number, survival: number];

/**
 * Compares draws with a continuous distribution.
 *
 * @param draws sorted in place
 */
export function goodness(draws: Float64Array, probability: Probability): Fit {
  draws.sort();
  const n = draws.length;
  const bins = new Float64Array(1000);
  let distance = 0;
  let ad = 0;
  for (let i = 0; i < n; i++) {
    const [below, above] = probability(draws[i]);
    distance = Math.max(distance, (i + 1) / n - below, below - i / n);
    ad -=
      ((2 * i + 1) * Math.log(below) + (2 * (n - i) - 1) * Math.log(above)) / n;
    bins[Math.min(999, Math.floor(below * 1000))]++;
  }
  const expected = n / 1000;
  const chiSquare = bins.reduce(
    (sum, count) => sum + (count - expected) ** 2 / expected,
    0,
  );
  return { ks: Math.sqrt(n) * distance, ad: ad - n, chiSquare };
}

/**
 * √n·D of draws from a distribution with atoms, compared at the values that occur and just below them. It is conservative.
 *
 * @param draws sorted in place
 * @param cdf P(X ≤ x)
 */
export function discreteKs(
  draws: Float64Array,
  cdf: (x: number) => number,
): number {
  draws.sort();
  const n = draws.length;
  let distance = 0;
  for (let i = 0; i < n; i++) {
    if (draws[i + 1] === draws[i]) continue;
    distance = Math.max(distance, Math.abs((i + 1) / n - cdf(draws[i])));
  }
  return Math.sqrt(n) * distance;
}
