/**
 * Answer of an experiment.
 *
 * @module
 */
import type { Course } from "./_course.ts";
import type { Effect, Effects } from "./_effects.ts";
import type { Estimate } from "./estimate.ts";
import { holm } from "./holm.ts";
import { lackOfFit, type PureError } from "./lack_of_fit.ts";
import { medianEstimate } from "./median.ts";
import type { Direction, Sample } from "./_model.ts";
import { conditions } from "./_screening.ts";
import { CLEAR, type LoadSet, type LoadSets } from "./_sets.ts";

/** Answer of an experiment. */
export interface Analysis {
  /** Median of the figure as configured, with its interval; NaN where no load gave one. */
  readonly baseline: Estimate & { readonly loads: number };
  /** Effects of the factors, in their order. */
  readonly factors: readonly FactorEffect[];
  /** Pairs whose effects do not add up. */
  readonly interactions: readonly Interaction[];
  /** Factors that cannot be told apart. */
  readonly indistinguishable: readonly Indistinguishable[];
  /** Differences between screening and a sum of effects, by direction. */
  readonly curvature: readonly Curvature[];
  /** Variation of repeated loads, and of the regression beside it. */
  readonly pureError: PureError;
}

/** Effect of one factor, others as configured. */
export interface FactorEffect {
  /** Costs of time added, in ms of the figure per ms. Ends are infinite where loads are lacking. */
  readonly slope: Estimate;
  /** Gain by time taken away, likewise; undefined where nothing can be. */
  readonly saved: Estimate | undefined;
  /** Probability of such a slope by chance, adjusted for the number of factors (Holm). */
  readonly p: number;
  /** True if the slope comes from loads that change this factor alone; false if from a group without an effect, or from screening. */
  readonly isAlone: boolean;
  /** True if the slope differs from 0. */
  readonly significant: boolean;
}

/** Pair whose effects do not add up. */
export interface Interaction {
  /** The two factors. */
  readonly pair: readonly [number, number];
  /** Effect of both at once beyond the sum of each alone, in ms of the figure. */
  readonly effect: Estimate;
  /** Direction of the changes. */
  readonly direction: Direction;
}

/** Factors that cannot be told apart. */
export interface Indistinguishable {
  /** The factors. */
  readonly factors: readonly number[];
  /** Reason, a sentence. */
  readonly reason: string;
}

/** Difference between screening and a sum of effects. */
export interface Curvature {
  /** Direction of the changes. */
  readonly direction: Direction;
  /** Figure of loads that change several factors beyond the sum of the effects, in ms. */
  readonly effect: Estimate;
  /** Probability of such a difference by chance. */
  readonly p: number;
}

/** State of an experiment. */
export interface State {
  readonly effects: Effects;
  readonly factors: readonly {
    readonly added: number;
    readonly taken: number;
  }[];
  readonly courses: readonly Course[];
  readonly sets: LoadSets;
  readonly samples: readonly Sample[];
  readonly confidence: number;
}

/** Evaluates the state of an experiment. */
export function analysis(state: State): Analysis {
  const { effects, factors, confidence } = state;
  const added = factors.map((_, at) => effectOf(state, "added", at));
  const probabilities = holm(added.map(({ p }) => p));
  const { fit, strata, weights } = effects.model;
  return {
    baseline: baseline(state),
    factors: factors.map((factor, at) => ({
      slope: perMs(added[at], factor.added),
      saved: factor.taken > 0
        ? perMs(effectOf(state, "taken", at), -factor.taken)
        : undefined,
      p: probabilities[at],
      isAlone: added[at].isAlone,
      significant: probabilities[at] < 1 - confidence,
    })),
    interactions: interactions(state),
    indistinguishable: indistinguishable(state),
    curvature: state.courses.flatMap(({ direction }) => {
      const column = effects.model.curvature(direction);
      if (column === undefined) return [];
      const effect = effects.ofColumn(column);
      return [{ direction, effect: perMs(bounds(effect), 1), p: effect.p }];
    }),
    pureError: lackOfFit(fit, conditions(effects.model), strata, weights),
  };
}

/** Effect with the ends of its interval, in ms. */
type Bounded = Estimate & { readonly p: number; readonly isAlone: boolean };

function bounds({ value, half, p }: Effect, isAlone = false): Bounded {
  return { value, low: value - half, high: value + half, p, isAlone };
}

/** Effect of a factor alone. */
function effectOf(
  { courses, effects, sets }: State,
  direction: Direction,
  at: number,
): Bounded {
  const isScreened = courses.some((course) =>
    course.direction === direction && course.isScreened(at)
  );
  if (isScreened) return bounds(effects.ofFactor(direction, at));
  const own = effects.ofColumn(effects.model.set(direction, [at]));
  // A group that was split before its factors had loads of their own tells as much as there is.
  const group = sets.groupOf(direction, at) ??
    (own.half === Infinity ? sets.groupsOf(direction, at).at(-1) : undefined);
  return group === undefined
    ? bounds(own, true)
    : ofMember(own, effects.ofSet(group), group);
}

/** Effect of a member of a group: since more time never makes a page faster, it is between nothing and that of the group. */
function ofMember(own: Effect, all: Effect, group: LoadSet): Bounded {
  const { value, half } = all;
  const low = Math.min(0, value - half);
  const high = Math.max(0, value + half);
  if (group.state === "cleared") {
    return { value: 0, low, high, p: 1, isAlone: false };
  }
  if (own.half <= half) return bounds(own, true);
  const ends = [Math.min(0, value), Math.max(0, value)];
  return {
    value: own.half === Infinity
      ? value / group.members.length
      : Math.max(ends[0], Math.min(ends[1], own.value)),
    low,
    high,
    p: 1,
    isAlone: false,
  };
}

/** Slope of an effect; a negative time changes the sign and exchanges the ends. */
function perMs({ value, low, high }: Estimate, time: number): Estimate {
  const ends = [low / time, high / time];
  return {
    value: value / time,
    low: Math.min(...ends),
    high: Math.max(...ends),
  };
}

function baseline({ samples, confidence }: State): Analysis["baseline"] {
  const figures = samples.filter(({ direction }) => direction === undefined)
    .map(({ figure }) => figure);
  const loads = figures.length;
  if (loads === 0) return { value: NaN, low: NaN, high: NaN, loads };
  return { ...medianEstimate(figures, confidence), loads };
}

function interactions(
  { effects, factors, sets, confidence }: State,
): Interaction[] {
  const found = sets.all.flatMap((set) => {
    const { direction, members: [first, second], purpose } = set;
    const effect = effects.beyondSum(set);
    if (set.members.length !== 2 || effect.half === Infinity) return [];
    // A group of two was left over since it has an effect: it is one of all pairs, of which others would have been found.
    const chances = purpose === "group" ? factors.length ** 2 / 2 : 1;
    const p = Math.min(1, chances * effect.p);
    return [{ pair: [first, second] as const, direction, effect, p }];
  });
  const probabilities = holm(found.map(({ p }) => p));
  return found.filter((_, at) => probabilities[at] < 1 - confidence)
    .map(({ pair, direction, effect }) => ({
      pair,
      direction,
      effect: perMs(bounds(effect), 1),
    }));
}

/** Factors that were changed only together, with an effect. */
function indistinguishable({ effects, sets }: State): Indistinguishable[] {
  return sets.all.filter((set) => {
    const { direction, members, purpose } = set;
    const { value, error } = effects.ofSet(set);
    return purpose === "group" && Math.abs(value) > CLEAR * error &&
      members.every((at) =>
        sets.groupsOf(direction, at).at(-1) === set &&
        effects.model.set(direction, [at]) === undefined
      );
  }).map(({ members }) => ({
    factors: members,
    reason: "They were changed only together so far, and that has an effect",
  }));
}
