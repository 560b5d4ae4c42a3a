/**
 * Mean and standard deviation from quantiles, by quadrature over the probability: to about 1e-9 where the quantile function
 * is smooth, 1e-4 where it jumps.
 *
 * @module
 */
import type { Tails } from "./_tails.ts";

/** How far into a tail the panels reach, in halvings of the probability, where 1 − v is the only way there. */
const REACH = 40;

/** The same for a tail that has a quantile function of its own. */
const FAR_REACH = 300;

/** A tail whose panels shrink by less than this has an infinite integral. */
const DIVERGENT = 0.999;

/** The error allowed in one panel, relative to the whole integral. */
const TOLERANCE = 1e-9;

/** How often panels may be halved in one integral, whatever the jumps in it. */
const SPLITS = 20_000;

/** Panels narrower than this, relative to where they lie, are not halved any more: there is a jump in them. */
const NARROWEST = 2 ** -40;

/** Errors of the mean smaller than this part of it are rounding. */
const ROUNDING = 1e-14;

/** The same of the variance, relative to the square of the mean. */
const SQUARED_ROUNDING = 1e-24;

/**
 * The mean, ∫ q(u) du. Infinite where the upper tail, at a probability of 2^-40 (2^-300 with `far`), still falls no faster
 * than a power law of index 1.
 */
export function meanOf(tails: Tails, far: boolean): number {
  const middle = tails.quantile(0.5);
  return middle +
    integral(tails, {
      f: (x) => x - middle,
      floor: ROUNDING * Math.abs(middle),
      reach: far ? FAR_REACH : REACH,
    });
}

/**
 * The standard deviation around a mean, by the same rule; infinite where the upper tail falls no faster than a power law
 * of index 2.
 */
export function deviationOf(tails: Tails, mean: number, far: boolean): number {
  if (mean === Infinity) return Infinity;
  return Math.sqrt(integral(tails, {
    f: (x) => (x - mean) * (x - mean),
    floor: SQUARED_ROUNDING * mean * mean,
    reach: far ? FAR_REACH : REACH,
  }));
}

/** What is integrated over a distribution. */
interface Integrand {
  readonly f: (x: number) => number;
  /** The least error worth an effort. */
  readonly floor: number;
  /** How far to go into the upper tail. */
  readonly reach: number;
}

/** ∫ f(q(u)) du over (0, 1), split at one half. */
function integral(tails: Tails, { f, floor, reach }: Integrand): number {
  const low = (u: number) => f(tails.quantile(u));
  const high = (v: number) => f(tails.survivalQuantile(v));
  let size = 0;
  for (let k = 1; k <= REACH; k++) {
    size += Math.abs(kronrod(low, 2 ** -k / 2, 2 ** -k).value) +
      Math.abs(kronrod(high, 2 ** -k / 2, 2 ** -k).value);
  }
  const tolerance = Math.max(floor, TOLERANCE * size);
  const budget = { tolerance, splits: SPLITS };
  return half(low, REACH, budget) + half(high, reach, budget);
}

/** What an integral may still spend. */
interface Budget {
  readonly tolerance: number;
  splits: number;
}

/** ∫ over (0, 1/2) in panels that halve towards 0; what lies beyond the last is a geometric series. */
function half(f: (t: number) => number, reach: number, budget: Budget): number {
  let sum = 0;
  let last = 0;
  let ratio = 0;
  let previous = 0;
  for (let k = 1; k <= reach; k++) {
    const panel = adapt(f, 2 ** -k / 2, 2 ** -k, budget);
    previous = ratio;
    ratio = last === 0 ? 0 : panel / last;
    last = panel;
    sum += panel;
  }
  // The smaller of two, lest a jump that happens to lie in the last panel pass for a heavy tail.
  ratio = Math.min(ratio, previous);
  if (ratio >= DIVERGENT || !Number.isFinite(sum)) return Infinity;
  return sum + last * ratio / (1 - ratio);
}

function adapt(
  f: (t: number) => number,
  a: number,
  b: number,
  budget: Budget,
): number {
  const { value, error } = kronrod(f, a, b);
  const done = !(error > budget.tolerance) || budget.splits === 0 ||
    b - a <= a * NARROWEST;
  if (done) return value;
  budget.splits--;
  const middle = (a + b) / 2;
  return adapt(f, a, middle, budget) + adapt(f, middle, b, budget);
}

/** Gauss–Kronrod (7, 15) on one panel; nodes and weights as in QUADPACK's qk15 (Piessens et al., 1983). */
function kronrod(
  f: (t: number) => number,
  a: number,
  b: number,
): { value: number; error: number } {
  const centre = (a + b) / 2;
  const width = (b - a) / 2;
  const middle = f(centre);
  let value = KRONROD_WEIGHTS[7] * middle;
  let gauss = GAUSS_WEIGHTS[3] * middle;
  for (let i = 0; i < 7; i++) {
    const offset = width * NODES[i];
    const pair = f(centre - offset) + f(centre + offset);
    value += KRONROD_WEIGHTS[i] * pair;
    if (i % 2 === 1) gauss += GAUSS_WEIGHTS[i >> 1] * pair;
  }
  return { value: value * width, error: Math.abs(value - gauss) * width };
}

const NODES = [
  0.9914553711208126,
  0.9491079123427585,
  0.8648644233597691,
  0.7415311855993944,
  0.5860872354676911,
  0.4058451513773972,
  0.2077849550078985,
];

const KRONROD_WEIGHTS = [
  0.0229353220105292,
  0.0630920926299786,
  0.1047900103222502,
  0.1406532597155259,
  0.1690047266392679,
  0.1903505780647854,
  0.2044329400752989,
  0.2094821410847278,
];

const GAUSS_WEIGHTS = [
  0.1294849661688697,
  0.2797053914892767,
  0.3818300505051189,
  0.4179591836734694,
];
