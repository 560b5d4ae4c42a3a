/**
 * The four functions of a distribution, and their truncation to a range.
 *
 * @module
 */
import type { PerfmockError } from "../../core/plugin.ts";
import { invalidParameters, milliseconds } from "./_parameters.ts";

/** The four functions of a distribution on the real line. */
export interface Functions {
  /** Quantile at probability u. */
  readonly quantile: (u: number) => number;
  /** Quantile at probability 1 − v. */
  readonly survivalQuantile: (v: number) => number;
  /** P(X ≤ x). */
  readonly cdf: (x: number) => number;
  /** P(X > x). */
  readonly survival: (x: number) => number;
}

/** Range of a truncation; both ends are included. */
export interface TruncationRange {
  /** Lower end, in milliseconds, at least 0. */
  readonly min: number;
  /** Upper end, in milliseconds; may be Infinity. */
  readonly max: number;
}

/** Rounding of a boundary, relative to it: 1.1 · 3 is 3.3000000000000003, and a boundary at 3.3 must not exclude it. */
const ROUNDING = 2 ** -50;

/** Half a unit in the last place of 1: less by it, a number is the one before. */
const HALF_UNIT = 2 ** -53;

/** Share of a tail that is no rounding, and more than a smooth distribution has in the width of {@linkcode ROUNDING}. */
const ATOM = 1e-9;

/**
 * Truncates a distribution by rescaling u. The upper half is computed from the survival function, so that a far
 * tail stays precise on either side.
 *
 * @returns undefined if the range holds less than 1e-300 of the distribution
 */
export function truncateFunctions(
  base: Functions,
  { min, max }: TruncationRange,
): Functions | undefined {
  /** Returns true if there is an atom between two numbers that differ by rounding. */
  const isAtom = (low: number, high: number): boolean => {
    const below = base.cdf(high);
    const above = base.survival(low);
    return below <= above
      ? below - base.cdf(low) > ATOM * below
      : above - base.survival(high) > ATOM * above;
  };
  const beforeMin = min === 0 ? -Number.MIN_VALUE : min * (1 - HALF_UNIT);
  const wideMin = min * (1 - ROUNDING);
  const below = isAtom(wideMin, beforeMin) ? wideMin : beforeMin;
  const wideMax = max * (1 + ROUNDING);
  const above = isAtom(max, wideMax) ? wideMax : max;
  const cdfBelow = base.cdf(below);
  const survivalBelow = base.survival(below);
  const cdfAbove = base.cdf(above);
  const survivalAbove = base.survival(above);
  const mass = cdfBelow > 0.5
    ? survivalBelow - survivalAbove
    : cdfAbove <= 0.5
    ? cdfAbove - cdfBelow
    : 1 - cdfBelow - survivalAbove;
  if (!(mass > 1e-300)) return undefined;
  const within = (x: number) => x < min ? min : x > max ? max : x;
  // The whole range, the part below the median, or none of it is computed from the cumulative distribution function.
  const lowerEnd = cdfAbove <= 0.5
    ? Infinity
    : cdfBelow > 0.5
    ? 0
    : base.quantile(0.5);
  /** Returns either probability: the one that is computed, or what it leaves of 1, so that both add up to 1. */
  const probability = (x: number, survival: boolean): number => {
    const lower = x < lowerEnd;
    const part = lower
      ? (base.cdf(x) - cdfBelow) / mass
      : (base.survival(x) - survivalAbove) / mass;
    const share = Math.min(1, Math.max(0, part));
    return lower === survival ? 1 - share : share;
  };
  return {
    quantile: (u) => {
      const target = cdfBelow + u * mass;
      return within(
        target <= 0.5
          ? base.quantile(target)
          : base.survivalQuantile(survivalAbove + (1 - u) * mass),
      );
    },
    survivalQuantile: (v) => {
      const target = survivalAbove + v * mass;
      return within(
        target <= 0.5
          ? base.survivalQuantile(target)
          : base.quantile(cdfBelow + (1 - v) * mass),
      );
    },
    cdf: (x) => {
      if (x < min) return 0;
      if (x >= max) return 1;
      return probability(x, false);
    },
    survival: (x) => {
      if (x < min) return 1;
      if (x >= max) return 0;
      return probability(x, true);
    },
  };
}

/** The range that a truncation removes, as text: `"below 0 ms"`, `"outside 10 ms to 80 ms"`. */
export function removedRange({ min, max }: TruncationRange): string {
  return max === Infinity
    ? `below ${milliseconds(min)}`
    : `outside ${milliseconds(min)} to ${milliseconds(max)}`;
}

/** The error of a truncation to a range that holds nothing of the distribution. */
export function emptyTruncation(ends: TruncationRange): PerfmockError {
  const [path, value] = ends.max === Infinity
    ? ["/min", ends.min]
    : ["/max", ends.max];
  return invalidParameters([{
    path,
    message: `Truncation ${
      removedRange(ends)
    } leaves nothing of the distribution`,
    value,
    allowed: "a range that holds some of the distribution",
  }]);
}
