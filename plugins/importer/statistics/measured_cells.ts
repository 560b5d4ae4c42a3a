/**
 * Counts of durations in buckets.
 *
 * @module
 */
import { curveThrough } from "./curve.ts";
import {
  type Cell,
  cellsOf,
  type MeasuredBucket,
  type MeasuredPercentile,
  totalOf,
} from "./durations.ts";
import type { ParametricFamily, Vector } from "./families.ts";
import {
  distanceOfCells,
  likelihoodRatio,
  probabilityWithin,
} from "./goodness.ts";
import {
  akaike,
  BEYOND_CURVE,
  comparedUpTo,
  type Estimate,
  type FitTools,
  type Measured,
  quantileOf,
  reach,
  shapeOf,
  TWO_SIDED,
} from "./measured.ts";
import { minimise } from "./minimise.ts";
import { coarseBuckets } from "./unknown.ts";

/** Greatest number of buckets that are written down as they are. */
const LISTED = 60;

/** Number of durations that shares count as, if the number itself is not known. */
const NOMINAL = 1000;

/** Greatest quantile that is compared where the number of durations is not known. */
const REACH_OF_RATES = 0.999;

/** Number of boundaries that the search of parameters begins from. */
const STARTING_POINTS = 40;

/** Least probability of a bucket, so that one outside of a distribution makes it very unlikely, and not impossible. */
const IMPOSSIBLE = 1e-300;

/**
 * Returns counts as the fit sees them.
 *
 * @param buckets buckets in ascending order with a count above 0
 */
export function measuredCells(
  buckets: readonly MeasuredBucket[],
  tools: FitTools,
): Measured {
  // Rates of counters are no whole numbers: the number of durations behind them is not known.
  const counted = buckets.every(({ count }) => Number.isInteger(count));
  const factor = counted ? 1 : NOMINAL / totalOf(buckets);
  const cells = cellsOf(
    buckets.map((bucket) => ({ ...bucket, count: factor * bucket.count })),
  );
  const total = totalOf(cells);
  const listed = cells.length <= LISTED;
  const spread = listed
    ? compiledSpread(cells, tools)
    : linearSpread(cells, total);
  const last = cells[cells.length - 1];
  const finite = last.high < Infinity ? 1 : last.below / total;
  const probabilities = comparedUpTo(
    Math.min(counted ? reach(total) : REACH_OF_RATES, finite),
  ).filter((probability) => probability <= finite);
  return {
    count: counted ? total : undefined,
    method: "maximum likelihood",
    constant: undefined,
    unknown: coarseBuckets(cells, probabilities),
    nonParametric: () =>
      listed ? { family: "histogram", distribution: histogramOf(cells) } : {
        family: "percentiles",
        distribution: curveThrough({
          least: BEYOND_CURVE / total,
          greatest: Math.min(1 - BEYOND_CURVE / total, finite),
          ...spread,
        }, tools),
      },
    estimate: (family) => likeliest(family, cells, tools),
    score: akaike,
    distance: (distribution) => distanceOfCells(cells, distribution),
    anderson: () => undefined,
    chance: ({ size }, distribution) => {
      if (!counted) return undefined;
      const ratio = likelihoodRatio(cells, distribution, size);
      if (ratio === undefined) return undefined;
      const { statistic, freedom } = ratio;
      // The χ² distribution is a gamma distribution.
      const p = tools.distribution({
        gamma: { shape: freedom / 2, scale: 2 },
      }).survival(statistic);
      return { low: p, high: p };
    },
    probabilities,
    quantile: (probability) => {
      const half = counted
        ? TWO_SIDED * Math.sqrt(probability * (1 - probability) / total)
        : 0;
      return {
        value: spread.quantile(probability),
        low: cellAt(cells, Math.max(0, probability - half), total).low,
        high: cellAt(cells, Math.min(1, probability + half), total).high,
      };
    },
  };
}

/** The cell in which a quantile lies. */
function cellAt(
  cells: readonly Cell[],
  probability: number,
  total: number,
): Cell {
  // The last cell reaches a probability of 1.
  return cells[
    cells.findIndex(({ below, count }) => below + count >= probability * total)
  ];
}

/** Distribution of durations within buckets. */
interface Spread {
  readonly quantile: (probability: number) => number;
  readonly cdf: (x: number) => number;
}

/** Durations are spread as the family `histogram` does it: along a curve that goes on from bucket to bucket. */
function compiledSpread(cells: readonly Cell[], tools: FitTools): Spread {
  const distribution = tools.distribution(histogramOf(cells));
  return { quantile: quantileOf(distribution), cdf: distribution.cdf };
}

/** Durations are spread evenly, which is exact enough in many narrow buckets. */
function linearSpread(cells: readonly Cell[], total: number): Spread {
  const within = ({ low, high }: Cell, share: number) =>
    high === Infinity ? low : low + share * (high - low);
  return {
    quantile: (probability) => {
      const cell = cellAt(cells, probability, total);
      return within(cell, (probability * total - cell.below) / cell.count);
    },
    cdf: (x) =>
      cells.reduce(
        (sum, { low, high, count }) =>
          sum + count * Math.min(1, Math.max(0, (x - low) / (high - low))),
        0,
      ) /
      total,
  };
}

/** Settings of the family `histogram`. */
function histogramOf(cells: readonly Cell[]): unknown {
  const buckets: { le: number | "+Inf"; count: number }[] = [];
  let end = 0;
  for (const { low, high, count } of cells) {
    // A gap is an empty bucket.
    if (low > end) buckets.push({ le: low, count: 0 });
    buckets.push({ le: high === Infinity ? "+Inf" : high, count });
    end = high;
  }
  return { histogram: { buckets } };
}

/**
 * Estimates parameters by maximum likelihood from the counts of buckets: the probability of a count is multinomial.
 *
 * Source: Kulldorff, Contributions to the Theory of Estimation from Grouped and Partially Grouped Samples, 1961.
 */
function likeliest(
  family: ParametricFamily,
  cells: readonly Cell[],
  tools: FitTools,
): Estimate | undefined {
  const points = pointsOf(cells);
  const counted = coarser(cells);
  if (points.length < family.size) return undefined;
  const start = family.matched(
    points,
    (parameters) => shapeOf(family.name, parameters, tools).quantile,
  );
  if (start === undefined || !family.accepts(start)) return undefined;
  const unlikelihood = (vector: Vector): number => {
    if (!family.accepts(vector)) return Infinity;
    const shape = shapeOf(family.name, family.parameters(vector), tools);
    return -counted.reduce(
      (sum, { low, high, count }) =>
        sum + count * Math.log(
            Math.max(
              IMPOSSIBLE,
              probabilityWithin(shape, low, high),
            ),
          ),
      0,
    );
  };
  const vector = minimise(unlikelihood, start);
  return { vector, logLikelihood: -unlikelihood(vector) };
}

/** Number of cells from which on narrow ones are taken together: more take time, and tell no more. */
const MANY = 300;

/** Share of all durations, and ratio of the boundaries, up to which cells are taken together. */
const NARROW = { share: 1 / 250, ratio: 1.05 };

/** Takes neighbouring cells together, if there are many. */
function coarser(cells: readonly Cell[]): readonly MeasuredBucket[] {
  if (cells.length <= MANY) return cells;
  const total = totalOf(cells);
  const taken: { low: number; high: number; count: number }[] = [];
  for (const { low, high, count } of cells) {
    const last = taken[taken.length - 1];
    if (
      last?.high === low && last.count + count <= NARROW.share * total &&
      high <= NARROW.ratio * last.low
    ) {
      last.high = high;
      last.count += count;
    } else taken.push({ low, high, count });
  }
  return taken;
}

/** The boundaries between durations as points of the distribution function, or some of them if there are many. */
function pointsOf(cells: readonly Cell[]): readonly MeasuredPercentile[] {
  const points: MeasuredPercentile[] = [];
  for (const { low, high, count, below, above } of cells) {
    const total = below + count + above;
    if (below > 0 && low > points[points.length - 1].value) {
      points.push({ probability: below / total, value: low });
    }
    if (above > 0) {
      points.push({ probability: (below + count) / total, value: high });
    }
  }
  const step = Math.ceil(points.length / STARTING_POINTS);
  return points.filter((_, i) => i % step === 0);
}
