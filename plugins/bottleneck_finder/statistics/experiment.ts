/**
 * Experiment that finds what each of many factors costs, in few loads. Factors are changed alone, many of them in groups, beside
 * loads as configured. Those that seem to have no effect go on as one group, which bounds each of them, since more time never makes
 * a page faster. Where many have an effect, and all of these at once cost the sum, a screening design measures them together.
 *
 * @module
 */
import { type Analysis, analysis } from "./_analysis.ts";
import { Course, loadsAlone, unitOf } from "./_course.ts";
import { Effects } from "./_effects.ts";
import {
  type Direction,
  DIRECTIONS,
  Model,
  type Sample,
  setKey,
} from "./_model.ts";
import type { Screening } from "./_screening.ts";
import { isFew, LEAST_LOADS, type LoadSet, LoadSets } from "./_sets.ts";
import { shuffled } from "./random.ts";

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
  /**
   * `cpu` for the page's processor: its loads vary more than others, and it may change the effect of each other factor, so that they
   * are measured together. Default a response time.
   */
  readonly kind?: "route" | "origin" | "cpu";
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

/** Largest number of sets of a block. */
const SETS = 16;

/** Number of loads of a block that is filled by repeating sets, if there are few. */
const LEAST_SETS = 6;

/** Fewest loads of each set with which there is an answer. */
const ANSWERING = 2;

/** Share of the factors that {@linkcode Experiment.expected} takes for those with an effect before it is known. */
const ACTIVE = 1 / 2;

/** Sequential experiment. The caller makes the loads of each block, adds what it saw, and asks for the next block until it is empty. */
export class Experiment {
  /** Design in words. */
  readonly design: string;
  /** Fewest loads with which there is an answer. */
  readonly least: number;
  readonly #factors: readonly Factor[];
  readonly #options: ExperimentOptions;
  readonly #courses: readonly Course[];
  readonly #sets: LoadSets;
  readonly #samples: Sample[] = [];
  readonly #seed: number;
  #block = 0;
  #planned = 0;
  #alone = false;
  /** Width of intervals by resampling, as a multiple of Student's, when it was last computed. */
  #widening = 1;
  #last: { readonly state: string; readonly effects: Effects } | undefined;
  #stopped: "precise" | "loads" | undefined;

  /**
   * Creates an experiment.
   *
   * @param factors at least one
   */
  constructor(factors: readonly Factor[], options: ExperimentOptions) {
    this.#factors = factors;
    this.#options = options;
    const { confidence, next, precision } = options;
    this.#seed = next();
    const toleranceOf = (direction: Direction, at: number) =>
      tolerance(factors[at], direction, precision);
    const sets = this.#sets = new LoadSets(toleranceOf);
    const isSlow = (at: number) => factors[at].kind === "cpu";
    const shared = {
      sets,
      next,
      isSlow,
      toleranceOf,
      confidence,
      costly: new Set<number>(),
    };
    this.#courses = DIRECTIONS.flatMap((direction) => {
      const varied = factors.flatMap((factor, at) =>
        factor[direction] > 0 ? [at] : []
      );
      return varied.length === 0 ? [] : [new Course(direction, varied, shared)];
    });
    const first = sets.all.length;
    this.least = leastLoads(first);
    this.design = describe(first, sets);
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
    const { confidence, loads, precision } = this.#options;
    let sets = 0;
    let narrow = Infinity;
    for (const { direction, factors } of this.#courses) {
      // One more for those without an effect.
      sets += 1 + ACTIVE * factors.length;
      narrow = Math.min(
        narrow,
        ...factors.map((at) =>
          tolerance(this.#factors[at], direction, precision)
        ),
      );
    }
    const unit = unitOf(standardDeviation, narrow, confidence);
    const expected = this.least + Math.ceil(loadsAlone(unit, sets));
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
      const isSlow = on.some((at) => this.#factors[at].kind === "cpu");
      const key = setKey(on);
      this.#samples.push({ block, figure, isSlow, direction, on, key });
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
      courses: this.#courses,
      sets: this.#sets,
      samples: this.#samples,
      confidence: this.#options.confidence,
    });
  }

  /** Levels of the next block's loads; empty if there are too few left, undefined if nothing is wanted. */
  #plan(left: number): (-1 | 0 | 1)[][] | undefined {
    for (const step of ["quick", "resampled", "last"] as const) {
      for (const course of this.#courses) {
        course.review(
          this.#effects(),
          () => this.#effects().model,
          step === "last",
        );
      }
      const effects = this.#effects();
      if (step !== "quick") effects.resample(this.#seed);
      this.#widening = effects.widening ?? this.#widening;
      // Resampling takes time, so until Student's interval is as narrow as makes it worth while, its last result serves.
      const widening = effects.widening === undefined ? this.#widening : 1;
      const sets = this.#courses.flatMap((course) =>
        course.wanted(effects, widening)
      );
      const wide = this.#courses.flatMap((course) => course.wide(effects));
      if (sets.length === 0 && wide.length === 0) continue;
      this.#alone = sets.length > 0 && !(this.#alone && wide.length > 0);
      return this.#alone
        ? this.#setsBlock(sets, left, effects)
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

  #setsBlock(
    sets: readonly LoadSet[],
    left: number,
    effects: Effects,
  ): (-1 | 0 | 1)[][] {
    const chosen = [...sets].sort((a, b) => a.loads - b.loads)
      .slice(0, Math.max(0, Math.min(SETS, left - 1)));
    if (chosen.length === 0) return [];
    // A block's level costs a degree of freedom, so that a small block would tell little.
    const most = Math.floor(Math.min(LEAST_SETS, left / 2) / chosen.length);
    const needed = chosen.map((set) => {
      const narrower = effects.ofSet(set).half / set.tolerance;
      return Math.ceil(set.loads * (narrower ** 2 - 1)) || most;
    });
    const repeats = Math.max(1, Math.min(most, Math.max(...needed)));
    const baselines = baselinesOf(chosen.length, repeats, chosen.some(isFew));
    const rows = chosen.flatMap(({ direction, members, purpose }) => {
      // A comparison with a sum decides on what comes next.
      const isSum = purpose === "together" && members.length > 2;
      const length = isSum ? Math.max(repeats, LEAST_LOADS) : repeats;
      return Array.from({ length }, () => this.#levels(direction, members));
    }).slice(0, left - 1);
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

  /** Effects by the regression of the loads so far; the last ones, if nothing has changed since. */
  #effects(): Effects {
    const state = [
      this.#samples.length,
      this.#sets.all.length,
      ...this.#courses.map(({ state }) => state),
    ].join();
    if (this.#last?.state !== state) {
      const none = { varied: 0, sets: [], pairs: [] };
      const terms = (of: Direction) =>
        this.#courses.find(({ direction }) => direction === of)?.terms ?? none;
      const model = new Model(this.#samples, this.#factors.length, {
        added: terms("added"),
        taken: terms("taken"),
      });
      const { confidence } = this.#options;
      this.#last = { state, effects: new Effects(model, confidence) };
    }
    return this.#last.effects;
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

/** Fewest loads with which each of the first sets is known. */
function leastLoads(sets: number): number {
  const each = Math.min(SETS, sets);
  const repeats = Math.max(1, Math.floor(LEAST_SETS / each));
  const baselines = baselinesOf(each, repeats, true);
  return Math.ceil(ANSWERING * sets / (each * repeats)) *
    (each * repeats + baselines);
}

/**
 * Number of loads as configured beside sets. √sets as many as of each are best. At first there are fewer, so that there is a ranking
 * after few loads.
 */
function baselinesOf(sets: number, repeats: number, isFirst: boolean): number {
  const best = repeats * Math.sqrt(sets);
  return isFirst && repeats === 1 ? Math.floor(best) : Math.round(best);
}

function describe(first: number, { all }: LoadSets): string {
  const largest = all.reduce(
    (m, { members }) => Math.max(m, members.length),
    1,
  );
  return `${
    largest === 1
      ? "one factor at a time"
      : `groups of up to ${largest} factors, then one factor at a time`
  } (sets of loads at first: ${first}), in random order, in blocks with loads as configured; factors without an effect together; where many have one, and these add up, a folded-over Plackett–Burman design`;
}
