/**
 * Verdicts on routes.
 *
 * @module
 */
import type { Estimate, Verdict } from "../../../core/find.ts";

/** Knowledge about a factor. */
export interface Found {
  /** Slope where time is added. */
  readonly slope: Estimate;
  /** Change at which it was measured. */
  readonly added: number;
  /** True if such a slope by chance is improbable. */
  readonly significant: boolean;
  /** Difference of our own mean lateness between the levels, in ms; null where it is not known. */
  readonly latenessGap: number | null;
  /** True if much less time was added than was asked for, so that an effect of it would not show. Default false. */
  readonly isMissing?: boolean;
}

/** Half-widths of a narrow interval up to which a route without a significant effect is hidden. */
const HIDDEN = 2;

/**
 * Judges a factor. Nothing is said where our own lateness is as large as the effect, or where the interval is too wide; and nothing is
 * called hidden where the time that was to be added was not there.
 *
 * @param precision half-width at which an interval is narrow enough
 */
export function verdictOn(
  { slope, added, significant, latenessGap, isMissing = false }: Found,
  precision: number,
): Verdict {
  const half = (slope.high - slope.low) / 2;
  if (!Number.isFinite(half)) return "unclear";
  if (isLate({ slope, added, latenessGap }, precision)) return "unclear";
  if (isMissing && (!significant || slope.high < precision)) return "unclear";
  if (!significant) {
    return Math.max(slope.high, half) <= HIDDEN * precision
      ? "hidden"
      : "unclear";
  }
  if (slope.high < precision) return "hidden";
  // A part is claimed only where the interval leaves out about one.
  return slope.high >= 1 - precision ? "critical" : "partly";
}

/**
 * True if answers of one level were later than those of the other by as much as the effect that is claimed, or as the smallest that
 * would have been seen. An effect below the precision is none, however narrow the interval: figures such as INP may not vary at all.
 */
export function isLate(
  { slope: { value, low, high }, added, latenessGap }: Omit<
    Found,
    "isMissing" | "significant"
  >,
  precision: number,
): boolean {
  const effect = Math.max(Math.abs(value), (high - low) / 2, precision) * added;
  return latenessGap !== null && latenessGap >= effect;
}
