/**
 * Search for pairs whose effect is not the sum of the effects of both, where factors without an effect of their own are among them: the
 * factors are halved while one of the two sides stays changed.
 *
 * @module
 */
import type { Effects } from "./_effects.ts";
import type { Direction } from "./_model.ts";
import { isFew, type LoadSet, type LoadSets } from "./_sets.ts";

/** Number of standard errors from 0 up to which a set counts as without an effect. */
export const WITHOUT = 2.5;

/** Number of standard errors from 0 from which on effects do not add up. */
const NOT_ADDING = 2.5;

/** True if the effect of a set is not the sum of the effects of its parts. */
export function isBeyondSum(
  set: Pick<LoadSet, "direction" | "members" | "parts">,
  effects: Effects,
): boolean {
  const { value, error } = effects.beyondSum(set);
  return Math.abs(value) > NOT_ADDING * error;
}

/** Half-width of an interval, in tolerated ones, at which an effect that is not seen is too small to be looked for. */
export const SEEN = 2;

/** Largest number of loads of a set whose effect is compared with that of its parts. */
export const MOST_LOADS = 48;

/** Share of the largest error of a set and its parts from which on another one's error matters. */
const MATTERS = 0.5;

/** Step of the search: factors of which one may have an effect only beside the base. */
interface Step {
  readonly set: LoadSet;
  readonly base: readonly number[];
  readonly others: readonly number[];
}

/** Search in one direction. */
export class PairSearch {
  readonly #direction: Direction;
  readonly #sets: LoadSets;
  #steps: Step[] = [];

  /** Creates a search that has nothing to do. */
  constructor(direction: Direction, sets: LoadSets) {
    this.#direction = direction;
    this.#sets = sets;
  }

  /** Adds a pair, and its factors alone, to what is measured. */
  addPair(first: number, second: number): void {
    const direction = this.#direction;
    for (const at of [first, second]) this.#sets.addGroup(direction, [at]);
    this.#sets.addTogether(direction, [first, second].sort(ascending));
  }

  /**
   * Begins to look for a pair of a factor of each side.
   *
   * @param base factors that stay changed, at least one
   * @param others factors without an effect, at least one
   */
  begin(base: readonly number[], others: readonly number[]): void {
    if (others.length > 1) {
      const set = this.#sets.addTogether(
        this.#direction,
        [...base, ...others].sort(ascending),
        [base],
      );
      this.#steps.push({ set, base, others });
    } else if (base.length > 1) this.begin(others, base);
    else this.addPair(base[0], others[0]);
  }

  /** Sets of which loads are wanted. */
  wanted(effects: Effects): LoadSet[] {
    return this.#steps.flatMap((step) =>
      isOpen(step, effects)
        ? worstOf({ ...step.set, parts: [step.base] }, this.#sets, effects)
        : []
    );
  }

  /** Goes on with what was measured since. */
  goOn(effects: Effects): void {
    this.#halve(effects);
    const direction = this.#direction;
    for (const set of this.#sets.all) {
      const { halves, members } = set;
      if (set.direction !== direction || halves === undefined) continue;
      const sides = halves.map((half) => this.#sets.setOf(direction, half));
      if (sides.some(isFew)) continue;
      set.halves = undefined;
      const isWithout = sides.every((side) => {
        const { value, error } = effects.ofSet(side);
        return Math.abs(value) <= WITHOUT * error;
      });
      if (
        isWithout && isBeyondSum({ direction, members, parts: halves }, effects)
      ) this.begin(halves[0], halves[1]);
    }
  }

  #halve(effects: Effects): void {
    const waiting = this.#steps;
    this.#steps = [];
    for (const step of waiting) {
      const { set, base, others } = step;
      if (isOpen(step, effects)) this.#steps.push(step);
      else if (isBeyondSum({ ...set, parts: [base] }, effects)) {
        const middle = Math.ceil(others.length / 2);
        this.begin(base, others.slice(0, middle));
        this.begin(base, others.slice(middle));
      }
    }
  }
}

/** True for a step of which it is not known whether the factors have an effect beside the base. */
function isOpen({ set, base }: Step, effects: Effects): boolean {
  if (isFew(set)) return true;
  const whole = { ...set, parts: [base] };
  return set.loads < MOST_LOADS && !isBeyondSum(whole, effects) &&
    effects.beyondSum(whole).half > SEEN * set.tolerance;
}

/** The set and its parts whose errors make most of the error of the effect beyond the sum; those with few loads, if there are any. */
export function worstOf(
  { direction, members, parts }: Pick<
    LoadSet,
    "direction" | "members" | "parts"
  >,
  sets: LoadSets,
  effects: Effects,
): LoadSet[] {
  const all = [members, ...parts].map((set) => sets.setOf(direction, set));
  const few = all.filter(isFew);
  if (few.length > 0) return few;
  const errors = all.map((set) => effects.ofSet(set).error);
  const least = MATTERS * Math.max(...errors);
  return all.filter(({ loads }, at) =>
    loads < MOST_LOADS && errors[at] >= least
  );
}

/** Order of numbers. */
export function ascending(a: number, b: number): number {
  return a - b;
}
