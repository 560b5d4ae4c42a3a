/**
 * The progress of several workers as that of one run.
 *
 * @module
 */
import type { LoadProgress, LoadScenarioProgress } from "../../../core/load.ts";

/** States of a scenario, from the first to the last. */
const STATES: readonly LoadScenarioProgress["state"][] = [
  "waiting",
  "open",
  "closing",
  "ended",
];

/**
 * Adds up the progress of workers. Percentiles of the last second cannot be added: the greatest stands for all. A scenario is in the
 * least advanced of its states.
 */
export function mergedProgress(
  each: readonly LoadProgress[],
): LoadProgress | undefined {
  const [first] = each;
  if (first === undefined) return undefined;
  return {
    elapsed: Math.max(...each.map(({ elapsed }) => elapsed)),
    duration: first.duration,
    scenarios: first.scenarios.map(({ name }, index) =>
      merged(each.flatMap(({ scenarios }) => {
        const own = scenarios[index];
        return own?.name === name ? [own] : [];
      }))
    ),
  };
}

function merged(
  each: readonly LoadScenarioProgress[],
): LoadScenarioProgress {
  const sum = (of: (scenario: LoadScenarioProgress) => number) =>
    each.reduce((total, scenario) => total + of(scenario), 0);
  const known = (
    of: (scenario: LoadScenarioProgress) => number | null,
  ): number[] => each.flatMap((scenario) => of(scenario) ?? []);
  const added = (of: (scenario: LoadScenarioProgress) => number | null) => {
    const values = known(of);
    return values.length === 0
      ? null
      : values.reduce((total, value) => total + value, 0);
  };
  const worst = (of: (scenario: LoadScenarioProgress) => number | null) => {
    const values = known(of);
    return values.length === 0 ? null : Math.max(...values);
  };
  return {
    name: each[0].name,
    state: STATES.find((state) => each.some((own) => own.state === state)) ??
      "ended",
    scheduled: sum(({ scheduled }) => scheduled),
    started: sum(({ started }) => started),
    dropped: sum(({ dropped }) => dropped),
    completed: sum(({ completed }) => completed),
    failed: sum(({ failed }) => failed),
    refused: sum(({ refused }) => refused),
    cut: sum(({ cut }) => cut),
    inFlight: sum(({ inFlight }) => inFlight),
    targetRate: added(({ targetRate }) => targetRate),
    users: added(({ users }) => users),
    rate: sum(({ rate }) => rate),
    p50: worst(({ p50 }) => p50),
    p95: worst(({ p95 }) => p95),
    p99: worst(({ p99 }) => p99),
  };
}
