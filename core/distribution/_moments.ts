/**
 * Moments of a distribution for which its family gives no formula, by quadrature of its quantiles.
 *
 * @module
 */
import { gaussKronrod } from "../lib/quadrature.ts";
import type { Tails } from "./_derived.ts";

/** Depth of the panels in a tail, in halvings of the probability, if the tail is computed from 1 − v. */
const REACH = 40;

/** The same if the tail has its own quantile function. */
const FAR_REACH = 300;

/** Ratio of successive panels from which on the integral over a tail counts as infinite. */
const DIVERGENT = 0.999;

/** Allowed error of one panel, relative to the whole integral. */
const TOLERANCE = 1e-9;

/** Maximum number of times that the panels of one half are divided. */
const DIVISIONS = 4000;

/** Relative error of the mean that counts as rounding. */
const ROUNDING = 1e-14;

/** The same for the variance, relative to the square of the mean. */
const SQUARED_ROUNDING = 1e-24;

/**
 * Mean, ∫ q(u) du, to about 1e-9, also where the quantile function jumps; to 1e-6 if it jumps more than some thousand times, as
 * that of a Poisson distribution with a mean of 100 000 does. Infinite if the upper tail, at a probability of 2^-40 (2^-300 with
 * `far`), falls no faster than a power law of index 1.
 *
 * @param far true if the upper tail has its own quantile function
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
 * Standard deviation around a mean, by the same rule. Infinite if the upper tail falls no faster than a power law of index 2.
 *
 * @param far true if the upper tail has its own quantile function
 */
export function deviationOf(tails: Tails, mean: number, far: boolean): number {
  if (mean === Infinity) return Infinity;
  return Math.sqrt(integral(tails, {
    f: (x) => (x - mean) * (x - mean),
    floor: SQUARED_ROUNDING * mean * mean,
    reach: far ? FAR_REACH : REACH,
  }));
}

/** A function of the quantile that is integrated over the probability. */
interface Integrand {
  readonly f: (x: number) => number;
  /** Error below which no further effort is made. */
  readonly floor: number;
  /** Depth of the panels in the upper tail. */
  readonly reach: number;
}

/** ∫ f(q(u)) du over (0, 1), split at one half. */
function integral(tails: Tails, { f, floor, reach }: Integrand): number {
  const { quantile, survivalQuantile } = tails;
  let size = 0;
  for (let k = 1; k <= REACH; k++) {
    for (const q of [quantile, survivalQuantile]) {
      const of = (t: number) => f(q(t));
      size += Math.abs(gaussKronrod(of, 2 ** -k / 2, 2 ** -k).kronrod);
    }
  }
  const tolerance = Math.max(floor, TOLERANCE * size);
  return new Half(quantile, f, tolerance).integral(REACH) +
    new Half(survivalQuantile, f, tolerance).integral(reach);
}

/** A panel, as read at the points of the quadrature and its two ends. */
interface Reading {
  readonly from: number;
  readonly to: number;
  /** Probabilities in ascending order, the ends included. */
  readonly at: readonly number[];
  /** Quantiles there, which never change direction. */
  readonly x: readonly number[];
  readonly kronrod: number;
  /** Difference of the two rules. */
  readonly error: number;
}

/** Two neighbouring probabilities, between which the quantile function jumps. */
interface Jump {
  readonly before: number;
  readonly after: number;
}

/**
 * Place at which a panel is divided. It is no simple fraction, so that a staircase that is symmetrical in a panel is not so in
 * its parts: on both sides of the centre, the errors of a rule cancel without a trace.
 */
const DIVISION = 0.381966;

/** Share of a panel's rise that makes the space between two points suspected of a jump, for a space without width. */
const SUSPECTED = 0.1;

/** Amount that the width of the space, relative to the panel's, adds to that share. */
const SUSPECTED_PER_WIDTH = 5;

/** Number of halvings after which a rise that is a jump is still at least {@linkcode REMAINDER} of what it was. */
const HALVINGS = 8;
const REMAINDER = 1 / 32;

/** Distance of a jump from an end of a panel, relative to the panel's width, that counts as rounding. */
const EDGE = 2 ** -40;

/** ∫ over (0, 1/2) of a function of one tail's quantiles. */
class Half {
  readonly #quantile: (t: number) => number;
  readonly #f: (x: number) => number;
  readonly #tolerance: number;
  #divisions = DIVISIONS;

  constructor(
    quantile: (t: number) => number,
    f: (x: number) => number,
    tolerance: number,
  ) {
    this.#quantile = quantile;
    this.#f = f;
    this.#tolerance = tolerance;
  }

  /** The integral in panels that halve towards 0. The rest beyond the last panel is a geometric series. */
  integral(reach: number): number {
    let sum = 0;
    let last = 0;
    let ratio = 0;
    let previous = 0;
    const end = this.#quantile(2 ** -reach / 2);
    for (let k = 1; k <= reach; k++) {
      if (this.#quantile(2 ** -k) === end) return sum + this.#f(end) * 2 ** -k;
      const panel = this.#panel(this.#read(2 ** -k / 2, 2 ** -k));
      previous = ratio;
      ratio = last === 0 ? 0 : panel / last;
      last = panel;
      sum += panel;
    }
    // The smaller of two ratios, because a jump in the last panel must not look like a heavy tail.
    ratio = Math.min(ratio, previous);
    if (ratio >= DIVERGENT || !Number.isFinite(sum)) return Infinity;
    return sum + last * ratio / (1 - ratio);
  }

  #read(from: number, to: number): Reading {
    const points: [at: number, x: number][] = [];
    const quantile = (at: number): number => {
      const x = this.#quantile(at);
      points.push([at, x]);
      return x;
    };
    const { gauss, kronrod } = gaussKronrod(
      (at) => this.#f(quantile(at)),
      from,
      to,
    );
    quantile(from);
    quantile(to);
    points.sort(([a], [b]) => a - b);
    return {
      from,
      to,
      at: points.map(([at]) => at),
      x: points.map(([, x]) => x),
      kronrod,
      error: Math.abs(kronrod - gauss),
    };
  }

  #panel(whole: Reading): number {
    const { from, to, kronrod } = whole;
    if (!(this.#bound(whole) > this.#tolerance)) return kronrod;
    const jump = this.#jump(whole);
    if (jump !== undefined) {
      this.#divisions--;
      // The integral between the two neighbours is less than rounding.
      return this.#panel(this.#read(from, jump.before)) +
        this.#panel(this.#read(jump.after, to));
    }
    const middle = from + DIVISION * (to - from);
    const low = this.#read(from, middle);
    const high = this.#read(middle, to);
    const sum = low.kronrod + high.kronrod;
    const error = Math.max(whole.error, Math.abs(kronrod - sum));
    if (!(error > this.#tolerance) || this.#divisions <= 0) return sum;
    this.#divisions--;
    return this.#panel(low) + this.#panel(high);
  }

  /** Error that no monotone function with these ends exceeds. */
  #bound({ from, to, x }: Reading): number {
    const values = x.map(this.#f);
    return (to - from) * (Math.max(...values) - Math.min(...values));
  }

  /** Finds a jump that the points make suspect, to the last bit. */
  #jump({ from, to, at, x }: Reading): Jump | undefined {
    const last = x.length - 1;
    const rise = Math.abs(x[last] - x[0]);
    const suspect = x.findIndex((_, i) =>
      i < last &&
      Math.abs(x[i + 1] - x[i]) > rise *
          (SUSPECTED + SUSPECTED_PER_WIDTH * (at[i + 1] - at[i]) / (to - from))
    );
    if (suspect < 0 || this.#divisions <= 0) return undefined;
    let [before, after] = [at[suspect], at[suspect + 1]];
    let [low, high] = [x[suspect], x[suspect + 1]];
    const least = Math.abs(high - low) * REMAINDER;
    for (let halvings = 0;; halvings++) {
      const middle = before + (after - before) / 2;
      if (middle === before || middle === after) {
        const edge = EDGE * (to - from);
        return before - from > edge && to - after > edge
          ? { before, after }
          : undefined;
      }
      if (halvings >= HALVINGS && Math.abs(high - low) < least) return;
      const between = this.#quantile(middle);
      if (Math.abs(between - low) > Math.abs(high - between)) {
        [after, high] = [middle, between];
      } else [before, low] = [middle, between];
    }
  }
}
