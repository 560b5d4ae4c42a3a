/**
 * Ways to start and end scenarios: the control calls, and the service for other plugins.
 *
 * @module
 */
import {
  agreed,
  type Endpoint,
  endpoint,
  type Issue,
  type Key,
  type Kit,
  PerfmockError,
  type ReplicaAnswer,
  validate,
  withTables,
} from "../../core/plugin.ts";
import { scenarioSchema, type ScenarioSettings } from "./settings.ts";
import type { Stress } from "./stress.ts";

/** Owner of scenarios that are started by a control call. */
const OWNER = "the control API";

const TEXT = { type: "string" };
const NUMBER = { type: "number" };
const COUNT = { type: "integer" };
const OPTIONAL = { type: ["number", "null"] };
const TEXTS = { type: "array", items: TEXT };

function object(
  properties: Readonly<Record<string, unknown>>,
  more: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return { type: "object", properties, ...more };
}

const SCENARIO = object({
  id: TEXT,
  owner: TEXT,
  state: { enum: ["running", "ended"] },
  reason: { type: ["string", "null"] },
  elapsedMs: NUMBER,
  remainingMs: OPTIONAL,
  lease: object({ lengthMs: NUMBER, remainingMs: NUMBER }, {
    type: ["object", "null"],
  }),
  resources: object({
    cpu: object({
      workers: COUNT,
      target: NUMBER,
      achieved: NUMBER,
      waiting: OPTIONAL,
      threads: { type: "array", items: COUNT },
    }),
    memory: object({
      target: COUNT,
      held: COUNT,
      exhausted: { type: "boolean" },
      restarts: COUNT,
    }),
    eventLoop: object({
      target: { type: ["number", "string"] },
      achieved: NUMBER,
      blocks: COUNT,
      blockedMs: NUMBER,
      longestMs: NUMBER,
    }),
    allocation: object({
      target: NUMBER,
      achieved: NUMBER,
      pauses: object({ count: COUNT, meanMs: NUMBER, longestMs: NUMBER }, {
        type: ["object", "string"],
      }),
    }),
  }),
  lateness: object({ beforeP99Ms: OPTIONAL, duringP99Ms: OPTIONAL }),
  warnings: TEXTS,
});

const SCENARIO_LIST = { type: "array", items: SCENARIO };

/** The calls below /_perfmock/resource_stress, by method and path. */
const CALLS = {
  start: {
    method: "POST",
    path: "/scenarios",
    summary: "Start a scenario of real stress, which ends by itself",
    status: 201,
    answer: SCENARIO,
  },
  list: {
    method: "GET",
    path: "/scenarios",
    summary:
      "Running scenarios, the last that have ended, the caps, and the figures that are unknown",
    answer: object({
      scenarios: SCENARIO_LIST,
      ended: SCENARIO_LIST,
      caps: object({
        threads: NUMBER,
        cores: NUMBER,
        memory: NUMBER,
        blocked: NUMBER,
        garbage: NUMBER,
      }),
      unknown: TEXTS,
    }),
  },
  show: {
    method: "GET",
    path: "/scenarios/:id",
    summary: "One scenario: target and achieved figures",
    answer: SCENARIO,
  },
  renew: {
    method: "PUT",
    path: "/scenarios/:id/lease",
    summary: "Renew the lease of a scenario",
    answer: SCENARIO,
  },
  stop: {
    method: "DELETE",
    path: "/scenarios/:id",
    summary: "End a scenario; answers when everything is released",
    answer: SCENARIO,
  },
  stopAll: {
    method: "DELETE",
    path: "/scenarios",
    summary: "End all scenarios; answers when everything is released",
    answer: object({ scenarios: SCENARIO_LIST }),
  },
} as const;

/** Control calls of the server. */
export function controlEndpoints(kit: Kit, stress: Stress): Endpoint[] {
  return [
    endpoint<ScenarioSettings>({
      ...CALLS.start,
      body: scenarioSchema(kit, (asked) => stress.checkCaps(asked)),
      async handle({ request, body }) {
        await agreed();
        const scenario = stress.start(body, OWNER);
        const location = `${new URL(request.url).pathname}/${scenario.id}`;
        return Response.json(scenario.report(), {
          status: 201,
          headers: { location },
        });
      },
    }),
    endpoint({
      ...CALLS.list,
      handle: () => ({
        scenarios: Array.from(stress.running, (scenario) => scenario.report()),
        ended: stress.ended,
        caps: stress.caps,
        unknown: stress.unknown,
      }),
      merge: (answers) => ({ processes: byReplica(answers) }),
    }),
    endpoint({
      ...CALLS.show,
      handle: ({ parameters: { id } }) => stress.find(id) ?? missing(id),
      merge: (answers) => ({ processes: byReplica(answers) }),
    }),
    endpoint({
      ...CALLS.renew,
      async handle({ parameters: { id } }) {
        if (stress.find(id) === undefined) missing(id);
        await agreed();
        const scenario = stress.renew(id) ?? missing(id);
        if (scenario.leased) return scenario.report();
        throw conflict(
          "Cannot renew lease: the scenario has none, and ends at its duration; start it with a lease to renew one",
        );
      },
    }),
    endpoint({
      ...CALLS.stop,
      async handle({ parameters: { id } }) {
        if (stress.find(id) === undefined) missing(id);
        await agreed();
        return await stress.stop(id) ?? missing(id);
      },
    }),
    endpoint({
      ...CALLS.stopAll,
      async handle() {
        await agreed();
        return { scenarios: await stress.stopAll() };
      },
    }),
  ];
}

/** Answers of all replicas, each under its name. */
function byReplica(
  answers: readonly ReplicaAnswer[],
): Record<string, unknown> {
  return Object.fromEntries(answers.map(({ name, answer }) => [name, answer]));
}

function missing(id: string): never {
  throw new PerfmockError(
    "ARGUMENT_INVALID",
    `Cannot find scenario ${JSON.stringify(id)}: none runs under this id`,
    [],
    { status: 404 },
  );
}

function conflict(message: string): PerfmockError {
  return new PerfmockError("ARGUMENT_INVALID", message, [], { status: 409 });
}

/** A scenario that another plugin has started. */
export interface StartedScenario {
  /** Id, unique within the server. */
  readonly id: string;
  /** Ends the scenario. Resolves when everything is released; may be called more than once. */
  stop(): Promise<void>;
}

/** Service by which other plugins start scenarios. */
export interface StressScenarios {
  /** Issues with a scenario as a user writes it, paths relative to it; empty if it could be started now. */
  issues(value: unknown): readonly Issue[];
  /**
   * Starts a scenario, which ends by itself at its duration.
   *
   * @param value the scenario as a user writes it
   * @param owner owner, in words
   * @throws PerfmockError `ARGUMENT_INVALID` with all issues; nothing runs then
   */
  start(value: unknown, owner: string): Promise<StartedScenario>;
}

/** Key of the service. */
export const SCENARIOS: Key<StressScenarios> = {
  name: "resource_stress.scenarios",
};

/** Makes the service of one revision. */
export function createService(kit: Kit, stress: Stress): StressScenarios {
  const schema = scenarioSchema(kit, (asked) => stress.checkCaps(asked));
  return {
    issues: (value) => validate(schema, value).issues ?? [],
    start: async (value, owner) => {
      const read = await withTables(() => validate(schema, value));
      if (read.issues !== undefined) {
        throw new PerfmockError(
          "ARGUMENT_INVALID",
          "Cannot start scenario",
          read.issues,
        );
      }
      const scenario = stress.start(read.value, owner);
      return {
        id: scenario.id,
        stop: () => scenario.stop(`${owner} ended it`),
      };
    },
  };
}
