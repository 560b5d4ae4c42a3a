/**
 * The times of one block in exact sampling.
 *
 * Each of the N ranks takes a quantile of its own cell, (k/N, (k+1)/N]. Ranks of percentiles that tools print take the end of the
 * cell, so that the nearest-rank percentile is exact. Since that is more than the cell's mean, all other ranks take a point
 * before the middle of their cells, in the same proportion, so that the block has the mean of the distribution. The last rank,
 * which stands for a whole tail, is counted from the mean of its cell.
 *
 * An atom of k/N gets exactly k ranks, since the cells within it have one quantile.
 *
 * @module
 */
import type { Distribution } from "../../core/plugin.ts";

/** Percentiles that tools print, in units of 0.01 %. */
const PERCENTILES: readonly number[] = [
  ...[100, 250, 500, 1000, 2500, 5000, 6600, 7500, 8000],
  ...[9000, 9500, 9750, 9800, 9900, 9950, 9980, 9990, 9995, 9998, 9999],
];

/** Centre of a cell. */
const CENTRE = 0.5;

/** Offset of the two points of Gauss's rule from the centre of a cell. */
const GAUSS = 1 / Math.sqrt(12);

/** Range of the last rank's point in its cell. */
const LAST_CELL = { least: 0.1, most: 1 - 2 ** -10 };

/** Range of the proportion by which points are moved towards the lower ends of their cells. */
const PROPORTION = { least: 0.1, most: 1.25 };

/** Error of the mean, relative to it, that ends the search for the proportion; and width of its range that ends it too. */
const PRECISION = 1e-5;
const NARROWEST = 2 ** -20;

/** Maximum number of steps of that search. */
const STEPS = 40;

/**
 * The times of a block in ascending order.
 *
 * @param quantile quantile function of the distribution
 * @param size number of times, at least 2
 */
export function blockValues(
  quantile: (u: number) => number,
  { survival, mean }: Distribution,
  size: number,
): Float64Array {
  const last = size - 1;
  const at = (rank: number, point: number) =>
    Math.max(0, quantile((rank + point) / size));
  const ends = new Set(
    PERCENTILES.map((p) => p * size / 10_000 - 1)
      .filter((rank) => Number.isInteger(rank) && rank < last),
  );
  if (mean === Infinity) {
    return Float64Array.from(
      { length: size },
      (_, rank) => at(rank, ends.has(rank) ? 1 : CENTRE),
    );
  }
  let others = 0;
  for (let rank = 0; rank < last; rank++) {
    others += at(rank, CENTRE - GAUSS) + at(rank, CENTRE + GAUSS);
  }
  // The point whose quantile is the mean of the last cell, which may be far from its centre.
  const tail = Math.min(
    LAST_CELL.most,
    Math.max(
      LAST_CELL.least,
      1 - size * survival(size * mean - others / 2),
    ),
  );
  const exact = Float64Array.from(ends, (rank) => at(rank, 1));
  const total = size * mean;
  return closest((proportion) => {
    const values = new Float64Array(size);
    for (let rank = 0; rank < last; rank++) {
      if (!ends.has(rank)) values[rank] = at(rank, proportion * CENTRE);
    }
    [...ends].forEach((rank, i) => values[rank] = exact[i]);
    values[last] = at(last, Math.min(LAST_CELL.most, proportion * tail));
    return { values, error: values.reduce((sum, x) => sum + x, 0) - total };
  }, PRECISION * total);
}

/** A possible block. */
interface Block {
  readonly values: Float64Array;
  /** Excess of the sum of the values over the right one. */
  readonly error: number;
}

/**
 * The block with the least error, by false position in the form of Illinois (Dowell, Jarratt 1971).
 *
 * @param make makes the block for a proportion; no value of it decreases with the proportion
 * @param tolerance error that is small enough
 */
function closest(
  make: (proportion: number) => Block,
  tolerance: number,
): Float64Array {
  let { least, most } = PROPORTION;
  let low = make(least);
  let high = make(most);
  if (low.error >= 0) return low.values;
  if (high.error <= 0) return high.values;
  let below = -low.error;
  let above = high.error;
  let lowMoved: boolean | undefined;
  for (let step = 0; step < STEPS && most - least > NARROWEST; step++) {
    const proportion = least + (most - least) * below / (below + above);
    const block = make(proportion);
    const { error } = block;
    if (Math.abs(error) <= tolerance) return block.values;
    // An end that stays for a second time counts half.
    if (error < 0) {
      if (lowMoved === true) above /= 2;
      [least, low, below, lowMoved] = [proportion, block, -error, true];
    } else {
      if (lowMoved === false) below /= 2;
      [most, high, above, lowMoved] = [proportion, block, error, false];
    }
  }
  return between(low, high);
}

/**
 * The least error where several ranks jump at the same proportion, as those of measured times do: only some of them jump, the
 * greatest jumps first.
 */
function between(low: Block, high: Block): Float64Array {
  const values = low.values.slice();
  let { error } = low;
  for (let rank = values.length - 1; rank >= 0; rank--) {
    const after = error + high.values[rank] - values[rank];
    if (after <= 0) {
      values[rank] = high.values[rank];
      error = after;
    }
  }
  // One more jump may overshoot by less than what is missing.
  const missing = -error;
  const last = values.findIndex((x, rank) =>
    high.values[rank] > x && high.values[rank] - x < 2 * missing
  );
  if (last >= 0) values[last] = high.values[last];
  return values;
}
