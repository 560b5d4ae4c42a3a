/**
 * The control calls of the plugin, below `/_perfmock/load_engine`.
 *
 * @module
 */
import {
  type Call,
  type Endpoint,
  endpoint,
  type Host,
  type Kit,
  parseSegment,
  PerfmockError,
  segmentText,
  wallTime,
} from "../../core/plugin.ts";
import {
  grantFile,
  runEvents,
  scriptIn,
  type ScriptTexts,
} from "../../core/load.ts";
import type { Engine } from "./engine.ts";
import type { Uploads } from "./http/mod.ts";
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
        ...["starting", "ready", "running", "stopping"],
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
const WITH_SHARE = {
  ...RUN,
  properties: {
    ...RUN.properties,
    draws: { type: "object" },
    share: { type: ["object", "null"] },
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
export function runEndpoints(
  runs: Runs,
  { kit, texts }: { readonly kit: Kit; readonly texts: ScriptTexts },
): Endpoint[] {
  const { z, worded } = kit;
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
  return [
    {
      method: "POST",
      path: "/runs",
      summary:
        "Start a run of a load script in JSON or YAML; several can be active",
      accepts: SCRIPT,
      query: z.strictObject(worded({
        segment: z.string().optional(),
        wait: z.literal("start").optional(),
      }, {
        segment:
          "Share of the traffic to send, such as 0/3 for the first of three, 0/1 for all of it. Default: all of it, or in a fleet the share of each replica",
        wait:
          "start to wait for POST runs/{id}/start; the run then ends if nobody asks for its share for 15 s",
      })),
      status: 201,
      answer: RUN,
      handle: ({ request, query }) =>
        start(request, {
          runs,
          texts,
          ...query as { readonly segment?: string; readonly wait?: "start" },
        }),
    },
    endpoint({
      method: "POST",
      path: "/runs/:id/start",
      summary: "Start a run that waits for it, now or at an agreed moment",
      body: z.strictObject(worded({
        at: kit.number({ min: 0 }).optional(),
      }, {
        at:
          "Time of the start in ms since 1970, by the clock of GET clock. What was due before, if it has passed, is dropped. Default: now",
      })),
      answer: RUN,
      handle(call) {
        const { at } = call.body;
        return of((run) => {
          if (run.begin(at === undefined ? undefined : at - wallTime(0))) {
            return run.report;
          }
          throw new PerfmockError(
            "ARGUMENT_INVALID",
            `Cannot start run ${run.id}: it is ${run.state}`,
            [],
            { status: 409 },
          );
        })(call);
      },
    }),
    {
      method: "GET",
      path: "/runs/:id/share",
      summary:
        "Read one run with its complete figures, histograms included, to be added to those of other shares",
      answer: WITH_SHARE,
      handle: of(async (run) => {
        const share = await run.share() ?? null;
        return { ...run.report, draws: run.draws, share };
      }),
    },
    {
      method: "GET",
      path: "/runs",
      summary: "List the active runs and the latest ended ones",
      answer: {
        type: "object",
        properties: { runs: { type: "array", items: RUN } },
      },
      handle: () => ({ runs: runs.all.map(({ report }) => report) }),
    },
    {
      method: "GET",
      path: "/runs/:id",
      summary:
        "Read one run with its summary so far; null before it sends and after it failed",
      answer: WITH_SUMMARY,
      handle: of(async (run) => {
        const summary = await run.summarize() ?? null;
        return { ...run.report, summary };
      }),
    },
    {
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
    },
    {
      method: "DELETE",
      path: "/runs/:id",
      summary:
        "Stop a run: nothing more is sent, active requests may end; the second call cuts them",
      answer: RUN,
      handle: of((run) => {
        run.stop();
        return run.report;
      }),
    },
  ];
}

async function start(
  request: Request,
  { runs, texts, segment, wait }: {
    readonly runs: Runs;
    readonly texts: ScriptTexts;
    readonly segment?: string;
    readonly wait?: "start";
  },
): Promise<Response> {
  const share = segment === undefined
    ? undefined
    : parseSegment(segment, () => undefined);
  const run = await runs.start(await scriptIn(request, texts), {
    segment: share,
    led: wait !== undefined,
  });
  const location = `${new URL(request.url).pathname}/${run.id}`;
  return Response.json(run.report, { status: 201, headers: { location } });
}

/** Calls of a process that leads a run on several servers: it reads their clocks, and sends them the files of its script. */
export function workerEndpoints(
  uploads: Uploads,
  { server }: Pick<Runs, "server">,
  { kit: { z, worded }, clock, segment }: Pick<
    Host,
    "clock" | "kit" | "segment"
  >,
): Endpoint[] {
  return [{
    method: "GET",
    path: "/clock",
    summary:
      "Read the clock that starts of runs are agreed by, in ms since 1970: it never jumps while the server runs",
    answer: {
      type: "object",
      properties: { now: { type: "number" }, server: TEXT, segment: TEXT },
    },
    handle: () => ({
      now: wallTime(clock.now()),
      server,
      segment: segmentText(segment),
    }),
  }, {
    method: "POST",
    path: "/files",
    summary:
      "Send a file that load scripts may then name by the path in the answer; it is kept until the server ends, or later files need the room",
    accepts: {
      "application/octet-stream": { type: "string", format: "binary" },
    },
    query: z.strictObject(worded({ name: z.string().min(1) }, {
      name: "Name of the file; its extension says what a trace is",
    })),
    status: 201,
    answer: { type: "object", properties: { file: TEXT } },
    async handle({ request, query }) {
      const { name } = query as { readonly name: string };
      const file = await uploads.take(name, request.body);
      grantFile(file);
      return { file };
    },
  }];
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
