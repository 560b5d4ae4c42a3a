/**
 * Medians with intervals that assume no distribution.
 *
 * @module
 */
import type { Estimate } from "./estimate.ts";

/**
 * Median of values with its interval by order statistics, interpolated between two of them for the confidence (Hettmansperger and
 * Sheather, "Confidence intervals based on interpolated order statistics", Statistics and Probability Letters 4, 1986). Of values that
 * are too few for the confidence, the interval is their range.
 *
 * @param values at least one, in any order
 */
export function medianEstimate(
  values: readonly number[],
  confidence: number,
): Estimate {
  const sorted = [...values].sort((a, b) => a - b);
  const n = sorted.length;
  const value = (sorted[(n - 1) >> 1] + sorted[n >> 1]) / 2;
  // Coverage of the interval from the depth-th smallest to the depth-th largest: 1 − 2·P(B < depth) for B binomial (n, 1/2).
  let probability = 2 ** -n;
  let tail = probability;
  let depth = 1;
  let coverage = 1 - 2 * tail;
  if (coverage <= confidence) {
    return { value, low: sorted[0], high: sorted[n - 1] };
  }
  for (;;) {
    probability *= (n - depth + 1) / depth;
    const narrower = 1 - 2 * (tail + probability);
    if (narrower < confidence) {
      const excess = (coverage - confidence) / (coverage - narrower);
      const inner = (n - depth) * excess / (depth + (n - 2 * depth) * excess);
      return {
        value,
        low: between(sorted[depth - 1], sorted[depth], inner),
        high: between(sorted[n - depth], sorted[n - depth - 1], inner),
      };
    }
    tail += probability;
    coverage = narrower;
    depth++;
  }
}

function between(from: number, to: number, share: number): number {
  return from + (to - from) * share;
}
