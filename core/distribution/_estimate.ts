/**
 * Figures of a distribution that can only be sampled, by Monte Carlo with a fixed seed: the same in every run.
 *
 * @module
 */
import type { Stream } from "../plugin.ts";
import { createStream } from "../lib/random/mod.ts";

/** How many draws an estimate is made of: the standard error of a probability is at most 0.0016. */
const DRAWS = 100_000;

/** The estimates' own key, the ASCII letters "perfmock": no server's seed changes them. */
const KEY = [0x70657266, 0x6d6f636b] as const;

/** What {@linkcode estimate} finds. */
export interface Estimate {
  /** The mean of the draws. */
  readonly mean: number;
  /** The standard deviation of the draws. */
  readonly standardDeviation: number;
  /** The share of draws ≤ x. */
  cdf(x: number): number;
}

/** Draws 100 000 times, about as many calls of `draw`. */
export function estimate(
  draw: (stream: Stream, sequence: number) => number,
): Estimate {
  const stream = createStream(KEY, "estimate");
  const sorted = new Float64Array(DRAWS);
  let mean = 0;
  let squares = 0;
  for (let i = 0; i < DRAWS; i++) {
    const x = draw(stream, i);
    const delta = x - mean;
    mean += delta / (i + 1);
    squares += delta * (x - mean); // Welford's recurrence
    sorted[i] = x;
  }
  sorted.sort();
  const cdf = (x: number): number => {
    let low = 0;
    let high = DRAWS;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sorted[middle] <= x) low = middle + 1;
      else high = middle;
    }
    return low / DRAWS;
  };
  return { mean, standardDeviation: Math.sqrt(squares / DRAWS), cdf };
}
