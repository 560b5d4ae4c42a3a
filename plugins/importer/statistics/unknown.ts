/**
 * Sentences about what measured durations do not tell.
 *
 * @module
 */
import { type Cell, percentileName } from "./durations.ts";

/** Ratio of a bucket's boundaries from which on it is coarse. */
const COARSE = 1.25;

/** Share of a single bucket that hides the shape of the distribution. */
const HALF = 0.5;

/** Number of durations below which every percentile but the median is little more than a guess. */
const FEW = 100;

/** Writes a duration, rounded to three digits, for people. */
export function inMilliseconds(value: number): string {
  return value >= 10_000
    ? `${Number((value / 1000).toPrecision(3))} s`
    : `${Number(value.toPrecision(3))} ms`;
}

/** Writes a share in percent, rounded to two digits. */
export function inPercent(share: number): string {
  return `${Number((100 * share).toPrecision(2))} %`;
}

/**
 * Returns what buckets hide.
 *
 * @param probabilities probabilities of the quantiles that matter
 */
export function coarseBuckets(
  cells: readonly Cell[],
  probabilities: readonly number[],
): readonly string[] {
  const sentences: string[] = [];
  for (const { low, high, count, below, above } of cells) {
    const total = below + count + above;
    if (high === Infinity) {
      sentences.push(
        `${
          inPercent(count / total)
        } of the durations lie beyond the last boundary, ${
          inMilliseconds(low)
        }: how long they are is not known, and no percentile beyond ${
          percentileName(Number((below / total).toPrecision(4)))
        }`,
      );
      continue;
    }
    if (high <= COARSE * low) continue;
    const inside = probabilities
      .filter((p) => p * total > below && p * total <= below + count)
      .map(percentileName);
    const share = count / total;
    const range = `${inMilliseconds(low)} to ${inMilliseconds(high)}`;
    if (share > HALF) {
      sentences.push(
        `${
          inPercent(share)
        } of the durations lie in one bucket, ${range}: two peaks or one narrow peak in there cannot be told from a smooth spread; ${
          inside.join(", ")
        } in it are guesses`,
      );
    } else if (inside.length > 0) {
      sentences.push(
        `${inside.join(", ")} ${
          inside.length === 1 ? "lies" : "lie"
        } in the bucket ${range}: anywhere in it, as far as the buckets tell`,
      );
    }
  }
  return sentences;
}

/**
 * Returns what a number of durations leaves open.
 *
 * @param count number of durations; undefined if it is not known
 * @param greatest greatest probability whose quantile was compared; undefined for none
 */
export function limitsOfCount(
  count: number | undefined,
  greatest: number | undefined,
): readonly string[] {
  if (count === undefined) {
    return [
      "The number of durations is not known: differences cannot be told from chance",
    ];
  }
  const sentences: string[] = [];
  if (count < FEW) {
    sentences.push(
      count === 1
        ? "There is only one duration"
        : `There are only ${count} durations: every percentile but the median is little more than a guess`,
    );
  }
  if (greatest !== undefined && greatest < 0.9999) {
    sentences.push(
      `Beyond ${
        percentileName(greatest)
      }, too few of the ${count} durations lie for a comparison: the tail is the distribution's, not the measurement's`,
    );
  }
  return sentences;
}
