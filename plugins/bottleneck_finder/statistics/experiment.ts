/**
 * Experiment that finds what each of many factors costs, in few loads: screening of all factors at once, then loads in which those
 * are changed alone whose effects do not add up.
 *
 * @module
 */
import { type Analysis, analysis } from "./_analysis.ts";
import { type Effect, Effects } from "./_effects.ts";
import {
  type Direction,
  DIRECTIONS,
  Model,
  type Pair,
  type Sample,
  setKey,
} from "./_model.ts";
import { Screening } from "./_screening.ts";
import { LEAST_LOADS, type LoadSet, LoadSets } from "./_sets.ts";
import { shuffled } from "./random.ts";
import { studentQuantile } from "./student.ts";

export type {
  Analysis,
  Curvature,
  FactorEffect,
  Indistinguishable,
  Interaction,
} from "./_analysis.ts";
export type { Estimate } from "./estimate.ts";
export type { PureError } from "./lack_of_fit.ts";

/** Factor: something whose time can be changed. */
export interface Factor {
  /** Name. */
  readonly id: string;
  /** Time added at level +1, in ms; above 0. */
  readonly added: number;
  /** Time taken away at level −1, in ms; 0 if nothing can be. */
  readonly taken: number;
}

/** Load to be made. */
export interface PlannedLoad {
  /** Block of loads between which the page is assumed not to drift. */
  readonly block: number;
  /** Level of each factor, in their order. */
  readonly levels: readonly (-1 | 0 | 1)[];
}

/** Load that was made. */
export interface Observation extends PlannedLoad {
  /** Figure, in ms. */
  readonly figure: number;
}

/** Options of an experiment. */
export interface ExperimentOptions {
  /** Largest number of loads. */
  readonly loads: number;
  /** Half-width of the slopes' intervals at which the experiment ends, such as 0.1. */
  readonly precision: number;
  /** Share of intervals that contain the truth, such as 0.95. */
  readonly confidence: number;
  /** Uniform random numbers in (0, 1): all chance of the plan comes from here. */
  readonly next: () => number;
}

/** Pairs of rows of a block of screening. */
const PAIRS = 4;

/** Loads as configured of a block of screening. */
const BASELINES = 2;

/** Largest number of sets of a block of loads alone. */
const SETS = 9;

/** Number of loads of a block of loads alone that is filled by repeating sets, if there are few. */
const LEAST_SETS = 4;

/** Largest number of pairs that are measured by loads of their own, by direction. */
const PAIRS_MEASURED = 6;

/** Share of the factors that {@linkcode Experiment.expected} takes for entangled. */
const ENTANGLED = 1 / 3;

/** Sequential experiment. The caller makes the loads of each block, adds what it saw, and asks for the next block until it is empty. */
export class Experiment {
  /** Design in words. */
  readonly design: string;
  /** Fewest loads with which there is an answer. */
  readonly least: number;
  readonly #factors: readonly Factor[];
  readonly #options: ExperimentOptions;
  readonly #screenings: readonly Screening[];
  readonly #sets: LoadSets;
  /** Directions whose screening is not used any more, since each factor is measured otherwise. */
  readonly #replaced: Direction[] = [];
  readonly #samples: Sample[] = [];
  readonly #seed: number;
  #block = 0;
  #planned = 0;
  #alone = false;
  #last: { readonly state: string; readonly model: Model } | undefined;
  #stopped: "precise" | "loads" | undefined;

  /**
   * Creates an experiment.
   *
   * @param factors at least one
   */
  constructor(factors: readonly Factor[], options: ExperimentOptions) {
    this.#factors = factors;
    this.#options = options;
    this.#seed = options.next();
    this.#screenings = DIRECTIONS.flatMap((direction) => {
      const varied = factors.flatMap((factor, at) =>
        factor[direction] > 0 ? [at] : []
      );
      return varied.length === 0
        ? []
        : [new Screening(direction, varied, options.next)];
    });
    this.#sets = new LoadSets((direction, at) =>
      tolerance(factors[at], direction, options.precision)
    );
    this.least = this.#screenings.reduce(
      (sum, { leastPairs }) => sum + screeningLoads(leastPairs),
      0,
    );
    this.design = describe(this.#screenings);
  }

  /** Reason for the end: all intervals narrow enough, or the limit of loads; undefined before. */
  get stopped(): "precise" | "loads" | undefined {
    return this.#stopped;
  }

  /**
   * Number of loads expected for the precision.
   *
   * @param standardDeviation standard deviation of the figure under the same conditions, in ms
   */
  expected(standardDeviation: number): number {
    const { confidence, loads } = this.#options;
    const z = studentQuantile(confidence, 60);
    let expected = 0;
    for (const { direction, factors, leastPairs } of this.#screenings) {
      const narrow = Math.min(
        ...factors.map((at) => this.#toleranceOf(direction, at)),
      );
      // Variance of a difference of the halves of n rows: 4/n. Of n loads alone and as many baselines: 2/n.
      const unit = (z * standardDeviation / narrow) ** 2;
      const pairs = Math.max(leastPairs, Math.ceil(2 * unit));
      const entangled = Math.ceil(ENTANGLED * factors.length);
      expected += screeningLoads(pairs) +
        Math.ceil(2 * unit * (entangled + Math.sqrt(entangled)));
    }
    return Math.max(this.least, Math.min(loads, expected));
  }

  /** Plans the next block, in the order in which its loads are to be made. Empty: the experiment is at its end. */
  nextBlock(): readonly PlannedLoad[] {
    if (this.#stopped !== undefined) return [];
    const left = this.#options.loads - this.#planned;
    const block = this.#plan(left);
    if (block === undefined) this.#stopped = "precise";
    else if (block.length === 0) this.#stopped = "loads";
    if (block === undefined || block.length === 0) return [];
    this.#planned += block.length;
    const number = this.#block++;
    return shuffled(block, this.#options.next)
      .map((levels) => ({ block: number, levels }));
  }

  /** Adds loads that gave a figure. */
  add(observations: readonly Observation[]): void {
    for (const { block, levels, figure } of observations) {
      const on = levels.flatMap((level, at) => level === 0 ? [] : [at]);
      const direction = on.length === 0
        ? undefined
        : levels[on[0]] > 0
        ? "added"
        : "taken";
      this.#samples.push({ block, figure, direction, on, key: setKey(on) });
      if (direction === undefined) continue;
      const set = this.#sets.find(direction, on);
      if (set !== undefined) set.loads++;
    }
  }

  /** Evaluates the loads so far. */
  analyse(): Analysis {
    const effects = this.#effects();
    effects.resample(this.#seed);
    return analysis({
      effects,
      factors: this.#factors,
      screenings: this.#screenings,
      sets: this.#sets,
      samples: this.#samples,
      confidence: this.#options.confidence,
    });
  }

  /** Levels of the next block's loads; empty if there are too few left, undefined if nothing is wanted. */
  #plan(left: number): (-1 | 0 | 1)[][] | undefined {
    const early = this.#screenings.filter(({ progress }) => progress < 1);
    if (early.length > 0) return this.#screeningBlock(early, left);
    for (const step of ["quick", "resampled", "last"] as const) {
      this.#review(step === "last");
      const effects = this.#effects();
      const isResampled = step !== "quick";
      if (isResampled) effects.resample(this.#seed);
      const wide = this.#screenings.filter((screening) =>
        this.#isWide(screening, effects)
      );
      const sets = this.#sets.all.filter((set) =>
        this.#isWanted(set, effects, isResampled)
      );
      if (sets.length === 0 && wide.length === 0) continue;
      this.#alone = sets.length > 0 && !(this.#alone && wide.length > 0);
      return this.#alone
        ? this.#setsBlock(sets, left)
        : this.#screeningBlock(wide, left);
    }
    return undefined;
  }

  #screeningBlock(
    screenings: readonly Screening[],
    left: number,
  ): (-1 | 0 | 1)[][] {
    const pairs = Math.min(PAIRS, Math.floor((left - BASELINES) / 2));
    if (pairs < 1) return [];
    const screening = screenings.reduce((a, b) =>
      b.progress < a.progress ? b : a
    );
    const rows = Array.from({ length: pairs }, () => screening.take()).flat();
    return [
      ...this.#baselines(BASELINES),
      ...rows.map((on) => this.#levels(screening.direction, on)),
    ];
  }

  #setsBlock(sets: readonly LoadSet[], left: number): (-1 | 0 | 1)[][] {
    const chosen = [...sets].sort((a, b) => a.loads - b.loads)
      .slice(0, Math.min(SETS, left - 1));
    if (chosen.length === 0) return [];
    // A block's level costs a degree of freedom, so that a small block would tell little.
    const repeats = Math.max(
      1,
      Math.floor(Math.min(LEAST_SETS, left / 2) / chosen.length),
    );
    const baselines = Math.round(repeats * Math.sqrt(chosen.length));
    const rows = chosen.flatMap(({ direction, members }) =>
      Array.from({ length: repeats }, () => this.#levels(direction, members))
    );
    return [
      ...this.#baselines(Math.max(1, Math.min(baselines, left - rows.length))),
      ...rows,
    ];
  }

  #baselines(count: number): (-1 | 0 | 1)[][] {
    return Array.from({ length: count }, () => this.#factors.map(() => 0));
  }

  #levels(direction: Direction, on: readonly number[]): (-1 | 0 | 1)[] {
    const level = direction === "added" ? 1 : -1;
    return this.#factors.map((_, at) => on.includes(at) ? level : 0);
  }

  #toleranceOf(direction: Direction, at: number): number {
    return tolerance(this.#factors[at], direction, this.#options.precision);
  }

  /** Regression of the loads so far; the last one, if nothing has changed since. */
  #model(): Model {
    const state = [
      this.#samples.length,
      this.#sets.all.length,
      this.#replaced.filter((direction) => this.#isLeftOut(direction)).length,
      ...this.#screenings.map(({ pairs }) => pairs.length),
    ].join();
    if (this.#last?.state !== state) {
      this.#last = { state, model: this.#fit() };
    }
    return this.#last.model;
  }

  #fit(): Model {
    const terms = (direction: Direction) => {
      const screening = this.#screenings.find((s) => s.direction === direction);
      return {
        varied: screening === undefined || this.#isLeftOut(direction)
          ? 0
          : screening.factors.length,
        sets: this.#sets.membersOf(direction),
        pairs: screening?.pairs ?? [],
      };
    };
    return new Model(this.#samples, this.#factors.length, {
      added: terms("added"),
      taken: terms("taken"),
    });
  }

  /** True if loads of screening are left out, since all effects are known otherwise, if not yet well. */
  #isLeftOut(direction: Direction): boolean {
    return this.#replaced.includes(direction) &&
      this.#sets.all.every((set) =>
        set.direction !== direction || set.loads > 0
      );
  }

  #effects(): Effects {
    return new Effects(this.#model(), this.#sets, this.#options.confidence);
  }

  /**
   * Decides which factors are measured alone, and on groups.
   *
   * @param isLast true to look at screening once more before the experiment ends
   */
  #review(isLast: boolean): void {
    for (const screening of this.#screenings) {
      const isUsed = !this.#replaced.includes(screening.direction);
      if (isUsed && (screening.isDue || isLast && screening.isFresh)) {
        this.#entangle(screening);
      }
    }
    const effects = this.#effects();
    for (const set of [...this.#sets.all]) {
      if (set.purpose !== "group" || set.state !== "open") continue;
      const effect = effects.ofSet(set);
      this.#sets.decide(set, effect.value, effect.error, effect.half);
    }
    for (const screening of this.#screenings) {
      if (this.#replaced.includes(screening.direction)) {
        this.#measurePairs(screening, effects);
      }
    }
  }

  #entangle(screening: Screening): void {
    const { direction, factors } = screening;
    const isAlone = (at: number) =>
      this.#sets.find(direction, [at]) !== undefined;
    const known = new Set(factors.filter(isAlone));
    const { active, entangled, addsUp } = screening.review(
      () => this.#model(),
      known,
    );
    for (const at of entangled) this.#sets.addAlone(direction, at);
    const uncertain = [...screening.alike.flat(), ...screening.pairs];
    for (const pair of uncertain.slice(0, PAIRS_MEASURED)) {
      this.#sets.addPair(direction, pair);
    }
    if (!addsUp) {
      for (const at of active) this.#sets.addAlone(direction, at);
      this.#sets.addGroup(direction, factors.filter((at) => !isAlone(at)));
    }
    if (!addsUp || factors.every(isAlone)) this.#replaced.push(direction);
  }

  /** Adds the pairs of the strongest factors where effects do not add up and screening could not say of which. */
  #measurePairs(
    { direction, pairs: known, factors }: Screening,
    effects: Effects,
  ) {
    if (known.length > 0) return;
    const strong = factors.flatMap((at) => {
      const { value, half } = effects.ofColumn(
        effects.model.set(direction, [at]),
      );
      const size = Math.abs(value);
      const isClear = half <= this.#toleranceOf(direction, at) &&
        size > 2 * half;
      return isClear ? [{ at, size }] : [];
    });
    strong.sort((a, b) => b.size - a.size);
    const chosen = strong.slice(0, 4).map(({ at }) => at)
      .sort((a, b) => a - b);
    const pairs = chosen.flatMap((first, i) =>
      chosen.slice(i + 1).map((second): Pair => [first, second])
    );
    for (const pair of pairs) this.#sets.addPair(direction, pair);
  }

  /** True if the interval of a factor that is measured by screening is too wide. */
  #isWide(screening: Screening, effects: Effects): boolean {
    const { direction, factors, isUnsure } = screening;
    if (this.#replaced.includes(direction)) return false;
    return isUnsure ||
      factors.some((at) =>
        this.#sets.find(direction, [at]) === undefined &&
        effects.ofFactor(direction, at).half > this.#toleranceOf(direction, at)
      );
  }

  #isWanted(set: LoadSet, effects: Effects, isResampled: boolean): boolean {
    if (set.state === "split") return false;
    if (set.purpose === "group" && set.state === "open") return true;
    // Resampling takes time, so until Student's interval is as narrow as makes it worth while, its last result serves.
    const widening = isResampled ? 1 : set.widening;
    return set.loads < LEAST_LOADS ||
      effects.ofSet(set).half * widening > set.tolerance;
  }
}

/** Tolerated half-width of an effect, in ms. Time taken away is measured as well in ms as time added. */
function tolerance(
  { added, taken }: Factor,
  direction: Direction,
  precision: number,
): number {
  return precision * (direction === "added" ? added : Math.max(added, taken));
}

/** Number of loads of screening with pairs of rows. */
function screeningLoads(pairs: number): number {
  return 2 * pairs + BASELINES * Math.ceil(pairs / PAIRS);
}

function describe(screenings: readonly Screening[]): string {
  const parts = screenings.map(({ direction, factors, replicate }) =>
    `${replicate} loads a replicate for ${factors.length} ${
      factors.length === 1 ? "factor" : "factors"
    } with time ${direction === "added" ? "added" : "taken away"}`
  );
  return `folded-over Plackett–Burman design (${
    parts.join("; ")
  }) in random order, in blocks with loads as configured; then factors whose effects do not add up, alone`;
}

export type { Effect };
