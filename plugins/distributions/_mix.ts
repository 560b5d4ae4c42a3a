/**
 * Mixtures: one of several distributions, chosen by weight.
 *
 * @module
 */
import type { Distribution, Shape } from "../../core/plugin.ts";
import { Relay } from "./_relay.ts";

/** One part of a mixture. */
export interface Component {
  /** How often it is chosen, relative to the others' weights; at least 0. */
  readonly weight: number;
  /** What it is. */
  readonly of: Distribution;
}

/** The smallest and the greatest uniform there is: a rescaled remainder may round to 0 or 1. */
const FIRST = 2 ** -53;
const LAST = 1 - FIRST;

/**
 * Mixes. Draws choose by one uniform and rescale its remainder for the component chosen; the quantile function inverts
 * the mixed cumulative distribution function, and is there only where all components have one.
 *
 * @param components at least one of them with a weight above 0; weights are normalised
 */
export function mix(components: readonly Component[]): Shape {
  const total = components.reduce((sum, { weight }) => sum + weight, 0);
  const parts = components.filter(({ weight }) => weight > 0)
    .map(({ weight, of }) => ({ weight: weight / total, of }));
  const shape = {
    sample: sampler(parts),
    warnings: parts.flatMap(({ of }) => of.warnings),
  };
  const inverses = parts.flatMap(({ of }) =>
    of.quantile && of.survivalQuantile
      ? [{ low: of.quantile, high: of.survivalQuantile }]
      : []
  );
  if (inverses.length < parts.length) return shape;
  const cdf = (x: number) =>
    parts.reduce((sum, { weight, of }) => sum + weight * of.cdf(x), 0);
  const survival = (x: number) =>
    parts.reduce((sum, { weight, of }) => sum + weight * of.survival(x), 0);
  const fromBelow = (u: number) =>
    invert(
      (x) => cdf(x) - u,
      inverses.map(({ low }) => low(u)),
    );
  const fromAbove = (v: number) =>
    invert(
      (x) => v - survival(x),
      inverses.map(({ high }) => high(v)),
    );
  const mean = parts.reduce((sum, { weight, of }) => sum + weight * of.mean, 0);
  return {
    ...shape,
    quantile: (u) => u <= 0.5 ? fromBelow(u) : fromAbove(1 - u),
    survivalQuantile: (v) => v <= 0.5 ? fromAbove(v) : fromBelow(1 - v),
    cdf,
    survival,
    mean,
    standardDeviation: mean === Infinity ? Infinity : Math.sqrt(
      parts.reduce((sum, { weight, of }) =>
        sum +
        weight * (of.standardDeviation ** 2 + (of.mean - mean) ** 2), 0),
    ),
  };
}

function sampler(parts: readonly Component[]): (next: () => number) => number {
  const relay = new Relay();
  const last = parts.length - 1;
  return (next) => {
    let rest = next();
    let chosen = 0;
    while (chosen < last && rest >= parts[chosen].weight) {
      rest -= parts[chosen++].weight;
    }
    const { weight, of } = parts[chosen];
    const rescaled = Math.min(LAST, Math.max(FIRST, rest / weight));
    return of.draw(relay.start(rescaled, next), 0);
  };
}

/**
 * The smallest x at which a function that never decreases has reached 0, to the last bit, by bisection: it meets atoms
 * and gaps as surely as slopes.
 *
 * @param ends points of which the smallest lies at or below x, the greatest at or above it
 */
function invert(f: (x: number) => number, ends: readonly number[]): number {
  let low = Math.min(...ends);
  let high = Math.max(...ends);
  if (f(low) >= 0) return low;
  for (;;) {
    const middle = low + (high - low) / 2;
    if (middle === low || middle === high) return high;
    if (f(middle) >= 0) high = middle;
    else low = middle;
  }
}
