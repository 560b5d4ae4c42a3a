/**
 * The part of a script's traffic that a share has, before anything is sent.
 *
 * @module
 */
import { type Segment, shareOf } from "../../../core/plugin.ts";
import {
  poisson,
  recorded,
  type Schedule,
  uniform,
} from "../executors/schedules.ts";
import type { Scenario, Script } from "../script/script.ts";

/** Traffic of a share. */
export interface ShareSize {
  /** Number of arrivals of the open scenarios. */
  readonly arrivals: number;
  /** Greatest number of users of the closed scenarios, added up. */
  readonly users: number;
}

/** Counts the arrivals and the users of a share. */
export function sizeOfShare(
  { scenarios }: Pick<Script, "scenarios">,
  segment: Segment,
): ShareSize {
  let arrivals = 0;
  let users = 0;
  for (const scenario of scenarios) {
    const schedule = scheduleOf(scenario, segment);
    while (schedule !== undefined && schedule.next() < Infinity) arrivals++;
    users += shareOf(usersOf(scenario), segment);
  }
  return { arrivals, users };
}

function scheduleOf(
  scenario: Scenario,
  segment: Segment,
): Schedule | undefined {
  switch (scenario.executor) {
    case "arrival-rate": {
      const { rate, duration, streams } = scenario;
      return scenario.arrivals === "poisson"
        ? poisson(rate, duration, streams.arrivals, segment)
        : uniform(rate, duration, segment);
    }
    case "replay":
      return recorded(scenario.times, segment);
    default:
      return undefined;
  }
}

/** Number of times at which a changing number of users is looked up. */
const SAMPLES = 1000;

function usersOf(scenario: Scenario): number {
  if (scenario.executor === "shared-iterations") return scenario.users;
  if (scenario.executor !== "virtual-users") return 0;
  const { users, duration } = scenario;
  const last = Math.min(duration, users.end);
  let most = users.at(0);
  for (let sample = 1; sample <= SAMPLES && last < Infinity; sample++) {
    most = Math.max(most, users.at(last * sample / SAMPLES));
  }
  return Math.round(most);
}
