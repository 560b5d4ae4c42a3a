/**
 * The descriptors that the connections of runs take from this process. A script that needs more than there are is refused before it
 * begins, because a process without descriptors neither connects nor accepts.
 *
 * @module
 */
import { type Issue, shareOf, toPointer } from "../../../core/plugin.ts";
import type { Script, VirtualUsers } from "../script/script.ts";

/** Number of descriptors that are left for everything but the connections of runs: files, pipes, threads, other clients. */
const OTHER_DESCRIPTORS = 100;

/** Number of times at which a number of users is evaluated to find its peak. */
const PEAK_SAMPLES = 1000;

/** Longest time over which a number of users without an end is evaluated, in ms. */
const LONGEST = 24 * 3_600_000;

/** Descriptors of this process. */
export interface Descriptors {
  /** Number of those that the process may open; Infinity if that cannot be read. */
  readonly most: number;
  /** Number of those that are open, or set aside for active runs. */
  readonly taken: number;
}

/** Need of a script. */
export interface DescriptorNeed {
  /** Number of users at the same time. Each has one connection. */
  readonly users: number;
  /** Number of descriptors that each connection takes: two where this process accepts it, too. */
  readonly each: number;
}

/** Returns the number of connections that a run may open. */
export function connectionsWithin(
  { most, taken }: Descriptors,
  each: number,
): number {
  return Math.max(1, Math.floor((most - OTHER_DESCRIPTORS - taken) / each));
}

/** Returns the issue of a script whose users need more descriptors than there are; undefined if there are enough. */
export function descriptorIssue(
  script: Script,
  { users, each }: DescriptorNeed,
  descriptors: Descriptors,
): Issue | undefined {
  const { most, taken } = descriptors;
  if (users * each + OTHER_DESCRIPTORS + taken <= most) return undefined;
  const largest = script.scenarios.filter(hasUsers)
    .toSorted((a, b) => peakOf(b) - peakOf(a))[0];
  return {
    path: `/scenarios${toPointer([largest.name])}/users`,
    message: `${users} users at the same time need ${users * each} descriptors${
      each > 1
        ? ", two for each connection because this process is the target, too"
        : ", one for each connection"
    }; this process may open ${most}, of which ${taken} are taken and ${OTHER_DESCRIPTORS} are left for other use`,
    value: users,
    allowed: `at most ${
      Math.max(0, Math.floor((most - OTHER_DESCRIPTORS - taken) / each))
    } users`,
    suggestion: `Run \`ulimit -n ${
      users * each + OTHER_DESCRIPTORS + taken
    }\` before the start${
      each > 1
        ? ", or send from a process of its own: load SCRIPT --target URL"
        : ""
    }`,
  };
}

/** Returns the greatest number of users that a script has at the same time. */
export function usersOf(
  { scenarios, segment }: Pick<Script, "scenarios" | "segment">,
): number {
  const changes = scenarios.filter(hasUsers).flatMap((scenario) => {
    const { start, duration } = scenario;
    const users = shareOf(peakOf(scenario), segment);
    return [{ at: start, users }, { at: start + duration, users: -users }];
  });
  let users = 0;
  let most = 0;
  // Of changes at the same time, those who leave come first.
  changes.sort((a, b) => a.at === b.at ? a.users - b.users : a.at - b.at);
  for (const change of changes) most = Math.max(most, users += change.users);
  return most;
}

type Scenario = Script["scenarios"][number];
type WithUsers = Extract<Scenario, { users: unknown }>;

function hasUsers(scenario: Scenario): scenario is WithUsers {
  return scenario.executor === "virtual-users" ||
    scenario.executor === "shared-iterations";
}

function peakOf(scenario: WithUsers): number {
  return scenario.executor === "shared-iterations"
    ? Math.min(scenario.users, scenario.iterations)
    : peakOfSignal(scenario);
}

function peakOfSignal({ users, duration }: VirtualUsers): number {
  if (users.constant) return Math.round(users.at(0));
  const last = Math.min(duration, users.end, LONGEST);
  let highest = 0;
  for (let sample = 0; sample <= PEAK_SAMPLES; sample++) {
    highest = Math.max(highest, users.at(last * sample / PEAK_SAMPLES));
  }
  return Math.round(highest);
}
