/**
 * Single durations.
 *
 * @module
 */
import { curveThrough } from "./curve.ts";
import { sumsOf } from "./estimates.ts";
import { writtenDuration } from "./families.ts";
import {
  andersonDarling,
  chanceOfAnderson,
  distanceOfValues,
} from "./goodness.ts";
import {
  akaike,
  BEYOND_CURVE,
  comparedUpTo,
  type FitTools,
  type Measured,
  reach,
  TWO_SIDED,
} from "./measured.ts";

/** Greatest number of durations that are written down one by one. */
const LISTED = 100;

/**
 * Returns single durations as the fit sees them.
 *
 * @param sorted durations in ascending order, at least one; above 0, unless all are equal
 */
export function measuredValues(
  sorted: Float64Array,
  tools: FitTools,
): Measured {
  const count = sorted.length;
  const last = count - 1;
  const sums = sumsOf(sorted);
  const at = (rank: number) =>
    sorted[Math.min(last, Math.max(0, Math.round(rank)))];
  const quantile = (probability: number) => interpolated(sorted, probability);
  return {
    count,
    method: "maximum likelihood",
    constant: sorted[0] === sorted[last] ? sorted[0] : undefined,
    unknown: [],
    nonParametric: () =>
      count <= LISTED
        ? {
          family: "empirical",
          distribution: {
            empirical: { values: Array.from(sorted, writtenDuration) },
          },
        }
        : {
          family: "percentiles",
          distribution: curveThrough({
            least: BEYOND_CURVE / count,
            greatest: 1 - BEYOND_CURVE / count,
            quantile,
            cdf: (x) => notAbove(sorted, x) / count,
          }, tools),
        },
    estimate: (family) => {
      const vector = family.likeliest(sums);
      return family.accepts(vector)
        ? { vector, logLikelihood: family.logLikelihood(vector, sums) }
        : undefined;
    },
    score: akaike,
    distance: (distribution) => distanceOfValues(sorted, distribution),
    anderson: (distribution) => {
      const ad = andersonDarling(sorted, distribution);
      return ad < Infinity ? ad : undefined;
    },
    chance: (estimated, distribution) => {
      const ad = andersonDarling(sorted, distribution);
      return chanceOfAnderson(ad, count, estimated);
    },
    probabilities: comparedUpTo(reach(count)),
    quantile: (probability) => {
      const spread = TWO_SIDED *
        Math.sqrt(count * probability * (1 - probability));
      const middle = count * probability - 0.5;
      return {
        value: quantile(probability),
        // Source: Conover, Practical Nonparametric Statistics, 3.2.
        low: at(middle - spread),
        high: at(middle + spread),
      };
    },
  };
}

/**
 * Quantile of single durations.
 *
 * Source: Hyndman, Fan, "Sample quantiles in statistical packages", American Statistician 50, 1996, definition 8: unbiased for the
 * median whatever the distribution.
 *
 * @param sorted durations in ascending order, at least one
 */
export function interpolated(
  sorted: Float64Array,
  probability: number,
): number {
  const last = sorted.length - 1;
  const place = Math.min(
    last,
    Math.max(0, (sorted.length + 1 / 3) * probability - 2 / 3),
  );
  const index = Math.floor(place);
  const low = sorted[index];
  return low + (place - index) * (sorted[Math.min(last, index + 1)] - low);
}

/** Number of durations that are at most x. */
function notAbove(sorted: Float64Array, x: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] <= x) low = middle + 1;
    else high = middle;
  }
  return low;
}
