/**
 * Mixtures: one of several distributions, chosen by weight.
 *
 * @module
 */
import type { Distribution, Family, Shape } from "../../core/plugin.ts";
import { NestedStream } from "./_nested_draws.ts";
import { report } from "./_parameters.ts";

/** One component of a mixture. */
export interface Component {
  /** Weight, relative to the sum of all weights; at least 0. */
  readonly weight: number;
  /** Distribution of the component. */
  readonly of: Distribution;
}

/** One of several distributions, chosen by weight. */
export const mixture: Family<readonly Component[]> = {
  name: "mixture",
  summary: "One of several distributions, chosen by weight",
  source: "Frühwirth-Schnatter, Finite Mixture and Markov Switching Models",
  parameters: ({ z, number, distribution, worded }) =>
    z.array(z.strictObject(
      worded({ weight: number({ min: 0 }), of: distribution() }, {
        weight: "Share of this part, relative to the sum of all weights",
        of: "Distribution of this part",
      }),
    ))
      .min(1)
      .superRefine((components, context) => {
        const total = components.reduce((sum, { weight }) => sum + weight, 0);
        const summable = total > 0 && total < Infinity;
        if (summable || components.length === 0) return;
        report(context, {
          path: [],
          message:
            `Must have weights with a finite sum above 0, received ${total}`,
          allowed: "weights of which at least one is above 0",
        });
      }),
  create: mix,
};

/** Parameters of {@linkcode bimodal}. */
export interface BimodalParameters {
  /** Distribution of the fast exchanges, such as cache hits. */
  readonly fast: Distribution;
  /** Distribution of the slow exchanges, such as cache misses. */
  readonly slow: Distribution;
  /** Share of slow exchanges, 0…1. */
  readonly slowShare: number;
}

/** Two kinds of times, such as cache hits and misses. */
export const bimodal: Family<BimodalParameters> = {
  name: "bimodal",
  summary: "Two kinds of times, such as cache hits and misses",
  source: "Frühwirth-Schnatter, Finite Mixture and Markov Switching Models",
  parameters: ({ z, distribution, share, worded }) =>
    z.strictObject(worded({
      fast: distribution(),
      slow: distribution(),
      slowShare: share(),
    }, {
      fast: "Distribution of the fast requests",
      slow: "Distribution of the slow requests",
      slowShare: "Share of slow requests",
    })),
  create: ({ fast, slow, slowShare }) =>
    mix([
      { weight: 1 - slowShare, of: fast },
      { weight: slowShare, of: slow },
    ]),
};

/** The smallest and the greatest uniform number: a rescaled remainder may round to 0 or 1. */
const FIRST = 2 ** -53;
const LAST = 1 - FIRST;

/**
 * Mixes distributions. A draw chooses the component by one uniform number, and rescales the remainder of that number for the
 * draw from the component. The quantile function inverts the mixed cumulative distribution function; it is absent if a
 * component has none.
 *
 * @param components components, of which at least one has a weight above 0; weights are normalised
 */
function mix(components: readonly Component[]): Shape {
  const total = components.reduce((sum, { weight }) => sum + weight, 0);
  const chosen = components.filter(({ weight }) => weight > 0);
  const parts = chosen.map(({ weight, of }) => ({
    weight: weight / total,
    of,
  }));
  const shape = {
    sample: sampler(parts),
    warnings: parts.flatMap(({ of }) => of.warnings),
    measured: parts.some(({ of }) => of.measured === true),
  };
  const inverses = parts.flatMap(({ of }) =>
    of.quantile && of.survivalQuantile
      ? [{ low: of.quantile, high: of.survivalQuantile }]
      : []
  );
  if (inverses.length < parts.length) return shape;
  // Divided at the end, so that weights that are whole numbers lose nothing.
  const weighed = (probability: (of: Distribution) => number) =>
    chosen.reduce((sum, { weight, of }) => sum + weight * probability(of), 0) /
    total;
  const cdf = (x: number) => weighed((of) => of.cdf(x));
  const survival = (x: number) => weighed((of) => of.survival(x));
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
  const nested = new NestedStream();
  const last = parts.length - 1;
  return (next) => {
    let rest = next();
    let chosen = 0;
    while (chosen < last && rest >= parts[chosen].weight) {
      rest -= parts[chosen++].weight;
    }
    const { weight, of } = parts[chosen];
    const rescaled = Math.min(LAST, Math.max(FIRST, rest / weight));
    return of.draw(nested.start(rescaled, next), 0);
  };
}

/**
 * The smallest x at which a function that never decreases reaches 0, exact to the last bit. Bisection also finds atoms and gaps
 * of a distribution.
 *
 * @param ends points; the smallest must be at or below x, the greatest at or above it
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
