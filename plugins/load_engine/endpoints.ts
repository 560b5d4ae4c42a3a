/**
 * The control calls of the plugin, below `/_perfmock/load_engine`.
 *
 * @module
 */
import { type Call, type Endpoint, PerfmockError } from "../../core/plugin.ts";
import { runEvents, scriptIn, type ScriptTexts } from "../../core/load.ts";
import type { Engine } from "./engine.ts";
import type { Run } from "./runs/run.ts";
import type { Runs } from "./runs/runs.ts";

const TEXT = { type: "string" };
const RUN = {
  type: "object",
  properties: {
    id: TEXT,
    name: TEXT,
    state: {
      enum: [
        ...["starting", "running", "stopping"],
        ...["finished", "aborted", "failed"],
      ],
    },
    error: { type: ["string", "null"] },
    scenarios: { type: "array", items: TEXT },
    target: TEXT,
    notes: { type: "array", items: TEXT },
    progress: { type: ["object", "null"] },
  },
};
const WITH_SUMMARY = {
  ...RUN,
  properties: { ...RUN.properties, summary: { type: ["object", "null"] } },
};

/** Content types of a script. Any other, or none, is read as YAML, which JSON is too. */
const SCRIPT = {
  "application/json": {
    type: "object",
    description: "A load script",
    examples: [{
      scenarios: {
        browse: {
          executor: "arrival-rate",
          rate: "20/s",
          duration: "1s",
          requests: [{ path: "/a" }],
        },
      },
    }],
  },
  "application/yaml": { type: "string", description: "A load script in YAML" },
};

/** Calls that start, list, watch and stop runs. */
export function runEndpoints(runs: Runs, texts: ScriptTexts): Endpoint[] {
  /** Handles a call for the run in the path. */
  const of = (answer: (run: Run) => unknown) => ({ parameters }: Call) => {
    const { id } = parameters;
    const run = runs.find(id);
    if (run !== undefined) return answer(run);
    throw new PerfmockError(
      "ARGUMENT_INVALID",
      `Cannot find run ${JSON.stringify(id)}: no run has this id`,
      [],
      { status: 404 },
    );
  };
  return [{
    method: "POST",
    path: "/runs",
    summary:
      "Start a run of a load script in JSON or YAML; several can be active",
    accepts: SCRIPT,
    status: 201,
    answer: RUN,
    handle: ({ request }) => start(request, runs, texts),
  }, {
    method: "GET",
    path: "/runs",
    summary: "List the active runs and the latest ended ones",
    answer: {
      type: "object",
      properties: { runs: { type: "array", items: RUN } },
    },
    handle: () => ({ runs: runs.all.map(({ report }) => report) }),
  }, {
    method: "GET",
    path: "/runs/:id",
    summary:
      "Read one run with its summary so far; null before it sends and after it failed",
    answer: WITH_SUMMARY,
    handle: of(async (run) => {
      const summary = await run.summarize() ?? null;
      return { ...run.report, summary };
    }),
  }, {
    method: "GET",
    path: "/runs/:id/events",
    summary:
      "Watch one run as Server-Sent Events: progress once a second, then summary, then the end",
    type: "text/event-stream",
    handle: of((run) =>
      runEvents({
        progress: run.report.progress,
        last: "summary",
        result: () => described(run),
        listen: (listener) => run.listen(listener),
      })
    ),
  }, {
    method: "DELETE",
    path: "/runs/:id",
    summary:
      "Stop a run: nothing more is sent, active requests may end; the second call cuts them",
    answer: RUN,
    handle: of((run) => {
      run.stop();
      return run.report;
    }),
  }];
}

async function start(
  request: Request,
  runs: Runs,
  texts: ScriptTexts,
): Promise<Response> {
  const run = await runs.start(await scriptIn(request, texts));
  const location = `${new URL(request.url).pathname}/${run.id}`;
  return Response.json(run.report, { status: 201, headers: { location } });
}

/** An ended run in the form of `GET runs/{id}`. */
function described(run: Run): unknown {
  return { ...run.report, summary: run.result?.summary ?? null };
}

/** `POST simulate`: takes a script as JSON or YAML, and responds with its summary. */
export function simulateEndpoint(
  engine: Pick<Engine, "simulateApart">,
  texts: ScriptTexts,
): Endpoint {
  return {
    method: "POST",
    path: "/simulate",
    replicas: "own",
    summary:
      "Run a load script in JSON or YAML in virtual time, against a copy of this server",
    accepts: SCRIPT,
    answer: { type: "object" },
    async handle({ request }) {
      const script = await scriptIn(request, texts);
      const { summary } = await engine.simulateApart(script, {
        signal: request.signal,
      });
      return summary;
    },
  };
}
