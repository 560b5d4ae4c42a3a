/**
 * Power of the tests of goodness of fit: which deviation a number of values would show, and how many values a deviation needs.
 *
 * A deviation is a factor on all times, such as 1.05 for a service that takes 5 % longer. The power is that of the number of values
 * below one time, which is binomial: a lower bound of the whole test's power.
 *
 * @module
 */
import type { Distribution } from "../contract/values.ts";
import { atLeast, atMost, lowerCritical, upperCritical } from "./binomial.ts";
import { justBelow, ksCritical, type QuantileSource } from "./goodness.ts";

/** One test of a set: at a percentile, or over the whole distribution. */
export interface Test {
  /** Probability of the percentile; undefined for Kolmogorov and Smirnov's test. */
  readonly p: number | undefined;
  /** Probability with which it refuses a set from the distribution itself, at most. */
  readonly level: number;
  /** Distance that Kolmogorov and Smirnov's test adds to its critical one, for a distribution whose shares are estimates. */
  readonly slack: number;
}

/** Conditions of a power. */
export interface PowerConditions {
  /** Tests of the set; a deviation is noticed if one of them refuses it. */
  readonly tests: readonly Test[];
  /** Time by which each value may be off, in ms. */
  readonly tolerance: number;
  /** Probability with which a deviation must be noticed. */
  readonly power: number;
}

/** Probabilities at whose quantiles Kolmogorov and Smirnov's test is evaluated: its distance is largest near one of them. */
const GRID: readonly number[] = [
  ...[0.001, 0.003, 0.01, 0.02],
  ...Array.from({ length: 31 }, (_, i) => (i + 1) / 32),
  ...[0.98, 0.99, 0.997, 0.999],
];

/** Relative deviation beyond which no search goes: times a thousand times as long. */
const MOST_DEVIATION = 1000;

/** Relative deviation below which no search goes. */
const LEAST_DEVIATION = 1e-4;

/** Relative precision of a deviation that is found. */
const PRECISION = 0.005;

/** Number of values from which on a search is given up. */
export const MOST_VALUES = 1e7;

/**
 * Smallest relative deviation of one direction that n values show with the given power; null if they show none up to a factor of
 * 1000.
 *
 * @param direction `slower` for longer times, `faster` for shorter ones
 */
export function noticeable(
  n: number,
  distribution: Distribution,
  direction: "slower" | "faster",
  conditions: PowerConditions,
): number | null {
  const notices = (deviation: number) =>
    powerOf(n, distribution, factorOf(deviation, direction), conditions) >=
      conditions.power;
  if (!notices(MOST_DEVIATION)) return null;
  let few = LEAST_DEVIATION;
  let enough = MOST_DEVIATION;
  while (enough / few > 1 + PRECISION) {
    const middle = Math.sqrt(few * enough);
    if (notices(middle)) enough = middle;
    else few = middle;
  }
  return enough;
}

/**
 * Number of values that show a relative deviation, in both directions, with the given power; null if more than 10 million would be
 * needed. At most 1 % more than the smallest one.
 */
export function valuesFor(
  deviation: number,
  distribution: Distribution,
  conditions: PowerConditions,
): number | null {
  const suffices = (n: number) =>
    (["slower", "faster"] as const).every((direction) =>
      powerOf(n, distribution, factorOf(deviation, direction), conditions) >=
        conditions.power
    );
  let enough = 1;
  while (!suffices(enough)) {
    enough *= 2;
    if (enough > MOST_VALUES) return null;
  }
  let few = Math.floor(enough / 2);
  while (enough - few > Math.max(1, enough / 100)) {
    const middle = Math.ceil((few + enough) / 2);
    if (suffices(middle)) enough = middle;
    else few = middle;
  }
  return enough;
}

/** Factor on all times: twice as long and half as long are the same deviation, 1. */
function factorOf(deviation: number, direction: "slower" | "faster"): number {
  return direction === "slower" ? 1 + deviation : 1 / (1 + deviation);
}

/** Probability, at least, with which one of the tests refuses n values whose times are multiplied by a factor. */
function powerOf(
  n: number,
  distribution: Distribution,
  factor: number,
  { tests, tolerance }: PowerConditions,
): number {
  return Math.max(
    ...tests.map(({ p, level, slack }) => {
      const { quantile, cdf } = distribution;
      if (p === undefined) {
        const critical = ksCritical(n, level) + slack;
        return ksPower(n, distribution, factor, { critical, tolerance });
      }
      return quantile === undefined
        ? 0
        : quantilePower(n, { cdf, quantile }, factor, { p, level, tolerance });
    }),
  );
}

/** Share of the values up to a time, if the times are multiplied by a factor. */
function scaled(
  { cdf }: Pick<Distribution, "cdf">,
  factor: number,
): (x: number) => number {
  return (x) => cdf(x / factor);
}

/**
 * Power at the time where the two shares differ most, in standard deviations of the share, beyond the critical distance.
 */
function ksPower(
  n: number,
  distribution: Distribution,
  factor: number,
  { critical, tolerance }: {
    readonly critical: number;
    readonly tolerance: number;
  },
): number {
  const { cdf } = distribution;
  const deviating = scaled(distribution, factor);
  const slower = factor > 1;
  let best = { excess: 0, expected: 0, share: 0 };
  for (const x of places(distribution, factor)) {
    const expected = slower
      ? cdf(justBelow(x - tolerance))
      : cdf(x + tolerance);
    const share = slower ? deviating(justBelow(x)) : deviating(x);
    const distance = (slower ? expected - share : share - expected) - critical;
    const excess = distance / Math.sqrt(share * (1 - share) / n);
    if (distance > 0 && excess > best.excess) {
      best = { excess, expected, share };
    }
  }
  const { excess, expected, share } = best;
  if (excess === 0) return 0;
  return slower
    ? atMost(Math.ceil(n * (expected - critical)) - 1, n, share)
    : atLeast(Math.floor(n * (expected + critical)) + 1, n, share);
}

/** Times at which the shares are compared: the quantiles, and half-way to the deviating ones, for distributions with jumps. */
function* places(
  { quantile, mean }: Distribution,
  factor: number,
): Generator<number> {
  if (quantile === undefined) {
    // Only shares are known: the times are multiples of the mean.
    for (const u of GRID) yield mean * -Math.log1p(-u);
    return;
  }
  for (const u of GRID) {
    const x = quantile(u);
    yield x;
    yield x * factor;
    yield x * Math.sqrt(factor);
  }
}

function quantilePower(
  n: number,
  source: QuantileSource,
  factor: number,
  { p, level, tolerance }: {
    readonly p: number;
    readonly level: number;
    readonly tolerance: number;
  },
): number {
  const { cdf, quantile } = source;
  const x = quantile(p);
  const deviating = scaled(source, factor);
  return factor > 1
    ? atMost(
      lowerCritical(n, cdf(x), level / 2),
      n,
      deviating(x + tolerance),
    )
    : atLeast(
      upperCritical(n, cdf(justBelow(x)), level / 2),
      n,
      deviating(justBelow(x - tolerance)),
    );
}
