/**
 * The normal family.
 *
 * @module
 */
import {
  type Family,
  normalCdf,
  normalDensity,
  normalQuantile,
} from "../../core/plugin.ts";
import { milliseconds, requireAscending } from "./_parameters.ts";
import {
  emptyTruncation,
  type Functions,
  removedRange,
  truncateFunctions,
} from "./_functions.ts";

/** Parameters of {@linkcode normal}, in milliseconds; mean and sd are those before truncation. */
export interface NormalParameters {
  /** Mean, at least 0. */
  readonly mean: number;
  /** Standard deviation, above 0. */
  readonly sd: number;
  /** Shortest time. Default 0. */
  readonly min?: number;
  /** Longest time. Default: no limit. */
  readonly max?: number;
}

/** Change of the mean by truncation, relative to the mean, above which there is a warning. */
const WARNED_CHANGE = 0.01;

/** Width of the range, in standard deviations, below which the closed form of the moments loses too many digits. */
const NARROW = 0.5;

/** Symmetrical around the mean, and truncated at 0 or at a higher min. */
export const normal: Family<NormalParameters> = {
  name: "normal",
  summary: "Symmetrical around the mean, truncated at 0 unless min says more",
  source:
    "Wichura, Algorithm AS 241, 1988; moments: Johnson, Kotz, Balakrishnan, Continuous Univariate Distributions, 13.10.1",
  parameters: ({ z, duration, worded }) =>
    z.strictObject(worded({
      mean: duration(),
      sd: duration({ above: 0 }),
      min: duration().optional(),
      max: duration({ above: 0 }).optional(),
    }, {
      mean: "Mean before truncation",
      sd: "Standard deviation before truncation",
      min: "Shortest time; shorter ones are cut off. Default 0 ms",
      max: "Longest time; longer ones are cut off. Default: no limit",
    })).superRefine((given, context) => requireAscending(context, given)),
  create: ({ mean, sd, min = 0, max = Infinity }) => {
    const truncated = truncateFunctions(whole(mean, sd), { min, max });
    if (truncated === undefined) throw emptyTruncation({ min, max });
    const from = (min - mean) / sd;
    const moments = truncatedMoments(from, (max - mean) / sd);
    const quantile = nearMin(truncated.quantile, {
      min,
      sd,
      from,
      density: moments.low,
    });
    const moved = Math.min(max, Math.max(min, mean + sd * moments.mean));
    const warnings = Math.abs(moved - mean) > WARNED_CHANGE * mean
      ? [
        `Truncation ${removedRange({ min, max })} moves the mean from ${
          milliseconds(mean)
        } to ${milliseconds(moved)}`,
      ]
      : [];
    if (max - min < NARROW * sd) return { ...truncated, quantile, warnings };
    return {
      ...truncated,
      quantile,
      mean: moved,
      standardDeviation: sd * moments.standardDeviation,
      warnings,
    };
  },
};

function whole(mean: number, sd: number): Functions {
  return {
    quantile: (u) => mean + sd * normalQuantile(u),
    survivalQuantile: (v) => mean - sd * normalQuantile(v),
    cdf: (x) => normalCdf((x - mean) / sd),
    survival: (x) => normalCdf((mean - x) / sd),
  };
}

/** Lower end of a truncated normal distribution. */
interface LowerEnd {
  readonly min: number;
  readonly sd: number;
  /** Standard score of the end. */
  readonly from: number;
  /** Density of the standard score at the end. */
  readonly density: number;
}

/**
 * Next to the lower end, mean + sd·z loses digits by cancellation. The offset from the end is computed there instead, by the
 * Taylor series of the inverse of ∫ exp(−from·s − s²/2) ds around 0.
 */
function nearMin(
  quantile: (u: number) => number,
  { min, sd, from, density }: LowerEnd,
): (u: number) => number {
  const limit = 1e-4 / Math.max(1, Math.abs(from)) * density;
  const c2 = from / 2;
  const c3 = (1 + 2 * from * from) / 6;
  const c4 = (7 + 6 * from * from) * from / 24;
  return (u) => {
    if (u >= limit) return quantile(u);
    const t = u / density;
    return min + sd * t * (1 + t * (c2 + t * (c3 + t * c4)));
  };
}

/** Mean and standard deviation of a standard normal distribution between two scores, and its density at the lower one. */
function truncatedMoments(
  from: number,
  to: number,
): {
  readonly mean: number;
  readonly standardDeviation: number;
  readonly low: number;
} {
  const mass = from > 0
    ? normalCdf(-from) - normalCdf(-to)
    : normalCdf(to) - normalCdf(from);
  const low = normalDensity(from) / mass;
  const high = normalDensity(to) / mass;
  const mean = low - high;
  const variance = 1 + from * low - (high === 0 ? 0 : to * high) - mean * mean;
  return { mean, standardDeviation: Math.sqrt(Math.max(0, variance)), low };
}
