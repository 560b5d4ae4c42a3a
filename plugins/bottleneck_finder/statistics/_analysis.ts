/**
 * Answer of an experiment.
 *
 * @module
 */
import type { Effect, Effects } from "./_effects.ts";
import type { Estimate } from "./estimate.ts";
import { holm } from "./holm.ts";
import { lackOfFit, type PureError } from "./lack_of_fit.ts";
import { medianEstimate } from "./median.ts";
import type { Direction, Sample } from "./_model.ts";
import { conditions, type Screening } from "./_screening.ts";
import type { LoadSets } from "./_sets.ts";

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
  /** True if the slope comes from loads of its own, since effects do not add up. */
  readonly entangled: boolean;
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
  readonly screenings: readonly Screening[];
  readonly sets: LoadSets;
  readonly samples: readonly Sample[];
  readonly confidence: number;
}

/** Evaluates the state of an experiment. */
export function analysis(state: State): Analysis {
  const { effects, factors, sets, confidence } = state;
  const added = factors.map((_, at) => effectOf(state, "added", at));
  const probabilities = holm(added.map(({ p }) => p));
  const { fit, strata } = effects.model;
  return {
    baseline: baseline(state),
    factors: factors.map((factor, at) => ({
      slope: perMs(added[at], factor.added),
      saved: factor.taken > 0
        ? perMs(effectOf(state, "taken", at), -factor.taken)
        : undefined,
      p: probabilities[at],
      entangled: sets.all.some(({ direction, members, purpose }) =>
        direction === "added" && purpose !== "pair" && members.includes(at)
      ),
      significant: probabilities[at] < 1 - confidence,
    })),
    interactions: interactions(state),
    indistinguishable: indistinguishable(state),
    curvature: state.screenings.flatMap(({ direction }) => {
      const column = effects.model.curvature(direction);
      if (column === undefined) return [];
      const effect = effects.ofColumn(column);
      return [{ direction, effect: perMs(bounds(effect), 1), p: effect.p }];
    }),
    pureError: lackOfFit(fit, conditions(effects.model), strata),
  };
}

/** Effect with the ends of its interval, in ms. */
type Bounded = Estimate & { readonly p: number };

function bounds({ value, half, p }: Effect): Bounded {
  return { value, low: value - half, high: value + half, p };
}

/** Effect of a factor alone. */
function effectOf(
  { effects, sets }: State,
  direction: Direction,
  at: number,
): Bounded {
  const screened = effects.ofFactor(direction, at);
  const set = sets.find(direction, [at]) ?? sets.groupOf(direction, at);
  if (set === undefined) return bounds(screened);
  const own = effects.ofSet(set);
  if (own.half === Infinity) {
    // Before the first load of its own, screening tells as much as effects add up, and nothing is claimed.
    const bent = effects.ofColumn(effects.model.curvature(direction)).value;
    return bounds({ ...screened, half: screened.half + Math.abs(bent), p: 1 });
  }
  if (set.purpose !== "group") return bounds(own);
  // More time never makes a page faster, so one of a group costs between nothing and what the group costs.
  const isCleared = set.state === "cleared";
  const { value, low, high, p } = bounds(own);
  return {
    value: isCleared ? 0 : value / set.members.length,
    low: Math.min(0, low),
    high: Math.max(0, high),
    p: isCleared ? 1 : p,
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
  { effects, sets, confidence }: State,
): Interaction[] {
  const found = sets.all.filter(({ purpose }) => purpose === "pair")
    .map(({ direction, members: [first, second] }) => ({
      pair: [first, second] as const,
      direction,
      effect: effects.beyondSum(direction, [first, second]),
    }));
  const probabilities = holm(found.map(({ effect }) => effect.p));
  return found.filter((_, at) => probabilities[at] < 1 - confidence)
    .map(({ pair, direction, effect }) => ({
      pair,
      direction,
      effect: perMs(bounds(effect), 1),
    }));
}

/** Factors that were always changed together, and pairs of which only screening tells, which varied them alike. */
function indistinguishable(
  { effects, screenings, sets }: State,
): Indistinguishable[] {
  const { model } = effects;
  return screenings.flatMap(({ direction, alike, factors: varied }) => {
    const columns = new Map(
      varied.map((at) => [model.varied(direction, at), at] as const),
    );
    const together = varied.flatMap((at) => {
      const column = model.varied(direction, at);
      const isDependent = column !== undefined &&
        model.fit.factor.dependent[column];
      // A factor with loads of its own is known from these.
      if (!isDependent || sets.find(direction, [at]) !== undefined) return [];
      const others = model.fit.factor.dependsOn(column).flatMap((other) => {
        const factor = columns.get(other);
        return factor === undefined ? [] : [factor];
      });
      return [{
        factors: [...others, at].sort((a, b) => a - b),
        reason:
          "The loads that were made do not tell them apart: their changes go together",
      }];
    });
    const pairs = alike.filter((all) =>
      all.some((pair) => effects.beyondSum(direction, pair).half === Infinity)
    ).map((all) => ({
      factors: [...new Set(all.flat())].sort((a, b) => a - b),
      reason:
        "The plan varies these pairs alike, so that it cannot be told which of them does not add up",
    }));
    return [...together, ...pairs];
  });
}
