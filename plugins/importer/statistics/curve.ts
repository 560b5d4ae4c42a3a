/**
 * The non-parametric curve: percentiles that describe measured durations closely.
 *
 * @module
 */
import { percentileName } from "./durations.ts";
import { writtenDuration } from "./families.ts";
import type { FitTools } from "./measured.ts";

/** Measured distribution function and its inverse. */
export interface MeasuredFunctions {
  /** Least probability that the curve may have: fewer durations lie below it than a percentile needs. */
  readonly least: number;
  /** Greatest probability that the curve may have. */
  readonly greatest: number;
  /** Quantile, above 0. */
  readonly quantile: (probability: number) => number;
  /** Share of durations that are at most x. */
  readonly cdf: (x: number) => number;
}

/** Percentiles that every curve has, as far as they are measured. */
const GRID: readonly number[] = [
  ...[0.0001, 0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99],
  ...[0.995, 0.999, 0.9995, 0.9999, 0.99999],
];

/** Number of intervals between the probabilities at which the curve is compared with the measurement. */
const COMPARISONS = 200;

/** Difference of the distribution functions that is small enough. */
const CLOSE = 0.005;

/** Greatest number of percentiles: nobody reads more. */
const MOST_POINTS = 40;

/**
 * Returns percentiles whose curve, as the family `percentiles` draws it, differs from the measured distribution function by at most
 * 0.5 % of all durations, or by as little as 40 percentiles allow: it begins with the usual ones, and adds one where it is farthest
 * off.
 */
export function curveThrough(
  { least, greatest, quantile, cdf }: MeasuredFunctions,
  { distribution }: Pick<FitTools, "distribution">,
): unknown {
  const within = (probability: number) =>
    probability >= least && probability <= greatest;
  const chosen = new Set(
    GRID.filter((probability) => probability === 0.5 || within(probability)),
  );
  // A curve has two points or more.
  if (chosen.size === 1) chosen.add(0.75);
  const written = () => ({
    percentiles: Object.fromEntries(
      [...chosen].toSorted((a, b) => a - b).map((
        probability,
      ) => [
        percentileName(probability),
        writtenDuration(quantile(probability)),
      ]),
    ),
  });
  const candidates = Array.from(
    { length: COMPARISONS - 1 },
    (_, i) => (i + 1) / COMPARISONS,
  ).filter(within);
  while (chosen.size < MOST_POINTS) {
    const curve = distribution(written());
    let [worst, distance] = [NaN, CLOSE];
    for (const probability of candidates) {
      if (chosen.has(probability)) continue;
      const x = quantile(probability);
      const off = Math.abs(curve.cdf(x) - cdf(x));
      if (off > distance) [worst, distance] = [probability, off];
    }
    if (Number.isNaN(worst)) break;
    chosen.add(worst);
  }
  return written();
}
