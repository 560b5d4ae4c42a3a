/**
 * Fits of one straight line, of two that meet at a bend, and of two with a jump between them, to figures at levels; tests that choose
 * between them, and intervals.
 *
 * The fit is exact least squares after Hudson, "Fitting segmented curves whose join points have to be estimated", JASA 61, 1966;
 * see also Hinkley, "Inference in two-phase regression", JASA 66, 1971, and Muggeo, "Estimating regression models with unknown
 * break-points", Statistics in Medicine 22, 2003. Outliers are pulled in by Huber's modified residuals. If one line is true, there
 * is no bend to estimate, so the F statistic has no F distribution (Davies 1987): its distribution comes from a bootstrap of the
 * deviations, and so do the intervals (Efron and Tibshirani, "An introduction to the bootstrap", 1993).
 *
 * @module
 */
import type { Estimate } from "../../../core/find.ts";
import { interval, median, randomWidth } from "./summaries.ts";

/** Figure of a load at a level. */
export interface LevelFigure {
  /** Level. */
  readonly level: number;
  /** Figure. */
  readonly figure: number;
}

/** Change of the slope. */
export interface Bend {
  /** Level at which it changes. */
  readonly at: Estimate;
  /** Slope at lower levels. */
  readonly before: Estimate;
  /** Slope at higher levels. */
  readonly after: Estimate;
}

/** Jump of the figure. */
export interface Jump {
  /** Level at which it jumps. */
  readonly at: Estimate;
  /** Figure behind it minus figure before it. */
  readonly by: Estimate;
}

/** Two lines that meet. */
export interface Segments {
  /** Level at which they meet. */
  readonly at: number;
  /** Lowest level at which they may meet with the same fit: a segment with one level only leaves it open. */
  readonly low: number;
  /** Highest level, likewise. */
  readonly high: number;
  /** Slope at lower levels. */
  readonly before: number;
  /** Slope at higher levels. */
  readonly after: number;
  /** Value where they meet. */
  readonly value: number;
  /** Sum of squared deviations from them. */
  readonly squares: number;
}

/** Two lines that need not meet. */
export interface Broken {
  /** Last level of the first line. */
  readonly low: number;
  /** First level of the second line. */
  readonly high: number;
  /** Line at lower levels. */
  readonly left: Line;
  /** Line at higher levels. */
  readonly right: Line;
  /** Sum of squared deviations from them. */
  readonly squares: number;
}

/** Best fit of each model. */
export interface Fits {
  /** Two lines that meet. */
  readonly segments: Segments;
  /** Two lines that need not meet; undefined where there are too few figures for them. */
  readonly broken: Broken | undefined;
  /** One straight line. */
  readonly line: Line;
  /** Sum of squared deviations from the straight line. */
  readonly lineSquares: number;
}

/** Number of parameters of the two segments. */
const PARAMETERS = 4;

/** Number of figures on each side of a jump, at least: fewer may all be outliers. */
const LEAST_BESIDE_JUMP = 5;

/** Part of the false claims that goes to tests for a jump, the rest goes to that for a bend. */
const FOR_JUMPS = 0.2;

/** Number of bootstrap samples where none is given. */
const SAMPLES = 499;

/** Deviation from which on a figure is pulled in, in standard deviations. */
const OUTLYING = 2.5;

/** Standard deviation of a normal distribution per median of the absolute deviations. */
const DEVIATION_BY_SIZE = 1.4826;

/** Share of the largest figure below which deviations come from rounding. */
const ROUNDING = 1e-9;

/** Maximum number of rounds of the robust fit. */
const ROUNDS = 30;

/** Straight line. */
export interface Line {
  /** Slope. */
  readonly slope: number;
  /** Value at level 0. */
  readonly value: number;
}

/** Levels of the figures, prepared for many fits to different figures at the same levels. */
export class Design {
  /** Different levels, ascending. */
  readonly levels: readonly number[];
  /** Index of each figure's level. */
  readonly #places: readonly number[];
  /** Number of figures at each level. */
  readonly #counts: readonly number[];
  /** Mean figure at each level. */
  readonly #means: number[];

  constructor(levels: readonly number[]) {
    this.levels = [...new Set(levels)].sort((a, b) => a - b);
    this.#places = levels.map((level) => this.levels.indexOf(level));
    this.#counts = this.levels.map((_, j) =>
      this.#places.filter((place) => place === j).length
    );
    this.#means = this.levels.map(() => 0);
  }

  /** Fits all models. At least 3 levels. */
  fit(figures: readonly number[]): Fits {
    const means = this.#means.fill(0);
    for (const [i, place] of this.#places.entries()) {
      means[place] += figures[i] / this.#counts[place];
    }
    const within = this.#places.reduce(
      (sum, place, i) => sum + (figures[i] - means[place]) ** 2,
      0,
    );
    const last = this.levels.length - 1;
    const line = this.#line(0, last);
    const candidates: Segments[] = [];
    let broken: Broken | undefined;
    let beside = this.#counts[0];
    for (let j = 1; j < last; j++) {
      candidates.push(this.#bentAt(j));
      beside += this.#counts[j];
      if (j + 1 === last) continue;
      const left = this.#line(0, j);
      const right = this.#line(j + 1, last);
      const squares = this.#squares(0, j, left) +
        this.#squares(j + 1, last, right);
      const fewest = Math.min(beside, figures.length - beside);
      if (
        fewest >= LEAST_BESIDE_JUMP && !(broken && broken.squares <= squares)
      ) {
        const [low, high] = this.levels.slice(j);
        broken = { low, high, left, right, squares };
      }
      const at = (left.value - right.value) / (right.slope - left.slope);
      // False also for parallel lines, which do not meet.
      if (!(at > this.levels[j] && at < this.levels[j + 1])) continue;
      candidates.push({
        at,
        low: at,
        high: at,
        before: left.slope,
        after: right.slope,
        value: left.value + left.slope * at,
        squares,
      });
    }
    const segments = candidates.reduce((best, other) =>
      other.squares < best.squares ? other : best
    );
    return {
      segments: { ...segments, squares: within + segments.squares },
      broken: broken && { ...broken, squares: within + broken.squares },
      line,
      lineSquares: within + this.#squares(0, last, line),
    };
  }

  /** Values of two segments at the level of each figure. */
  values({ at, before, after, value }: Segments): number[] {
    return this.#places.map((place) => {
      const distance = this.levels[place] - at;
      return value + distance * (distance < 0 ? before : after);
    });
  }

  /** Values of two lines that need not meet, at the level of each figure. */
  brokenValues({ low, left, right }: Broken): number[] {
    return this.#places.map((place) => {
      const level = this.levels[place];
      const { slope, value } = level <= low ? left : right;
      return value + slope * level;
    });
  }

  /** Values of a straight line at the level of each figure. */
  lineValues({ slope, value }: Line): number[] {
    return this.#places.map((place) => value + slope * this.levels[place]);
  }

  /** Weighted least squares through the means of a range of levels. */
  #line(from: number, to: number): Line {
    let weight = 0;
    let x = 0;
    let y = 0;
    for (let j = from; j <= to; j++) {
      weight += this.#counts[j];
      x += this.#counts[j] * this.levels[j];
      y += this.#counts[j] * this.#means[j];
    }
    x /= weight;
    y /= weight;
    let xx = 0;
    let xy = 0;
    for (let j = from; j <= to; j++) {
      const distance = this.levels[j] - x;
      xx += this.#counts[j] * distance ** 2;
      xy += this.#counts[j] * distance * (this.#means[j] - y);
    }
    const slope = xy / xx;
    return { slope, value: y - slope * x };
  }

  #squares(from: number, to: number, { slope, value }: Line): number {
    let sum = 0;
    for (let j = from; j <= to; j++) {
      sum += this.#counts[j] *
        (this.#means[j] - value - slope * this.levels[j]) ** 2;
    }
    return sum;
  }

  /**
   * Fits segments that meet at an inner level. Their values at the first level, the bend and the last level are the unknowns; the
   * first and the last of them do not depend on each other once the middle is known.
   */
  #bentAt(bend: number): Segments {
    const last = this.levels.length - 1;
    const [first, at, end] = [0, bend, last].map((j) => this.levels[j]);
    // Sums for each end: its own square, its product with the middle, its product with the figures.
    const sums = [[0, 0, 0], [0, 0, 0]];
    let middleSquare = 0;
    let middleFigures = 0;
    for (const [j, level] of this.levels.entries()) {
      const side = j < bend ? 0 : 1;
      const edge = side === 0 ? first : end;
      const middle = (level - edge) / (at - edge);
      const outer = 1 - middle;
      const weight = this.#counts[j];
      const figure = this.#means[j];
      sums[side][0] += weight * outer ** 2;
      sums[side][1] += weight * outer * middle;
      sums[side][2] += weight * outer * figure;
      middleSquare += weight * middle ** 2;
      middleFigures += weight * middle * figure;
    }
    for (const [own, product, figures] of sums) {
      middleSquare -= product ** 2 / own;
      middleFigures -= product * figures / own;
    }
    const value = middleFigures / middleSquare;
    const [start, stop] = sums.map(([own, product, figures]) =>
      (figures - product * value) / own
    );
    const before = (value - start) / (at - first);
    const after = (stop - value) / (end - at);
    return {
      at,
      low: bend === 1 ? first : at,
      high: bend === last - 1 ? end : at,
      before,
      after,
      value,
      squares:
        this.#squares(0, bend, { slope: before, value: value - before * at }) +
        this.#squares(bend + 1, last, {
          slope: after,
          value: value - after * at,
        }),
    };
  }
}

/** Fits to figures without outliers. */
export interface RobustFit extends Fits {
  /** Design of the levels. */
  readonly design: Design;
  /** Figures in the order of the levels; outliers are pulled in. */
  readonly figures: readonly number[];
  /** Values of the nearest model: lines that need not meet, or segments. */
  readonly fitted: readonly number[];
  /** Sum of squared deviations from it. */
  readonly squares: number;
  /** Standard deviation from it. */
  readonly deviation: number;
}

/** Fits all models so that outliers count little; undefined where there are fewer than 3 levels or 5 figures. */
export function fitSegments(
  points: readonly LevelFigure[],
): RobustFit | undefined {
  const ordered = points.toSorted((a, b) => a.level - b.level);
  const design = new Design(ordered.map(({ level }) => level));
  const spare = points.length - PARAMETERS;
  if (design.levels.length < 3 || spare < 1) return undefined;
  const widening = Math.sqrt(points.length / spare);
  const observed = ordered.map(({ figure }) => figure);
  let figures: readonly number[] = observed;
  const fitOf = (figures: readonly number[]) => {
    const fits = design.fit(figures);
    const { broken, segments } = fits;
    const isBroken = broken !== undefined && broken.squares < segments.squares;
    return {
      ...fits,
      fitted: isBroken ? design.brokenValues(broken) : design.values(segments),
      squares: (isBroken ? broken : segments).squares,
    };
  };
  let fit = fitOf(figures);
  for (let round = 0; round < ROUNDS; round++) {
    const { fitted } = fit;
    const size = median(observed.map((y, i) => Math.abs(y - fitted[i])));
    const most = OUTLYING * size * DEVIATION_BY_SIZE * widening;
    const pulled = observed.map((y, i) =>
      fitted[i] + Math.max(-most, Math.min(most, y - fitted[i]))
    );
    if (pulled.every((y, i) => y === figures[i])) break;
    figures = pulled;
    fit = fitOf(figures);
  }
  return { ...fit, design, figures, deviation: Math.sqrt(fit.squares / spare) };
}

/** Options of {@linkcode findChange}. */
export interface ChangeOptions {
  /** Confidence of the intervals and of the test, such as 0.95. */
  readonly confidence: number;
  /** Uniform random numbers between 0 and 1. */
  readonly next: () => number;
  /** Number of bootstrap samples. Default 499. */
  readonly samples?: number;
}

/** Change along a dial: at most one of both. */
export interface Change {
  /** Place at which the slope changes; undefined for none. */
  readonly bend?: Bend;
  /** Place at which the figure jumps; undefined for none. */
  readonly jump?: Jump;
}

/**
 * Finds a change: nothing where one line fits, or where there are too few figures to tell. A line that is true is taken for changed
 * with the probability 1 − confidence at most, and a bend for a jump with a fifth of it.
 */
export function findChange(
  points: readonly LevelFigure[],
  { confidence, next, samples = SAMPLES }: ChangeOptions,
): Change {
  const fit = fitSegments(points);
  if (fit === undefined) return {};
  const { design, figures, fitted, segments, broken, line } = fit;
  const largest = Math.max(...figures.map(Math.abs));
  const rounding = figures.length * (ROUNDING * largest) ** 2;
  // Part of the deviations from one model that another one explains, per part that is left.
  const gain = (from: number, to: number) =>
    Math.max(from, rounding) / Math.max(to, rounding);
  const freest = ({ segments, broken }: Fits) => (broken ?? segments).squares;
  const gains = {
    bend: ({ segments, lineSquares }: Fits) =>
      gain(lineSquares, segments.squares),
    jump: (fits: Fits) => gain(fits.lineSquares, freest(fits)),
    break: (fits: Fits) => gain(fits.segments.squares, freest(fits)),
  };
  const spare = figures.length - PARAMETERS;
  const widening = Math.sqrt(figures.length / spare);
  const deviations = figures.map((y, i) => widening * (y - fitted[i]));
  const drawnFrom = (values: readonly number[]) =>
    Array.from({ length: samples }, () => {
      const width = randomWidth(spare, next);
      return design.fit(values.map((y) => {
        const deviation = deviations[Math.floor(next() * deviations.length)];
        return y + (next() < 0.5 ? -width : width) * deviation;
      }));
    });
  const isUnlikely = (
    drawn: readonly Fits[],
    gain: keyof typeof gains,
    allowed: number,
  ) => {
    const found = gains[gain](fit);
    const asGood = drawn.filter((fits) => gains[gain](fits) >= found).length;
    return (1 + asGood) / (1 + samples) <= allowed;
  };
  const allowed = 1 - confidence;
  const straight = drawnFrom(design.lineValues(line));
  if (
    !isUnlikely(straight, "bend", (1 - FOR_JUMPS) * allowed) &&
    !isUnlikely(straight, "jump", FOR_JUMPS * allowed)
  ) return {};
  const isJump = broken !== undefined &&
    isUnlikely(
      drawnFrom(design.values(segments)),
      "break",
      FOR_JUMPS * allowed,
    );
  return isJump ? { jump: jumpOf(broken, drawnFrom(fitted), confidence) } : {
    bend: bendOf(segments, drawnFrom(design.values(segments)), confidence),
  };
}

function bendOf(
  { at, before, after, low, high }: Segments,
  drawn: readonly Fits[],
  confidence: number,
): Bend {
  const estimate = (
    value: number,
    low: (segments: Segments) => number,
    high = low,
  ) =>
    interval(
      value,
      drawn.map(({ segments }) => low(segments)),
      drawn.map(({ segments }) => high(segments)),
      confidence,
    );
  const place = estimate(at, ({ low }) => low, ({ high }) => high);
  return {
    at: {
      value: at,
      low: Math.min(place.low, low),
      high: Math.max(place.high, high),
    },
    before: estimate(before, ({ before }) => before),
    after: estimate(after, ({ after }) => after),
  };
}

function jumpOf(
  found: Broken,
  drawn: readonly Fits[],
  confidence: number,
): Jump {
  const all = drawn.map(({ broken = found }) => broken);
  const place = interval(
    middle(found),
    all.map(({ low }) => low),
    all.map(({ high }) => high),
    confidence,
  );
  const sizes = all.map(height);
  return {
    at: {
      value: place.value,
      low: Math.min(place.low, found.low),
      high: Math.max(place.high, found.high),
    },
    by: interval(height(found), sizes, sizes, confidence),
  };
}

function middle({ low, high }: Broken): number {
  return (low + high) / 2;
}

/** Distance of the two lines in the middle between them. */
function height(broken: Broken): number {
  const { left, right } = broken;
  return right.value - left.value +
    (right.slope - left.slope) * middle(broken);
}
