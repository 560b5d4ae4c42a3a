/**
 * A backend that gets worse in steps: the unplanned counterpart of C. Klein et al., "Brownout: building more robust cloud
 * applications", ICSE 2014.
 *
 * @module
 */
import { holds, type Threshold } from "../edge/mod.ts";
import type { Degradation } from "./parts.ts";

/** One step down. */
export interface Step extends Threshold {
  /** How many times as long a service takes, at least 1. */
  readonly factor: number;
  /** What is added to each service, in milliseconds. */
  readonly delay: number;
  /** The share of requests that fail. */
  readonly failures: number;
}

/** What a route remembers, over revisions. */
export interface BrownOutState {
  /** How many steps down it is. */
  step: number;
}

/**
 * How many steps down a level leads: each is entered at `at` and left below `until`.
 *
 * @param steps in rising order of `at`
 * @param present how many steps down it is
 */
export function stepAt(
  steps: readonly Step[],
  present: number,
  level: number,
): number {
  let reached = 0;
  for (let i = 0; i < steps.length; i++) {
    if (holds(steps[i], i < present, level)) reached = i + 1;
  }
  return reached;
}

/** The model on a route. */
export interface BrownOut {
  /** What it adds. */
  readonly degrade: Degradation;
  /** The share of requests that fail, at a time on the clock. */
  readonly failing: (at: number) => number;
}

/**
 * Prepares the model.
 *
 * @param steps in rising order of `at`
 * @param state changed on the way of a request
 * @param level at a time on the clock
 */
export function brownOut(
  steps: readonly Step[],
  state: BrownOutState,
  level: (at: number) => number,
): BrownOut {
  const at = (time: number): Step | undefined => {
    state.step = stepAt(steps, state.step, level(time));
    return steps[state.step - 1];
  };
  return {
    degrade({ service, start }) {
      const step = at(start);
      return step === undefined ? 0 : step.delay + service * (step.factor - 1);
    },
    failing: (time) => at(time)?.failures ?? 0,
  };
}
