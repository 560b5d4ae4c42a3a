/**
 * Goodness of fit: distances between measured durations and a distribution, and the probability of such a distance by chance.
 *
 * If parameters were estimated from the same durations, the distribution lies nearer to them than the true one does, so that the
 * common tables do not hold. Only figures that are known for that case are given, as bounds.
 *
 * @module
 */
import type { ByChance } from "../../../core/import.ts";
import type { Cell, MeasuredPercentile } from "./durations.ts";

/** The functions of a distribution that are compared. */
export interface Probabilities {
  /** P(X ≤ x). */
  cdf(x: number): number;
  /** P(X > x). */
  survival(x: number): number;
}

/**
 * Largest difference of the distribution functions (Kolmogorov and Smirnov), of single durations. Equal durations count once, with
 * all of them.
 *
 * Source: Stephens, "EDF statistics for goodness of fit and some comparisons", Journal of the American Statistical Association 69,
 * 1974.
 *
 * @param sorted durations in ascending order
 */
export function distanceOfValues(
  sorted: Float64Array,
  { cdf }: Pick<Probabilities, "cdf">,
): number {
  const n = sorted.length;
  let distance = 0;
  for (let i = 0; i < n;) {
    const x = sorted[i];
    let end = i + 1;
    while (end < n && sorted[end] === x) end++;
    // A distribution with an atom at x jumps there, too.
    distance = Math.max(
      distance,
      Math.abs(end / n - cdf(x)),
      Math.abs(cdf(before(x)) - i / n),
    );
    i = end;
  }
  return distance;
}

/** The number before one of at least 0, but for rounding. */
function before(x: number): number {
  return x === 0 ? -Number.MIN_VALUE : x * (1 - 2 ** -52);
}

/** Largest difference of the distribution functions at the boundaries of buckets; between them it is not known. */
export function distanceOfCells(
  cells: readonly Cell[],
  { cdf }: Pick<Probabilities, "cdf">,
): number {
  return cells.reduce((distance, { low, high, count, below, above }) => {
    const total = below + count + above;
    return Math.max(
      distance,
      Math.abs(cdf(low) - below / total),
      high === Infinity ? 0 : Math.abs(cdf(high) - (below + count) / total),
    );
  }, 0);
}

/** Largest difference of the distribution functions at percentiles. */
export function distanceOfPoints(
  points: readonly MeasuredPercentile[],
  { cdf }: Pick<Probabilities, "cdf">,
): number {
  // Where several percentiles have the same time, the distribution function jumps from the least to the greatest of them.
  return points.reduce((distance, { probability, value }, i) => {
    const at = cdf(value);
    const first = points[i - 1]?.value === value;
    const last = points[i + 1]?.value === value;
    if (first && last) return distance;
    if (last) return Math.max(distance, cdf(before(value)) - probability);
    return Math.max(
      distance,
      first ? probability - at : Math.abs(at - probability),
    );
  }, 0);
}

/**
 * Anderson and Darling's A² of single durations, which weighs the tails.
 *
 * Source: D'Agostino, Stephens, Goodness-of-Fit Techniques, 1986, 4.2.
 *
 * @param sorted durations in ascending order
 * @returns A²; Infinity if the distribution excludes a duration
 */
export function andersonDarling(
  sorted: Float64Array,
  { cdf, survival }: Probabilities,
): number {
  const n = sorted.length;
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const x = sorted[i];
    sum += (2 * i + 1) * Math.log(cdf(x)) +
      (2 * (n - i) - 1) * Math.log(survival(x));
  }
  return -n - sum / n;
}

/** Upper percentage points of a statistic: probabilities, descending, and its values. */
interface Table {
  readonly probabilities: readonly number[];
  readonly values: readonly number[];
}

/** A² of the normal distribution with both parameters estimated, and so of the lognormal one; by Stephens, table 4.7. */
const NORMAL: Table = {
  probabilities: [0.25, 0.1, 0.05, 0.025, 0.01, 0.005],
  values: [0.470, 0.631, 0.752, 0.873, 1.035, 1.159],
};

/** A² of the exponential distribution with its mean estimated; table 4.14. */
const EXPONENTIAL: Table = {
  probabilities: [0.25, 0.1, 0.05, 0.025, 0.01, 0.005],
  values: [0.736, 1.062, 1.321, 1.591, 1.959, 2.244],
};

/** A² of the extreme value distribution with both parameters estimated, and so of Weibull's; table 4.17. */
const WEIBULL: Table = {
  probabilities: [0.25, 0.1, 0.05, 0.025, 0.01],
  values: [0.474, 0.637, 0.757, 0.877, 1.038],
};

/** A² of the gamma distribution with both parameters estimated, for shapes; table 4.21, after Lockhart and Stephens, 1985. */
const GAMMA: readonly (readonly [shape: number, values: readonly number[]])[] =
  [
    [1, [0.486, 0.657, 0.786, 0.917, 1.092, 1.227]],
    [2, [0.477, 0.643, 0.768, 0.894, 1.062, 1.190]],
    [3, [0.475, 0.639, 0.762, 0.886, 1.052, 1.178]],
    [4, [0.473, 0.637, 0.759, 0.883, 1.048, 1.173]],
    [5, [0.472, 0.635, 0.758, 0.881, 1.045, 1.170]],
    [6, [0.472, 0.635, 0.757, 0.880, 1.043, 1.168]],
    [8, [0.471, 0.634, 0.755, 0.878, 1.041, 1.165]],
    [10, [0.471, 0.633, 0.754, 0.877, 1.040, 1.164]],
    [12, [0.471, 0.633, 0.754, 0.876, 1.038, 1.162]],
    [15, [0.470, 0.632, 0.754, 0.876, 1.038, 1.162]],
    [20, [0.470, 0.632, 0.753, 0.875, 1.037, 1.161]],
    [Infinity, [0.470, 0.631, 0.752, 0.873, 1.035, 1.159]],
  ];

/** Number of durations from which on the tables hold. */
const ENOUGH = 10;

/** Distribution whose parameters were estimated. */
export interface Estimated {
  /** Name of the family. */
  readonly family: string;
  /** Shape of a gamma distribution. */
  readonly shape?: number;
}

/**
 * Bounds of the probability that an A² so large comes about by chance, for parameters that were estimated by maximum likelihood from
 * the same durations.
 *
 * Source: D'Agostino, Stephens, Goodness-of-Fit Techniques, 1986, chapter 4.
 *
 * @param count number of durations
 * @returns undefined where it is not known: few durations, other families, or gamma shapes below 1
 */
export function chanceOfAnderson(
  ad: number,
  count: number,
  { family, shape = NaN }: Estimated,
): ByChance | undefined {
  if (count < ENOUGH) return undefined;
  switch (family) {
    case "normal":
    case "lognormal":
      return within(NORMAL, ad * (1 + 0.75 / count + 2.25 / count ** 2));
    case "exponential":
      return within(EXPONENTIAL, ad * (1 + 0.6 / count));
    case "weibull":
      return within(WEIBULL, ad * (1 + 0.2 / Math.sqrt(count)));
    case "gamma": {
      const index = GAMMA.findIndex(([least]) => least > shape);
      if (index < 1) return undefined;
      // The points of the next smaller shape are a little greater: those of the next greater one bound them from the other side.
      const [larger, smaller] = [GAMMA[index - 1], GAMMA[index]]
        .map(([, values]) => within({ ...NORMAL, values }, ad));
      return {
        low: Math.min(larger.low, smaller.low),
        high: Math.max(larger.high, smaller.high),
      };
    }
    default:
      return undefined;
  }
}

function within({ probabilities, values }: Table, figure: number): ByChance {
  const index = values.findIndex((value) => figure < value);
  return index < 0
    ? { low: 0, high: probabilities[probabilities.length - 1] }
    : { low: probabilities[index], high: probabilities[index - 1] ?? 1 };
}

/** Least expected count of a cell for which the distribution of G² is known, less what sums may lose by rounding. */
const LEAST_EXPECTED = 5 - 1e-9;

/** Likelihood ratio of counts in cells. */
export interface LikelihoodRatio {
  /** 2·Σ observed·ln(observed/expected). */
  readonly statistic: number;
  /** Degrees of freedom. */
  readonly freedom: number;
}

/**
 * Likelihood ratio statistic G² of counts in buckets, whose parameters were estimated by maximum likelihood from the same counts.
 * It then has a χ² distribution with a degree of freedom less for each parameter, and one for the total.
 *
 * Source: Wilks, "The large-sample distribution of the likelihood ratio for testing composite hypotheses", Annals of Mathematical
 * Statistics 9, 1938; Chernoff, Lehmann, ibid. 25, 1954.
 *
 * @param cells buckets that are not empty
 * @param parameters number of parameters that were estimated
 * @returns undefined if too few buckets are left to tell: those with small counts are taken together
 */
export function likelihoodRatio(
  cells: readonly Cell[],
  { cdf, survival }: Probabilities,
  parameters: number,
): LikelihoodRatio | undefined {
  const total = cells.reduce((sum, { count }) => sum + count, 0);
  const merged: { observed: number; expected: number }[] = [];
  let [observed, expected] = [0, 0];
  let end = 0;
  for (const [i, { high, count }] of cells.entries()) {
    // Gaps before a cell belong to it, and all beyond the last one to the last one, so that the shares add up to 1.
    const to = i === cells.length - 1 ? Infinity : high;
    observed += count;
    expected += total * probabilityWithin({ cdf, survival }, end, to);
    end = to;
    if (expected >= LEAST_EXPECTED) {
      merged.push({ observed, expected });
      [observed, expected] = [0, 0];
    }
  }
  const last = merged[merged.length - 1];
  if (last === undefined) return undefined;
  last.observed += observed;
  last.expected += expected;
  const freedom = merged.length - 1 - parameters;
  if (freedom < 1) return undefined;
  const statistic = merged.reduce(
    (sum, { observed, expected }) =>
      sum + 2 * observed * Math.log(observed / expected),
    0,
  );
  return { statistic: Math.max(0, statistic), freedom };
}

/** P(low < X ≤ high), from the smaller tail, so that a far tail keeps its digits. */
export function probabilityWithin(
  { cdf, survival }: Probabilities,
  low: number,
  high: number,
): number {
  const below = cdf(low);
  if (below > 0.5) {
    return survival(low) - (high === Infinity ? 0 : survival(high));
  }
  return (high === Infinity ? 1 : cdf(high)) - below;
}
