/**
 * Goodness of fit: the statistics of Kolmogorov–Smirnov, Anderson–Darling and Pearson, with their critical values at
 * α = 1e-3, for a distribution that is fully specified.
 *
 * @module
 */

/** √n·D beyond this is rejected (the limiting distribution's 99.9 % point). */
export const KS_CRITICAL = 1.9495;

/** A² beyond this is rejected. */
export const AD_CRITICAL = 5.97;

/** χ² of 1000 equal bins, 999 degrees of freedom, beyond this is rejected. */
export const CHI_SQUARE_CRITICAL = 1142.8;

/** How far draws are from a distribution. */
export interface Fit {
  /** √n·D. */
  readonly ks: number;
  /** A². */
  readonly ad: number;
  /** χ² over 1000 bins of equal probability. */
  readonly chiSquare: number;
}

/** The probabilities of x: below and above, each precise where it is small. */
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
 * √n·D of draws from a distribution with atoms: compared at the values that occur, and just below them. Conservative.
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
