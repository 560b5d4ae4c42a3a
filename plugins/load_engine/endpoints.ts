/**
 * The control calls of runs.
 *
 * @module
 */
import type { LoadEngine } from "../../core/load.ts";
import type { Call, Endpoint } from "../../core/plugin.ts";
import type { Run } from "./runs/run.ts";
import type { Runs } from "./runs/runs.ts";
import { scriptIn } from "./script/parse.ts";

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
    progress: { type: ["object", "null"] },
  },
};
const WITH_SUMMARY = {
  ...RUN,
  properties: { ...RUN.properties, summary: { type: ["object", "null"] } },
};

/** The calls under /_perfmock/load_engine/runs. */
export function runEndpoints(runs: Runs): Endpoint[] {
  /** Answers for the run that the path names. */
  const of = (answer: (run: Run) => unknown) => ({ parameters }: Call) => {
    const run = runs.find(parameters.id);
    return run === undefined ? missing(parameters.id) : answer(run);
  };
  return [{
    method: "POST",
    path: "/runs",
    summary:
      "Begins a run of a load script, in JSON or YAML; several can be under way",
    status: 201,
    answer: RUN,
    handle: ({ request }) => begin(request, runs),
  }, {
    method: "GET",
    path: "/runs",
    summary: "The runs under way and the latest that have ended",
    answer: {
      type: "object",
      properties: { runs: { type: "array", items: RUN } },
    },
    handle: () => ({ runs: runs.all.map(({ report }) => report) }),
  }, {
    method: "GET",
    path: "/runs/:id",
    summary:
      "One run, with its summary so far; null before it sends and where it failed",
    answer: WITH_SUMMARY,
    handle: of(async (run) => {
      const summary = await run.summarize() ?? null;
      return { ...run.report, summary };
    }),
  }, {
    method: "GET",
    path: "/runs/:id/events",
    summary:
      "One run as Server-Sent Events: progress once a second, then summary, then the end",
    type: "text/event-stream",
    handle: of(runEvents),
  }, {
    method: "DELETE",
    path: "/runs/:id",
    summary:
      "Stops a run: nothing more is sent, what is under way may end; the second time that is cut",
    answer: RUN,
    handle: of((run) => {
      run.stop();
      return run.report;
    }),
  }];
}

async function begin(request: Request, runs: Runs): Promise<Response> {
  if (runs.full) {
    return problem(429, {
      title: "Too many runs are under way",
      detail: "Each takes a thread: stop one, or wait for its end",
    });
  }
  const run = await runs.start(await scriptIn(request));
  const location = `${new URL(request.url).pathname}/${run.id}`;
  return Response.json(run.report, { status: 201, headers: { location } });
}

function missing(id: string): Response {
  return problem(404, {
    title: "There is no such run",
    detail: `None is known under the id ${JSON.stringify(id)}`,
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

/** How many events may wait for a reader that does not read; further ones are left out. The last always comes. */
const MOST_WAITING = 16;

/** The response that tells of a run from now on. */
export function runEvents(run: Run): Response {
  const encoder = new TextEncoder();
  let stop = () => {};
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const send = (event: string, data: unknown) =>
        controller.enqueue(
          encoder.encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`),
        );
      const { progress } = run.report;
      if (progress !== null) send("progress", progress);
      stop = run.listen({
        progress: (tick) => {
          if ((controller.desiredSize ?? 0) > 0) send("progress", tick);
        },
        ended: () => {
          send("summary", described(run));
          controller.close();
        },
      });
    },
    cancel: () => stop(),
  }, { highWaterMark: MOST_WAITING });
  return new Response(body, {
    headers: {
      "content-type": "text/event-stream",
      // No proxy may hold an event back, be it to keep it, to compress it or to send several together.
      "cache-control": "no-store, no-transform",
      "x-accel-buffering": "no",
    },
  });
}

/** A run that has ended, as `GET runs/{id}` tells it. */
function described(run: Run): unknown {
  return { ...run.report, summary: run.result?.summary ?? null };
}

/** `POST simulate`: a script as JSON or YAML, answered by its summary. */
export function simulateEndpoint(engine: LoadEngine): Endpoint {
  return {
    method: "POST",
    path: "/simulate",
    summary:
      "Run a load script, as JSON or YAML, in virtual time against a copy of this server, and tell its summary",
    answer: { type: "object" },
    async handle({ request }) {
      const script = await scriptIn(request);
      const { summary } = await engine.simulate(script, {
        signal: request.signal,
      });
      return summary;
    },
  };
}
