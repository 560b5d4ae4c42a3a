/**
 * Stress for other plugins, under the key `resource_stress.scenarios`.
 *
 * @module
 */
import type { Issue, Key, Kit } from "../../core/plugin.ts";
import { issuesOf, StressRefused } from "./faults.ts";
import { scenarioSchema } from "./settings.ts";
import type { Stress } from "./stress.ts";

/** A scenario that another plugin has started. */
export interface StartedScenario {
  /** Unique within the server. */
  readonly id: string;
  /** Ends it; settles once everything is given back. Idempotent. */
  stop(): Promise<void>;
}

/** What other plugins can do with stress. */
export interface StressScenarios {
  /** The faults of a scenario as a user writes it, paths relative to it; empty where it could be started now. */
  faults(value: unknown): readonly Issue[];
  /**
   * Starts a scenario, which ends by itself at its duration.
   *
   * @param value the scenario as a user writes it
   * @param owner who starts it, in words
   * @throws Error with the issues of a PerfmockError; nothing runs then
   */
  start(value: unknown, owner: string): Promise<StartedScenario>;
}

/** Names the service. */
export const SCENARIOS: Key<StressScenarios> = {
  name: "resource_stress.scenarios",
};

/** Makes the service of one revision. */
export function createService(kit: Kit, stress: Stress): StressScenarios {
  const schema = scenarioSchema(kit, (asked) => stress.judge(asked));
  const faults = (value: unknown) => {
    const { error } = schema.safeParse(value);
    return error === undefined ? [] : issuesOf(error.issues, value);
  };
  return {
    faults,
    // As a promise's rejection, whatever is wrong.
    // deno-lint-ignore require-await
    start: async (value, owner) => {
      const read = schema.safeParse(value);
      if (!read.success) {
        throw new StressRefused(
          "Cannot start scenario",
          issuesOf(read.error.issues, value),
        );
      }
      const scenario = stress.start(read.data, owner);
      return {
        id: scenario.id,
        stop: () => scenario.stop(`${owner} ended it`),
      };
    },
  };
}
