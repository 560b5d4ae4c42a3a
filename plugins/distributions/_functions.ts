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

/**
 * Truncates a distribution by rescaling u. Above the median the survival function is used, so that a far upper tail stays
 * precise.
 *
 * @returns undefined if the range holds less than 1e-300 of the distribution
 */
export function truncateFunctions(
  base: Functions,
  { min, max }: TruncationRange,
): Functions | undefined {
  const below = previous(min);
  const cdfBelow = base.cdf(below);
  const survivalBelow = base.survival(below);
  const survivalAbove = base.survival(max);
  const upper = cdfBelow > 0.5;
  const mass = upper ? survivalBelow - survivalAbove : base.cdf(max) - cdfBelow;
  if (!(mass > 1e-300)) return undefined;
  const within = (x: number) => x < min ? min : x > max ? max : x;
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
      return upper
        ? (survivalBelow - base.survival(x)) / mass
        : (base.cdf(x) - cdfBelow) / mass;
    },
    survival: (x) => {
      if (x < min) return 1;
      if (x >= max) return 0;
      return (base.survival(x) - survivalAbove) / mass;
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

/** The greatest number less than x, x ≥ 0: with it as the excluded end, an atom at x stays inside. */
function previous(x: number): number {
  if (x === 0) return -Number.MIN_VALUE;
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, x);
  bits.setBigInt64(0, bits.getBigInt64(0) - 1n);
  return bits.getFloat64(0);
}
