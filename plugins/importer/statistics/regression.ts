/**
 * Straight lines by least squares.
 *
 * @module
 */
import type { MeasuredPercentile } from "./durations.ts";

/** Point that a line has to pass near. */
export interface LinePoint {
  readonly x: number;
  readonly y: number;
  /** Weight of its squared error. */
  readonly weight: number;
}

/** Straight line, y = intercept + slope · x. */
export interface Line {
  readonly intercept: number;
  readonly slope: number;
}

/**
 * Returns the line with the least sum of weighed squared errors.
 *
 * Source: Draper, Smith, Applied Regression Analysis, 1.2.
 *
 * @param points points with at least two different x
 */
export function lineThrough(points: readonly LinePoint[]): Line {
  const sum = (term: (point: LinePoint) => number) =>
    points.reduce((total, point) => total + point.weight * term(point), 0);
  const weight = sum(() => 1);
  const x = sum((point) => point.x) / weight;
  const y = sum((point) => point.y) / weight;
  const slope = sum((point) => (point.x - x) * (point.y - y)) /
    sum((point) => (point.x - x) ** 2);
  return { intercept: y - slope * x, slope };
}

/**
 * Returns the line of the logarithms of quantiles over a function of their probabilities: most families are such a line.
 *
 * @param points two points or more, above 0
 * @param abscissa function of the probability
 * @returns undefined if the line does not rise
 */
export function logLine(
  points: readonly MeasuredPercentile[],
  abscissa: (probability: number) => number,
): Line | undefined {
  const line = lineThrough(points.map(({ probability, value }) => ({
    x: abscissa(probability),
    y: Math.log(value),
    weight: 1,
  })));
  return line.slope > 0 ? line : undefined;
}
