/**
 * Course of an experiment in one direction: which sets of factors are measured, and whether a screening design pays.
 *
 * @module
 */
import type { Effects } from "./_effects.ts";
import type { Direction, Model, Terms } from "./_model.ts";
import {
  ascending,
  isBeyondSum,
  PairSearch,
  SEEN,
  WITHOUT,
  worstOf,
} from "./_pair_search.ts";
import { Screening } from "./_screening.ts";
import { isFew, type LoadSet, type LoadSets } from "./_sets.ts";
import { studentQuantile } from "./student.ts";

/** Largest number of sets at first: more factors begin in groups. */
const FIRST_SETS = 12;

/**
 * Probability of the difference to the sum below which effects may not add up, so that screening is not worth a try, and above which a
 * pair is not worth more loads.
 */
const DOUBTFUL = 0.2;

/** Fewest loads of screening, and its loads beside those that vary factors, as a factor. */
const SCREENING = { least: 16, more: 1.25 };

/** Share of the loads of factors alone that screening may need, since it may turn out that effects do not add up. */
const WORTH = 2 / 3;

/** Largest number of calls that are equally slow and stay alone. */
const MOST_EQUAL = 3;

/** Number of the strongest factors whose pairs are measured. */
const STRONGEST = 4;

/** Largest number of pairs that screening found, and that are measured. */
const MOST_FOUND_PAIRS = 6;

/** Parts of an experiment that its courses share. */
export interface Shared {
  readonly sets: LoadSets;
  /** Uniform random numbers in (0, 1). */
  readonly next: () => number;
  /** True for the page's processor. */
  readonly isSlow: (factor: number) => boolean;
  /** Tolerated half-width of the interval of a factor's effect, in ms. */
  readonly toleranceOf: (direction: Direction, factor: number) => number;
  /** Confidence of the intervals. */
  readonly confidence: number;
  /** Factors whose added time has an effect; empty before that is known. */
  costly: ReadonlySet<number>;
}

/** Course in one direction. */
export class Course {
  /** Direction. */
  readonly direction: Direction;
  /** Factors that can be changed in this direction. */
  readonly factors: readonly number[];
  /** True once the factors without an effect are measured together. */
  #isPooled = false;
  readonly #shared: Shared;
  readonly #processors: readonly number[];
  readonly #pairs: PairSearch;
  /** Factors that are measured by screening but for those whose effects do not add up. */
  readonly #screened = new Set<number>();
  #screening: Screening | undefined;
  /** Factors with an effect, the largest one first. */
  #active: readonly number[] = [];
  /** These, all at once. */
  #sum: LoadSet | undefined;
  #isJudged = false;
  /** True since the first review of screening, before which its loads are not looked at. */
  #isUsed = false;
  #isReplaced = false;

  /**
   * Creates a course with its first sets.
   *
   * @param factors at least one
   */
  constructor(
    direction: Direction,
    factors: readonly number[],
    shared: Shared,
  ) {
    this.direction = direction;
    this.factors = factors;
    this.#shared = shared;
    this.#pairs = new PairSearch(direction, shared.sets);
    const { sets, isSlow } = shared;
    const routes = factors.filter((at) => !isSlow(at));
    this.#processors = factors.filter(isSlow);
    // Calls that follow one another in time are rather alike.
    const size = Math.ceil(routes.length / FIRST_SETS);
    for (let from = 0; from < routes.length; from += size) {
      sets.addGroup(direction, routes.slice(from, from + size));
    }
    for (const at of this.#processors) sets.addGroup(direction, [at]);
  }

  /** Design of screening, unless it turned out that effects do not add up. */
  get screening(): Screening | undefined {
    return this.#isReplaced ? undefined : this.#screening;
  }

  /** True for a factor whose effect comes from screening, which was found to be a sum. */
  isScreened(factor: number): boolean {
    return this.#isUsed && this.#isVaried(factor);
  }

  /** True for a factor that is left to screening. */
  #isVaried(factor: number): boolean {
    return this.screening !== undefined && this.#screened.has(factor);
  }

  /** Terms of the regression. */
  get terms(): Terms {
    const { direction } = this;
    const screening = this.#isUsed ? this.screening : undefined;
    const sets = this.#shared.sets.all.filter((set) =>
      set.direction === direction &&
      (screening === undefined ||
        set !== this.#sum &&
          !(set.members.length === 1 && this.#screened.has(set.members[0])))
    );
    return {
      varied: screening?.factors.length ?? 0,
      sets: sets.map(({ members }) => members),
      pairs: screening?.pairs ?? [],
    };
  }

  /** Text that changes whenever the terms do. */
  get state(): string {
    const pairs = this.screening?.pairs.length ?? -1;
    return `${this.#isUsed} ${pairs} ${this.#screened.size}`;
  }

  /**
   * Decides on what is measured next.
   *
   * @param fit fits the regression with the terms so far
   * @param isLast true to look at screening once more before the experiment ends
   */
  review(effects: Effects, fit: () => Model, isLast: boolean): void {
    const { sets } = this.#shared;
    const screening = this.screening;
    if (
      screening !== undefined && screening.progress >= 1 &&
      (screening.isDue || isLast && screening.isFresh)
    ) {
      this.#entangle(screening, fit);
      return;
    }
    for (const set of this.#own("group")) {
      if (set.state !== "open") continue;
      const { value, error, half } = effects.ofSet(set);
      sets.decide(set, value, error, half);
    }
    if (!this.#isPooled) this.#pool(effects);
    else {
      this.#pairs.goOn(effects);
      this.#judge(effects);
    }
  }

  /** Screening of which rows are wanted, if there is any: the interval of a factor is too wide. */
  wide(effects: Effects): Screening[] {
    const { screening, direction } = this;
    if (screening === undefined) return [];
    const isWide = screening.progress < 1 || screening.isUnsure ||
      [...this.#screened].some((at) =>
        effects.ofFactor(direction, at).half >
          this.#shared.toleranceOf(direction, at)
      );
    return isWide ? [screening] : [];
  }

  #own(purpose: LoadSet["purpose"]): LoadSet[] {
    return this.#shared.sets.all.filter((set) =>
      set.direction === this.direction && set.purpose === purpose
    );
  }

  /** Factors that are measured alone. */
  #alone(): LoadSet[] {
    return this.#own("alone").filter(({ members: [at] }) =>
      this.#shared.sets.groupOf(this.direction, at) === undefined
    );
  }

  /** Puts factors without an effect together, once each was measured. */
  #pool(effects: Effects): void {
    const { sets, isSlow } = this.#shared;
    const { direction } = this;
    const alone = this.#alone();
    const groups = this.#own("group").filter(({ state }) => state !== "left");
    if ([...alone, ...groups].some(isFew)) return;
    this.#isPooled = true;
    const without: number[] = [];
    const equal: number[] = [];
    const active: { readonly at: number; readonly size: number }[] = [];
    for (const set of alone) {
      const [at] = set.members;
      if (isSlow(at)) continue;
      const { value, error } = effects.ofSet(set);
      const size = Math.abs(value);
      if (size > WITHOUT * error) active.push({ at, size });
      else if (direction === "taken" && this.#shared.costly.has(at)) {
        equal.push(at);
      } else without.push(at);
    }
    // Of calls that are equally slow, each costs, but only all of them save. So these stay alone, or in two groups.
    if (equal.length > MOST_EQUAL) {
      const middle = Math.ceil(equal.length / 2);
      sets.addGroup(direction, equal.slice(0, middle));
      sets.addGroup(direction, equal.slice(middle));
    }
    const members = [...without, ...groups.flatMap(({ members }) => members)]
      .sort(ascending);
    if (without.length + groups.length > 1) {
      for (const group of groups) group.state = "left";
      sets.addGroup(direction, members);
    }
    active.sort((a, b) => b.size - a.size);
    this.#active = active.map(({ at }) => at);
    if (direction === "added") this.#shared.costly = new Set(this.#active);
    if (active.length > 1) {
      const all = this.#active.toSorted(ascending);
      this.#sum = sets.addTogether(direction, all);
    }
    for (const processor of this.#processors) {
      const { value, error } = effects.ofColumn(
        effects.model.set(direction, [processor]),
      );
      if (Math.abs(value) <= WITHOUT * error) continue;
      for (const at of this.#active) this.#pairs.addPair(processor, at);
      if (members.length > 0) this.#pairs.begin([processor], members);
    }
  }

  /** Looks at the effect of all factors that have one. */
  #judge(effects: Effects): void {
    const sum = this.#sum;
    if (sum === undefined || isFew(sum)) return;
    if (!this.#isJudged) {
      this.#isJudged = true;
      if (effects.beyondSum(sum).p >= DOUBTFUL && this.#isWorth(sum, effects)) {
        this.#screening = new Screening(
          this.direction,
          sum.members,
          this.#shared.next,
        );
        for (const at of sum.members) this.#screened.add(at);
        return;
      }
    }
    const found = this.#screening?.pairs.length ?? 0;
    if (found === 0 && (this.#isReplaced || isBeyondSum(sum, effects))) {
      this.#pairStrongest();
    }
  }

  /** True if screening is expected to need far fewer loads than factors alone. */
  #isWorth({ members }: LoadSet, { model }: Effects): boolean {
    const { confidence, toleranceOf } = this.#shared;
    const narrow = Math.min(
      ...members.map((at) => toleranceOf(this.direction, at)),
    );
    const unit = unitOf(model.fit.deviation, narrow, confidence);
    const made = this.#own("alone").filter(({ members: [at] }) =>
      members.includes(at)
    ).reduce((sum, { loads }) => sum + loads, 0);
    const baselines = 1 + 1 / Math.sqrt(members.length);
    const left = loadsAlone(unit, members.length) - made * baselines;
    // Half of the rows change a factor, so that the variance of its effect is that of a difference of two halves.
    const screening = SCREENING.more * Math.max(SCREENING.least, 4 * unit);
    return screening <= WORTH * left;
  }

  #pairStrongest(): void {
    const chosen = this.#active.slice(0, STRONGEST);
    for (const [place, first] of chosen.entries()) {
      for (const second of chosen.slice(place + 1)) {
        this.#pairs.addPair(first, second);
      }
    }
  }

  #entangle(screening: Screening, fit: () => Model): void {
    const { sets } = this.#shared;
    this.#isUsed = true;
    const known = screening.factors.filter((at) => !this.#screened.has(at));
    const { entangled, addsUp } = screening.review(fit, new Set(known));
    for (const at of entangled) this.#screened.delete(at);
    const uncertain = [...screening.alike.flat(), ...screening.pairs];
    for (const pair of uncertain.slice(0, MOST_FOUND_PAIRS)) {
      sets.addTogether(this.direction, pair);
    }
    this.#isReplaced ||= !addsUp || this.#screened.size === 0;
  }

  /**
   * Sets of which loads are wanted.
   *
   * @param widening factor on the half-widths of intervals
   */
  wanted(effects: Effects, widening: number): LoadSet[] {
    const pairs = new Set([
      ...this.#pairs.wanted(effects),
      ...this.#own("together").flatMap((set) => this.#wantedOf(set, effects)),
    ]);
    return this.#shared.sets.all.filter((set) =>
      set.direction === this.direction &&
      (pairs.has(set) || this.#isWanted(set, effects, widening))
    );
  }

  /** The set itself, and its parts, of which loads are wanted for the effect beyond the sum. */
  #wantedOf(set: LoadSet, effects: Effects): LoadSet[] {
    if (set.members.length > 2) {
      return set === this.#sum && isFew(set) ? [set] : [];
    }
    const { half, p } = effects.beyondSum(set);
    const isFutile = p >= DOUBTFUL && half <= SEEN * set.tolerance;
    if (!isFew(set) && (half <= set.tolerance || isFutile)) return [];
    return worstOf(set, this.#shared.sets, effects);
  }

  #isWanted(set: LoadSet, effects: Effects, widening: number): boolean {
    const { purpose, state, members: [at] } = set;
    if (purpose === "together" || state === "left") return false;
    const isResting = purpose === "alone" &&
      (this.#isVaried(at) ||
        this.#shared.sets.groupOf(this.direction, at) !== undefined);
    if (isResting) return false;
    if (isFew(set)) return true;
    if (!this.#isPooled) return false;
    if (purpose === "group" && state === "open") return true;
    return effects.ofSet(set).half * widening > set.tolerance;
  }
}

/** Number of loads with which the half-width of an interval would be the tolerated one, were it that of a mean. */
export function unitOf(
  deviation: number,
  tolerance: number,
  confidence: number,
): number {
  return (studentQuantile(confidence, 60) * deviation / tolerance) ** 2;
}

/** Number of loads of sets with the best number of loads as configured among them: √sets as many as of each set. */
export function loadsAlone(unit: number, sets: number): number {
  return unit * (Math.sqrt(sets) + 1) ** 2;
}
