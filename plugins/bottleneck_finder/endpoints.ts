/**
 * The control calls of the plugin, below `/_perfmock/bottleneck_finder`.
 *
 * @module
 */
import {
  type Call,
  type Endpoint,
  endpoint,
  type Kit,
  PerfmockError,
} from "../../core/plugin.ts";
import { runEvents, scriptIn, type ScriptTexts } from "../../core/find.ts";
import type { Finder } from "./finder.ts";
import type { Run, RunKind, Runs } from "./runs/runs.ts";
import type { Underway } from "./underway.ts";

const TEXT = { type: "string" };
const RUN = {
  type: "object",
  properties: {
    id: TEXT,
    kind: { enum: ["find", "sweep"] },
    state: { enum: ["running", "stopping", "finished", "failed"] },
    error: { type: ["string", "null"] },
    issues: { type: "array" },
    plan: { type: ["string", "null"] },
    progress: { type: ["object", "null"] },
    ok: { type: ["boolean", "null"] },
  },
};
const WITH_ANSWER = {
  ...RUN,
  properties: { ...RUN.properties, answer: { type: ["object", "null"] } },
};

/** Content types of a script. Any other, or none, is read as YAML, which JSON is too. */
const SCRIPT = {
  "application/json": {
    type: "object",
    description: "A find script",
    examples: [{ page: { url: "/", figure: "LCP" }, loads: 100 }],
  },
  "application/yaml": { type: "string", description: "A find script in YAML" },
};

/** Parts that the calls need. */
export interface EndpointParts {
  readonly kit: Kit;
  readonly runs: Runs;
  /** Loads the finder. */
  readonly finder: () => Promise<Finder>;
  readonly texts: ScriptTexts;
  readonly underway: Pick<Underway, "check">;
}

/** Calls that start, list, watch and stop experiments, and read their answers. */
export function findEndpoints(parts: EndpointParts): Endpoint[] {
  const { kit, runs } = parts;
  const of = (answer: (run: Run) => unknown) => ({ parameters }: Call) =>
    answer(runOf(runs, parameters.id));
  return [
    endpoint({
      method: "POST",
      replicas: "alone",
      path: "/runs",
      summary:
        "Start an experiment of a find script in JSON or YAML; one can be active",
      query: kit.z.strictObject(kit.worded({
        kind: kit.z.enum(["find", "sweep"]).default("find"),
      }, {
        kind: "Kind of the experiment",
      })),
      accepts: SCRIPT,
      status: 201,
      answer: RUN,
      handle: ({ request, query }) => start(request, query.kind, parts),
    }),
    {
      method: "GET",
      path: "/runs",
      summary: "List the active experiment and the latest ended ones",
      answer: {
        type: "object",
        properties: { runs: { type: "array", items: RUN } },
      },
      handle: () => ({ runs: runs.all.map(({ report }) => report) }),
    },
    {
      method: "GET",
      path: "/runs/:id",
      summary: "Read one experiment with its answer; null before its end",
      answer: WITH_ANSWER,
      handle: of(described),
    },
    endpoint({
      method: "GET",
      path: "/runs/:id/answer",
      summary:
        "Read the answer of an ended experiment as JSON, Markdown or HTML, by the query or by Accept",
      query: kit.z.strictObject(kit.worded({
        format: kit.z.enum(["json", "md", "html"]).optional(),
      }, {
        format: "Format of the answer. Default: as the header Accept asks",
      })),
      answer: { type: "object" },
      types: { "text/markdown": TEXT, "text/html": TEXT },
      handle: ({ request, parameters, query }) =>
        answerOf(
          runOf(runs, parameters.id),
          query.format ?? accepted(request.headers.get("accept") ?? ""),
        ),
    }),
    {
      method: "GET",
      path: "/runs/:id/events",
      summary:
        "Watch one experiment as Server-Sent Events: progress after each load, then the answer, then the end",
      type: "text/event-stream",
      handle: of((run) =>
        runEvents({
          progress: run.report.progress,
          last: "answer",
          result: () => described(run),
          listen: (listener) => run.listen(listener),
        })
      ),
    },
    {
      method: "DELETE",
      path: "/runs/:id",
      summary: "Stop an experiment; what it has measured is its answer",
      answer: RUN,
      handle: of((run) => {
        run.stop();
        return run.report;
      }),
    },
    {
      method: "POST",
      replicas: "own",
      path: "/check",
      summary: "Check a find script without running it",
      accepts: SCRIPT,
      answer: { type: "object" },
      async handle({ request }) {
        const script = await scriptIn(request, parts.texts);
        (await parts.finder()).parse(script);
        return { ok: true };
      },
    },
  ];
}

async function start(
  request: Request,
  kind: RunKind,
  { runs, finder: load, texts, underway }: EndpointParts,
): Promise<Response> {
  const value = await scriptIn(request, texts);
  const finder = await load();
  const script = finder.parse(value);
  underway.check();
  const run = runs.start(kind, script, finder);
  const location = `${new URL(request.url).pathname}/${run.id}`;
  return Response.json(run.report, { status: 201, headers: { location } });
}

function runOf(runs: Runs, id: string): Run {
  const run = runs.find(id);
  if (run !== undefined) return run;
  throw new PerfmockError(
    "ARGUMENT_INVALID",
    `Cannot find run ${JSON.stringify(id)}: no run has this id`,
    [],
    { status: 404 },
  );
}

/** A run with its answer. */
function described(run: Run): unknown {
  return { ...run.report, answer: run.result?.answer ?? null };
}

/** Format that a request accepts first. */
function accepted(accept: string): "json" | "md" | "html" {
  const places = [
    ["html", accept.indexOf("text/html")],
    ["md", accept.indexOf("text/markdown")],
    ["json", accept.indexOf("application/json")],
  ] as const;
  const [first] = places.filter(([, place]) => place >= 0)
    .toSorted((a, b) => a[1] - b[1]);
  return first?.[0] ?? "json";
}

async function answerOf(
  run: Run,
  format: "json" | "md" | "html",
): Promise<Response> {
  const { result } = run;
  if (result === undefined) {
    const { state, error } = run.report;
    throw new PerfmockError(
      "ARGUMENT_INVALID",
      `Cannot read the answer of run ${run.id}: ${
        error === null ? `it is ${state}` : `it failed: ${error}`
      }`,
      [],
      { status: 409 },
    );
  }
  if (format === "json") return Response.json(result.answer);
  const [type, text] = format === "md"
    ? ["text/markdown; charset=utf-8", result.markdown]
    : ["text/html; charset=utf-8", await result.html()];
  return new Response(text, {
    headers: {
      "content-type": type,
      // The page has no scripts, and none may run in it.
      "content-security-policy":
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
    },
  });
}
