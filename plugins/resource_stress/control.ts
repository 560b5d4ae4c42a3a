/**
 * The control calls of stress.
 *
 * @module
 */
import type { Call, Endpoint, Kit } from "../../core/plugin.ts";
import { scenarioSchema, type ScenarioSettings } from "./settings.ts";
import type { Stress } from "./stress.ts";

/** Who starts what comes in here. */
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

const SCENARIOS = { type: "array", items: SCENARIO };

/** Answers a call. */
type Handle = (call: Call) => unknown;

/** What calls are answered with. */
interface Answers {
  readonly start: Handle;
  readonly list: Handle;
  readonly show: Handle;
  readonly renew: Handle;
  readonly stop: Handle;
  readonly stopAll: Handle;
}

/** The calls under /_perfmock/resource_stress. */
export function controlEndpoints(kit: Kit, stress: Stress): Endpoint[] {
  return endpoints(kit, stress, {
    start: ({ request, body }) => {
      // Judged by the schema, and nothing else can have started since.
      const scenario = stress.start(body as ScenarioSettings, OWNER);
      const location = `${new URL(request.url).pathname}/${scenario.id}`;
      return Response.json(scenario.report(), {
        status: 201,
        headers: { location },
      });
    },
    list: () => ({
      scenarios: Array.from(stress.running, (scenario) => scenario.report()),
      ended: stress.ended,
      caps: stress.caps,
      unknown: stress.unknown,
    }),
    show: ({ parameters }) => stress.find(parameters.id) ?? missing(parameters),
    renew: ({ parameters }) => {
      const scenario = stress.renew(parameters.id);
      if (scenario === undefined) return missing(parameters);
      return scenario.leased ? scenario.report() : problem(409, {
        title: "The scenario has no lease to renew",
        detail:
          "It ends at its duration; start it with a lease to have an owner",
      });
    },
    stop: async ({ parameters }) =>
      await stress.stop(parameters.id) ?? missing(parameters),
    stopAll: async () => ({ scenarios: await stress.stopAll() }),
  });
}

/** In a session, where nothing can be stressed: it would concern all others. */
export function refusingEndpoints(kit: Kit): Endpoint[] {
  const refuse = () =>
    problem(409, {
      title: "Real stress cannot be confined to a session",
      detail:
        "It takes cores and memory of the whole process: use the server's own control API, resource_stress/scenarios outside of any session",
    });
  return endpoints(kit, undefined, {
    start: refuse,
    list: refuse,
    show: refuse,
    renew: refuse,
    stop: refuse,
    stopAll: refuse,
  });
}

function endpoints(
  kit: Kit,
  stress: Stress | undefined,
  answers: Answers,
): Endpoint[] {
  return [{
    method: "POST",
    path: "/scenarios",
    summary: "Starts a scenario of real stress, which ends by itself",
    ...(stress !== undefined && {
      body: scenarioSchema(kit, (asked) => stress.judge(asked)),
    }),
    status: 201,
    answer: SCENARIO,
    handle: answers.start,
  }, {
    method: "GET",
    path: "/scenarios",
    summary:
      "The scenarios that run and the latest that have ended, what may be taken in all, and which figures cannot be known",
    answer: object({
      scenarios: SCENARIOS,
      ended: SCENARIOS,
      caps: object({
        threads: NUMBER,
        cores: NUMBER,
        memory: NUMBER,
        blocked: NUMBER,
        garbage: NUMBER,
      }),
      unknown: TEXTS,
    }),
    handle: answers.list,
  }, {
    method: "GET",
    path: "/scenarios/:id",
    summary: "One scenario: target and achieved figures",
    answer: SCENARIO,
    handle: answers.show,
  }, {
    method: "PUT",
    path: "/scenarios/:id/lease",
    summary: "Renews the lease of a scenario: its owner is there",
    answer: SCENARIO,
    handle: answers.renew,
  }, {
    method: "DELETE",
    path: "/scenarios/:id",
    summary: "Ends a scenario; answers once everything is given back",
    answer: SCENARIO,
    handle: answers.stop,
  }, {
    method: "DELETE",
    path: "/scenarios",
    summary: "Ends all scenarios; answers once everything is given back",
    answer: object({ scenarios: SCENARIOS }),
    handle: answers.stopAll,
  }];
}

function missing({ id }: Readonly<Record<string, string>>): Response {
  return problem(404, {
    title: "There is no such scenario",
    detail: `None runs under the id ${JSON.stringify(id)}`,
  });
}

function problem(
  status: number,
  said: { readonly title: string; readonly detail: string },
): Response {
  return Response.json({ type: "about:blank", status, ...said }, {
    status,
    headers: { "content-type": "application/problem+json" },
  });
}
