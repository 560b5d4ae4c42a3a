/**
 * Sets of factors that are changed in loads of their own: one factor alone, a group that is split until only factors alone are left
 * (sequential bifurcation), and several whose effects may not add up.
 *
 * Source: Bettonvil and Kleijnen, "Searching for important factors in simulation models with many factors: sequential bifurcation",
 * European Journal of Operational Research 96, 1997.
 *
 * @module
 */
import { type Direction, setKey } from "./_model.ts";

/** Set of factors that are changed together, alone if it has one. */
export interface LoadSet {
  /** Direction of the change. */
  readonly direction: Direction;
  /** Factors, ascending. */
  readonly members: readonly number[];
  /** Purpose: the effect of one factor, a decision on a group, or a comparison of the effect with the sum of the parts' effects. */
  readonly purpose: "alone" | "group" | "together";
  /** Sets that make up the members. */
  readonly parts: readonly (readonly number[])[];
  /** Tolerated half-width of the interval of the effect, in ms. */
  readonly tolerance: number;
  /** Number of loads so far. */
  loads: number;
  /** State of a group: no decision, no effect, or done with, since it has an effect, or is part of a larger one. */
  state: "open" | "cleared" | "left";
  /** Halves of a group whose factors were measured alone before, until it is known whether only both have its effect. */
  halves: readonly (readonly number[])[] | undefined;
}

/** Number of standard errors from 0 at which a group has an effect, before its interval is narrow. */
export const CLEAR = 3;

/** Largest group that is split into its factors at once; larger ones are halved. */
const SMALL = 4;

/** Fewest loads of a set before anything is decided by them. */
export const LEAST_LOADS = 3;

/** The same of a group, on which a wrong decision only costs loads. */
const LEAST_GROUP_LOADS = 2;

/** True if a set has too few loads to decide anything by them. */
export function isFew({ purpose, loads }: LoadSet): boolean {
  return loads < (purpose === "group" ? LEAST_GROUP_LOADS : LEAST_LOADS);
}

/** Sets of an experiment. */
export class LoadSets {
  /** All sets, in the order in which they were added. */
  readonly all: LoadSet[] = [];
  readonly #byKey = new Map<string, LoadSet>();
  readonly #toleranceOf: (direction: Direction, factor: number) => number;

  /**
   * Creates an empty list.
   *
   * @param toleranceOf tolerated half-width of the interval of a factor's effect, in ms
   */
  constructor(toleranceOf: (direction: Direction, factor: number) => number) {
    this.#toleranceOf = toleranceOf;
  }

  /** Finds a set by its members. */
  find(direction: Direction, members: readonly number[]): LoadSet | undefined {
    return this.#byKey.get(`${direction} ${setKey(members)}`);
  }

  /** Group that a factor belongs to, which is measured in place of the factor alone; undefined for none. */
  groupOf(direction: Direction, factor: number): LoadSet | undefined {
    return this.groupsOf(direction, factor)
      .find(({ state }) => state !== "left");
  }

  /** All groups that a factor belongs to, in the order in which they were added. */
  groupsOf(direction: Direction, factor: number): LoadSet[] {
    return this.all.filter((set) =>
      set.direction === direction && set.purpose === "group" &&
      set.members.includes(factor)
    );
  }

  /** Finds a set by its members, or adds a group; one of one factor is that factor alone. */
  setOf(direction: Direction, members: readonly number[]): LoadSet {
    const purpose = members.length === 1 ? "alone" : "group";
    return this.#add(direction, members, purpose);
  }

  /** The same; a group that was left is measured again. */
  addGroup(direction: Direction, members: readonly number[]): void {
    const set = this.setOf(direction, members);
    if (set.state === "left") set.state = "open";
  }

  /**
   * Adds factors that are changed together, to compare their effect with the sum of the effects of parts of them.
   *
   * @param parts the parts; default each factor
   * @returns the set; it may be there for another purpose, which tells its effect as well
   */
  addTogether(
    direction: Direction,
    members: readonly number[],
    parts: readonly (readonly number[])[] = members.map((at) => [at]),
  ): LoadSet {
    return this.#add(direction, members, "together", parts);
  }

  /**
   * Decides on a group.
   *
   * @param effect effect of the group, in ms
   * @param error standard error of the effect
   * @param half half-width of its interval
   */
  decide(set: LoadSet, effect: number, error: number, half: number): void {
    if (isFew(set)) return;
    const size = Math.abs(effect);
    const isSmall = size + half <= set.tolerance;
    const isCertain = size > CLEAR * error;
    if (!isSmall && !isCertain && half > set.tolerance) return;
    if (isSmall || !isCertain && size <= half) {
      set.state = "cleared";
      return;
    }
    set.state = "left";
    const { direction, members } = set;
    const isNew = members.every((at) =>
      this.find(direction, [at]) === undefined
    );
    // Factors that were without an effect alone are rather without one in a half, too.
    const step = isNew && members.length <= SMALL
      ? 1
      : Math.ceil(members.length / 2);
    const parts: number[][] = [];
    for (let from = 0; from < members.length; from += step) {
      parts.push(members.slice(from, from + step));
    }
    for (const part of parts) this.addGroup(direction, part);
    if (!isNew && members.length > 2) set.halves = parts;
  }

  #add(
    direction: Direction,
    members: readonly number[],
    purpose: LoadSet["purpose"],
    parts: LoadSet["parts"] = members.map((at) => [at]),
  ): LoadSet {
    const known = this.find(direction, members);
    if (known !== undefined) return known;
    // Effects beyond a sum may be known less well.
    const share = purpose === "together" ? 3 : 1;
    const set: LoadSet = {
      direction,
      members,
      purpose,
      parts,
      tolerance: share *
        Math.min(...members.map((at) => this.#toleranceOf(direction, at))),
      loads: 0,
      state: "open",
      halves: undefined,
    };
    this.all.push(set);
    this.#byKey.set(`${direction} ${setKey(members)}`, set);
    return set;
  }
}
