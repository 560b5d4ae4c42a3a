/**
 * Sets of factors that are changed in loads of their own: one factor alone, a pair, or a group that is split until only factors
 * alone are left (sequential bifurcation).
 *
 * Source: Bettonvil and Kleijnen, "Searching for important factors in simulation models with many factors: sequential bifurcation",
 * European Journal of Operational Research 96, 1997.
 *
 * @module
 */
import { type Direction, type Pair, setKey } from "./_model.ts";

/** Set of factors that are changed together, alone if it has one. */
export interface LoadSet {
  /** Direction of the change. */
  readonly direction: Direction;
  /** Factors, ascending. */
  readonly members: readonly number[];
  /** Purpose: the effect of one factor, a decision on a group, or the effect of a pair. */
  purpose: "alone" | "group" | "pair";
  /** Tolerated half-width of the interval of the effect, in ms. */
  readonly tolerance: number;
  /** Number of loads so far. */
  loads: number;
  /** Width of the interval by resampling, as a multiple of Student's, when it was last computed; 1 before. */
  widening: number;
  /** State of a group: no decision, no effect, or an effect, so that its halves were added. */
  state: "open" | "cleared" | "split";
}

/** Number of standard errors from 0 at which a group is split before its interval is narrow. */
const CLEAR = 3;

/** Fewest loads of a set. */
export const LEAST_LOADS = 3;

/** Sets of an experiment. */
export class LoadSets {
  /** All sets, in the order in which they were added. */
  readonly all: LoadSet[] = [];
  readonly #toleranceOf: (direction: Direction, factor: number) => number;

  /**
   * Creates an empty list.
   *
   * @param toleranceOf tolerated half-width of the interval of a factor's effect, in ms
   */
  constructor(toleranceOf: (direction: Direction, factor: number) => number) {
    this.#toleranceOf = toleranceOf;
  }

  /** Sets of one direction, by their members. */
  membersOf(direction: Direction): (readonly number[])[] {
    return this.all.filter((set) => set.direction === direction)
      .map(({ members }) => members);
  }

  /** Finds a set by its members. */
  find(direction: Direction, members: readonly number[]): LoadSet | undefined {
    const key = setKey(members);
    return this.all.find((set) =>
      set.direction === direction && setKey(set.members) === key
    );
  }

  /** Group of several that a factor belongs to and that was not split; undefined if it is to be measured alone, or not at all. */
  groupOf(direction: Direction, factor: number): LoadSet | undefined {
    return this.all.find((set) =>
      set.direction === direction && set.purpose === "group" &&
      set.state !== "split" && set.members.includes(factor)
    );
  }

  /** Adds a factor alone, unless it is there. */
  addAlone(direction: Direction, factor: number): void {
    if (this.find(direction, [factor]) !== undefined) return;
    this.#add(direction, [factor], "alone", 1);
  }

  /** Adds a group; one of one factor is that factor alone. */
  addGroup(direction: Direction, members: readonly number[]): void {
    if (members.length === 1) this.addAlone(direction, members[0]);
    if (members.length < 2) return;
    const known = this.find(direction, members);
    if (known === undefined) this.#add(direction, members, "group", 1);
    else known.purpose = "group";
  }

  /** Adds a pair, which may be measured half as well, unless the set is there. */
  addPair(direction: Direction, pair: Pair): void {
    if (this.find(direction, pair) !== undefined) return;
    this.#add(direction, pair, "pair", 2);
  }

  /**
   * Decides on a group.
   *
   * @param effect effect of the group, in ms
   * @param error standard error of the effect
   * @param half half-width of its interval
   */
  decide(set: LoadSet, effect: number, error: number, half: number): void {
    if (set.loads < LEAST_LOADS) return;
    const size = Math.abs(effect);
    const small = size + half <= set.tolerance;
    const certain = size > CLEAR * error;
    if (!small && !certain && half > set.tolerance) return;
    if (small || !certain && size <= half) {
      set.state = "cleared";
      return;
    }
    set.state = "split";
    const middle = Math.ceil(set.members.length / 2);
    this.addGroup(set.direction, set.members.slice(0, middle));
    this.addGroup(set.direction, set.members.slice(middle));
  }

  #add(
    direction: Direction,
    members: readonly number[],
    purpose: LoadSet["purpose"],
    share: number,
  ): void {
    const tolerance = share *
      Math.min(...members.map((i) => this.#toleranceOf(direction, i)));
    this.all.push({
      direction,
      members,
      purpose,
      tolerance,
      loads: 0,
      widening: 1,
      state: "open",
    });
  }
}
