import {
  deepEqual,
  equal,
  match,
  ok,
  rejects,
  throws,
} from "node:assert/strict";
import { createServer } from "../../../core/app.ts";
import { PerfmockError } from "../../../core/errors.ts";
import type { LoadScenario } from "../../../core/load.ts";
import { VERSION } from "../../../core/version.ts";
import { control, wait } from "./runs/_control.ts";

const QUIET = { log: () => {} };
const CONFIG = {
  routes: [{
    id: "a",
    path: "/a/:id",
    serviceTime: "20ms",
    faults: [{ share: 0.2, status: 503 }],
  }],
};

/** Traffic of all kinds, for virtual time. */
const MIXED = {
  name: "mixed",
  seed: 5,
  scenarios: {
    open: {
      executor: "arrival-rate",
      rate: "40/s",
      duration: "5s",
      requests: [{ path: "/a/1" }],
    },
    turns: {
      executor: "shared-iterations",
      users: 4,
      iterations: 41,
      requests: [{ path: "/a/2", name: "two" }],
    },
    trace: {
      executor: "replay",
      trace: { times: [0, 10, 30, 700, 900] },
      requests: [{ path: "/a/3" }],
    },
  },
  thresholds: { "turns.started": ["count==41"], failed: ["rate<1"] },
};

/** Sends until it is stopped. */
const ENDLESS = {
  name: "endless",
  scenarios: {
    s: {
      executor: "virtual-users",
      users: 2,
      think: "5ms",
      duration: "1h",
      requests: [{ path: "/a/1" }],
    },
  },
};

function counts({ scheduled, started, dropped, cut }: LoadScenario) {
  return { scheduled, started, dropped, cut };
}

Deno.test("LoadEngine.merge() of the shares of a script has the counts and the thresholds of the whole", async () => {
  await using server = await createServer(CONFIG, { ...QUIET, listen: false });
  const engine = server.loadEngine;
  const whole = (await engine.simulate(MIXED)).summary;
  for (const count of [2, 3, 7]) {
    const shares: { source: string; data: unknown }[] = [];
    for (let index = 0; index < count; index++) {
      const { share } = await engine.simulate(MIXED, {
        segment: { index, count },
      });
      // As it is read from a file.
      shares.push({
        source: `${index}.json`,
        data: JSON.parse(JSON.stringify(share)),
      });
    }
    const { summary, table } = engine.merge(shares.toReversed());
    deepEqual(Object.keys(summary.scenarios), Object.keys(whole.scenarios));
    for (const [name, scenario] of Object.entries(summary.scenarios)) {
      deepEqual(counts(scenario), counts(whole.scenarios[name]), name);
    }
    deepEqual(
      summary.thresholds.map(({ expression, ok }) => [expression, ok]),
      whole.thresholds.map(({ expression, ok }) => [expression, ok]),
    );
    ok(summary.ok);
    match(table, /^mixed, seed 5/u);
    throws(
      () =>
        engine.merge([shares[0], { source: "again", data: shares[0].data }]),
      { code: "ARGUMENT_INVALID" },
    );
  }
  throws(
    () => engine.merge([{ source: "x.json", data: { version: 1 } }]),
    (error) =>
      error instanceof PerfmockError &&
      error.issues[0].message.startsWith("x.json: "),
  );
});

Deno.test("LoadEngine.check() counts the scenarios of a script in YAML or as a value, and runs nothing", async () => {
  await using server = await createServer(CONFIG, { ...QUIET, listen: false });
  const engine = server.loadEngine;
  deepEqual(await engine.check(MIXED), { scenarios: 3, warnings: [] });
  const { scenarios, warnings } = await engine.check(
    "scenarios: { s: { executor: arrival-rate, rate: 1/s, duration: 500, requests: [ { path: /a/1 } ] } }",
  );
  equal(scenarios, 1);
  deepEqual(warnings.map(({ path }) => path), ["/scenarios/s/duration"]);
  await rejects(engine.check({ scenarios: { s: { executor: "user" } } }), {
    code: "SCRIPT_INVALID",
  });
  equal(server.requests().length, 0);
  const { properties } = engine.schema() as { properties: object };
  ok("scenarios" in properties);
});

Deno.test("a run that its signal stops has the figures so far, or none if it had not begun", async () => {
  await using server = await createServer(CONFIG, QUIET);
  const stop = new AbortController();
  const running = server.loadEngine.load(ENDLESS, { signal: stop.signal });
  await wait(
    server,
    "endless-1",
    ({ summary }) => (summary?.scenarios.s.started ?? 0) > 0,
  );
  stop.abort();
  const { summary, csv } = await running;
  equal(summary.aborted, "it was stopped");
  ok(summary.scenarios.s.started > 0);
  match(csv, /^time,/u);
  await rejects(
    server.loadEngine.load(ENDLESS, { signal: AbortSignal.abort() }),
    /did not start/u,
  );
});

Deno.test("a simulation that its signal stops has the figures so far", async () => {
  await using server = await createServer(CONFIG, { ...QUIET, listen: false });
  const stop = new AbortController();
  const { summary } = await server.loadEngine.simulate({
    ...ENDLESS,
    scenarios: { s: { ...ENDLESS.scenarios.s, duration: "100h" } },
  }, { signal: stop.signal, progress: () => stop.abort() });
  equal(summary.aborted, "it was stopped");
  ok(summary.scenarios.s.started > 0);
});

Deno.test("the control API answers a simulation of a script in JSON and in YAML with the same summary, which the engine agrees with", async () => {
  await using server = await createServer(CONFIG, { ...QUIET, listen: false });
  const post = async (body: string) => {
    const response = await server.fetch(
      new Request(new URL("_perfmock/load_engine/simulate", server.url), {
        method: "POST",
        body,
      }),
    );
    return { status: response.status, body: await response.json() };
  };
  const { turns } = MIXED.scenarios;
  const json = await post(
    JSON.stringify({ name: "one", seed: 5, scenarios: { turns } }),
  );
  equal(json.status, 200);
  equal(json.body.scenarios.turns.started, 41);
  const yaml = await post(
    `{ name: one, seed: 5, scenarios: { turns: ${JSON.stringify(turns)} } }`,
  );
  deepEqual(yaml, json);
  const { summary } = await server.loadEngine.simulate({
    name: "one",
    seed: 5,
    scenarios: { turns },
  });
  deepEqual(JSON.parse(JSON.stringify(summary)), json.body);
  const refused = await post("scenarios: { s: {}, t: 3 }");
  equal(refused.status, 400);
  deepEqual(
    refused.body.issues.map(({ path }: { path: string }) => path),
    ["/scenarios/s/executor", "/scenarios/t"],
  );
  equal(server.requests().length, 0);
});

Deno.test("the control API starts, lists, reads, shares and stops a run, and answers 404 for one that it does not know", async () => {
  await using server = await createServer(CONFIG, QUIET);
  const call = async (method: string, path: string, body?: unknown) => {
    const response = await control(server, path, {
      method,
      ...body !== undefined && { body: JSON.stringify(body) },
    });
    const { status, headers } = response;
    return { status, headers, body: await response.json() };
  };
  const { now } = (await call("GET", "clock")).body;
  ok(Math.abs(now - performance.timeOrigin - performance.now()) < 60_000);
  const begun = await call("POST", "runs?segment=1/2", ENDLESS);
  deepEqual([begun.status, begun.headers.get("location")], [
    201,
    "/_perfmock/load_engine/runs/endless-1",
  ]);
  await wait(
    server,
    "endless-1",
    ({ summary }) => (summary?.scenarios.s.started ?? 0) > 0,
  );
  deepEqual(
    (await call("GET", "runs")).body.runs.map((
      { id, state }: { id: string; state: string },
    ) => [id, state]),
    [["endless-1", "running"]],
  );
  deepEqual(server.health().active.runs, ["endless-1"]);
  const { body: { share } } = await call("GET", "runs/endless-1/share");
  deepEqual(share.segment, { index: 1, count: 2 });
  // A run that nobody waits with has started already.
  equal((await call("POST", "runs/endless-1/start", {})).status, 409);
  const { body: { state } } = await call("DELETE", "runs/endless-1");
  equal(state, "stopping");
  const events = await (await control(server, "runs/endless-1/events")).text();
  match(events, /\nevent: summary\n|^event: summary\n/u);
  const { body: ended } = await call("GET", "runs/endless-1");
  deepEqual([ended.state, ended.summary.aborted], [
    "aborted",
    "it was stopped",
  ]);
  for (
    const [method, path] of [
      ["GET", ""],
      ["GET", "/share"],
      ["GET", "/events"],
      ["POST", "/start"],
      ["DELETE", ""],
    ]
  ) {
    const body = method === "POST" ? {} : undefined;
    const missing = await call(method, `runs/none-1${path}`, body);
    equal(missing.status, 404, `${method} ${path}`);
    match(JSON.stringify(missing.body), /no run has this id/u);
  }
  for (const query of ["segment=2/2", "segment=x", "wait=end", "other=1"]) {
    equal((await call("POST", `runs?${query}`, ENDLESS)).status, 400, query);
  }
  equal(VERSION, server.health().version);
});

Deno.test("a file that was sent may be named by a script, and a call without a name is refused", async () => {
  await using server = await createServer(CONFIG, { ...QUIET, listen: false });
  const send = (query: string) =>
    server.fetch(
      new Request(
        new URL(`_perfmock/load_engine/files${query}`, server.url),
        { method: "POST", body: "0\n100\n250\n" },
      ),
    );
  const sent = await send("?name=times.txt");
  equal(sent.status, 201);
  const { file } = await sent.json();
  match(file, /times\.txt$/u);
  const { summary } = await server.loadEngine.simulate({
    scenarios: {
      again: {
        executor: "replay",
        trace: { file },
        requests: [{ path: "/a/1" }],
      },
    },
  });
  equal(summary.scenarios.again.started, 3);
  for (const query of ["", "?name="]) {
    const refused = await send(query);
    equal(refused.status, 400);
    await refused.body?.cancel();
  }
  await server[Symbol.asyncDispose]();
  await rejects(Deno.stat(file), Deno.errors.NotFound);
});
