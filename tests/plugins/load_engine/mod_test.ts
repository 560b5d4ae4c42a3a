// Runs on a calm machine, without the profiler: compares times with a simulation.
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { createServer } from "../../../core/app.ts";
import type { LoadPart } from "../../../core/load.ts";
import type { Server } from "../../../core/server/server.ts";

const ROUTES = [
  { id: "quick", path: "/quick", serviceTime: "2ms" },
  {
    id: "pooled",
    path: "/pooled",
    serviceTime: { exponential: { mean: "40ms" } },
    limiter: { concurrency: 4, queue: 6 },
  },
];

const QUICK = {
  name: "quick",
  scenarios: {
    s: {
      executor: "shared-iterations",
      users: 3,
      iterations: 30,
      requests: [{ path: "/quick" }],
    },
  },
};

function post(server: Server, path: string, body: BodyInit) {
  const url = new URL(`_perfmock/load_engine/${path}`, server.url);
  return server.fetch(new Request(url, { method: "POST", body }));
}

Deno.test("POST simulate responds with the summary of a script in YAML or JSON", async () => {
  await using server = await createServer({ routes: ROUTES }, {
    listen: false,
  });
  for (const body of [JSON.stringify(QUICK), YAML]) {
    const response = await post(server, "simulate", body);
    const text = await response.text();
    equal(response.status, 200, text);
    const { ok: kept, scenarios } = JSON.parse(text);
    deepEqual([kept, scenarios.s.completed], [true, 30]);
    equal(scenarios.s.responseTime.p50, 2);
  }
  // The server itself has served nothing, and none of its dials was set.
  equal(server.requests().length, 0);
});

const YAML = `scenarios:
  s: { executor: shared-iterations, users: 3, iterations: 30, requests: [ { path: /quick } ] }
`;

Deno.test("POST simulate rejects a script with all its issues", async () => {
  await using server = await createServer({ routes: ROUTES }, {
    listen: false,
  });
  const response = await post(server, "simulate", "scenarios: { s: {}, t: 3 }");
  equal(response.status, 400);
  match(response.headers.get("content-type") ?? "", /problem\+json/);
  const { issues } = await response.json();
  deepEqual(issues.map(({ path }: { path: string }) => path), [
    "/scenarios/s/executor",
    "/scenarios/t",
  ]);
  const syntax = await post(server, "simulate", "a: [");
  equal(syntax.status, 400);
  await syntax.body?.cancel();
});

Deno.test("The engine runs a script over HTTP, reports progress and resolves with the result", async () => {
  await using server = await createServer({ routes: ROUTES }, {});
  const lines: string[] = [];
  const { summary, table, csv, hgrm } = await server.loadEngine.load(QUICK, {
    progress: (_, line) => void lines.push(line),
  });
  equal(summary.scenarios.s.completed, 30);
  equal(server.requests().length, 30);
  ok((summary.scenarios.s.responseTime.min ?? 0) >= 2);
  match(table, /^quick, seed 42/);
  match(csv, /^time,/);
  match(hgrm, /Total count {4}= +30\]/);
  ok(lines.every((line) => line.includes(`target ${server.url.origin}`)));
});

Deno.test("A run over HTTP that its signal stops resolves with the figures so far", async () => {
  await using server = await createServer({ routes: ROUTES }, {});
  const ending = new AbortController();
  const { summary } = await server.loadEngine.load({
    scenarios: {
      s: {
        executor: "virtual-users",
        users: 2,
        think: "20ms",
        duration: "1h",
        requests: [{ path: "/quick" }],
      },
    },
  }, { signal: ending.signal, progress: () => ending.abort() });
  equal(summary.aborted, "it was stopped");
  ok(summary.scenarios.s.started > 0);
  await rejects(
    server.loadEngine.load(QUICK, { signal: AbortSignal.abort() }),
    /did not start/,
  );
});

Deno.test("A simulation ends with its server", async () => {
  const server = await createServer({ routes: ROUTES }, { listen: false });
  const simulation = server.loadEngine.simulate({
    scenarios: {
      s: {
        executor: "arrival-rate",
        rate: "5000/s",
        duration: "24h",
        requests: [{ path: "/quick" }],
      },
    },
  }, { progress: () => void server[Symbol.asyncDispose]() });
  const { summary } = await simulation;
  equal(summary.aborted, "it was stopped");
  await server[Symbol.asyncDispose]();
});

Deno.test("Targets are origins", async () => {
  for (
    const [targets, fine] of [
      [["https://staging.example.com", "http://10.0.0.1:8080/"], true],
      [["staging.example.com"], false],
      [["https://staging.example.com/api"], false],
      [["ftp://x"], false],
    ] as const
  ) {
    const made = createServer(
      { plugins: { load_engine: { targets } } },
      { listen: false },
    );
    if (fine) await (await made)[Symbol.asyncDispose]();
    else await rejects(made, { code: "CONFIG_INVALID" });
  }
});

/** Open load at 90 % of a pool of four: some requests are lost. */
const POOLED = {
  seed: 11,
  scenarios: {
    s: {
      executor: "arrival-rate",
      rate: "90/s",
      duration: "6s",
      requests: [{ path: "/pooled" }],
    },
  },
};

Deno.test("A simulation and a real run of the same script agree: loss, mean and p95", async () => {
  await using server = await createServer({ seed: 3, routes: ROUTES }, {});
  const engine = server.loadEngine;
  const { scenarios: { s: real } } = (await engine.load(POOLED)).summary;
  const { scenarios: { s: virtual } } = (await engine.simulate(POOLED)).summary;
  // The arrivals are the same, because the schedule depends on the script alone.
  equal(real.scheduled, virtual.scheduled);
  const loss = ({ failed, started }: LoadPart) => failed / started;
  ok(
    Math.abs(loss(real) - loss(virtual)) < 0.05,
    `loss ${loss(real)} and ${loss(virtual)}`,
  );
  for (const figure of ["mean", "p95"] as const) {
    const [a, b] = [real, virtual].map((of) => of.responseTime[figure] ?? 0);
    ok(Math.abs(a - b) < 5 + 0.15 * b, `${figure} ${a} and ${b}`);
  }
});

Deno.test("health and stats list the active runs", async () => {
  await using server = await createServer({ routes: ROUTES }, {});
  const response = await post(
    server,
    "runs",
    JSON.stringify({ ...POOLED, name: "watched" }),
  );
  equal(response.status, 201);
  const { id } = await response.json();
  deepEqual(server.health().active.runs, [id]);
  const { load_engine } = server.stats().plugins as {
    load_engine: { runs: { id: string }[] };
  };
  deepEqual(load_engine.runs.map((run) => run.id), [id]);
});
