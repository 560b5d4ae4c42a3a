/**
 * Order statistics, and intervals of medians from few figures.
 *
 * @module
 */
import type { Estimate } from "../../../core/find.ts";

/** Quantile of ascending values, linear between neighbours. */
export function quantile(ascending: readonly number[], p: number): number {
  const place = p * (ascending.length - 1);
  const below = Math.floor(place);
  const above = Math.ceil(place);
  return ascending[below] +
    (ascending[above] - ascending[below]) * (place - below);
}

/** Median of values in any order. */
export function median(values: readonly number[]): number {
  return quantile(values.toSorted((a, b) => a - b), 0.5);
}

/** Estimate with the interval between the quantiles of two sets of bootstrap values; the estimate is always inside. */
export function interval(
  value: number,
  lows: readonly number[],
  highs: readonly number[],
  confidence: number,
): Estimate {
  const tail = (1 - confidence) / 2;
  const ascending = (values: readonly number[]) =>
    values.toSorted((a, b) => a - b);
  return {
    value,
    low: Math.min(value, quantile(ascending(lows), tail)),
    high: Math.max(value, quantile(ascending(highs), 1 - tail)),
  };
}

/** Number of figures of one group from which on its own spread is used, not that of all groups. */
const OWN_SPREAD = 8;

/** Number of bootstrap samples of a median. */
const SAMPLES = 400;

/**
 * Medians of groups, with bootstrap intervals. A few figures do not show their spread, so small groups draw from the deviations of
 * all groups; where every group has one figure, from the deviations from a straight line through them.
 *
 * @param groups figures at each place; an empty group has no median
 * @param places place of each group on the axis
 * @param next uniform random numbers between 0 and 1
 */
export function medians(
  groups: readonly (readonly number[])[],
  places: readonly number[],
  confidence: number,
  next: () => number,
): (Estimate | null)[] {
  const pooled = pooledDeviations(groups, places);
  const count = groups.reduce((sum, { length }) => sum + length, 0);
  const used = groups.filter(({ length }) => length > 0).length;
  // Where every group has one figure, the two parameters of the line count.
  const spare = count > used ? count - used : Math.max(1, count - 2);
  return groups.map((group) => {
    if (group.length === 0) return null;
    const value = median(group);
    const isOwn = group.length >= OWN_SPREAD;
    const deviations = isOwn ? deviationsOf(group) : pooled;
    const drawn = Array.from({ length: SAMPLES }, () =>
      value +
      randomWidth(isOwn ? group.length - 1 : spare, next) * median(
          group.map(() => deviations[Math.floor(next() * deviations.length)]),
        ));
    return interval(value, drawn, drawn, confidence);
  });
}

/**
 * Standard deviation of all figures per that of a few, at random: the spread of few figures is uncertain itself, as in Student's t.
 *
 * @param spare number of figures beyond that of parameters
 */
export function randomWidth(spare: number, next: () => number): number {
  let sum = 0;
  for (let i = 0; i < spare; i++) {
    sum += -2 * Math.log(next()) * Math.cos(2 * Math.PI * next()) ** 2;
  }
  return Math.sqrt(spare / sum);
}

/** Deviations of at least two figures from their median, as wide as those from the truth. */
function deviationsOf(group: readonly number[]): number[] {
  const middle = median(group);
  const { length } = group;
  // The median itself has the deviation 0, which says nothing; a median between two figures is too near to them.
  if (length % 2 === 1) {
    const i = group.indexOf(middle);
    return group.toSpliced(i, 1).map((figure) => figure - middle);
  }
  const widening = Math.sqrt(length / (length - 1));
  return group.map((figure) => widening * (figure - middle));
}

function pooledDeviations(
  groups: readonly (readonly number[])[],
  places: readonly number[],
): number[] {
  const count = groups.reduce((sum, { length }) => sum + length, 0);
  const used = groups.filter(({ length }) => length > 0).length;
  if (count > used) {
    return groups.filter(({ length }) => length > 1).flatMap(deviationsOf);
  }
  const points = groups.flatMap((group, i) =>
    group.map((figure) => ({ x: places[i], y: figure }))
  );
  if (count < 3) return [0];
  const meanX = mean(points.map(({ x }) => x));
  const meanY = mean(points.map(({ y }) => y));
  const meanSquare = mean(points.map(({ x }) => (x - meanX) ** 2));
  const slope = meanSquare === 0
    ? 0
    : mean(points.map(({ x, y }) => (x - meanX) * (y - meanY))) / meanSquare;
  const widening = Math.sqrt(count / (count - 2));
  return points.map(({ x, y }) => widening * (y - meanY - slope * (x - meanX)));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
