// Runs on a calm machine, without the profiler: measures long times.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { createPerfmock } from "../../../../mod.ts";
import { folderWith } from "../../../support/plugins.ts";
import { begin, control, finish, look, wait } from "./_control.ts";

/** Keeps the log out of the test's output. */
const QUIET = { log: () => {} };
const ROUTE = { id: "a", path: "/a", response: { text: "ok" } };

/** A scenario that sends until it is stopped. */
const ENDLESS = {
  executor: "virtual-users",
  users: 2,
  think: "5ms",
  duration: "10m",
  requests: [{ path: "/a" }],
};

Deno.test("A run counts every request, and the server has received as many as were sent", async () => {
  await using server = await createPerfmock({
    routes: [{ ...ROUTE, serviceTime: "20ms" }],
  }, QUIET);
  const { id, state } = await begin(
    server,
    `
name: count
seed: 7
scenarios:
  open: { executor: arrival-rate, arrivals: poisson, rate: 500/s, duration: 1s, maxInFlight: 5, requests: [ { path: /a } ] }
  lost: { executor: shared-iterations, users: 1, iterations: 3, requests: [ { path: /nowhere } ] }
`,
  );
  equal(id, "count-1");
  equal(state, "starting");
  const run = await finish(server, id);
  equal(run.state, "finished");
  const { open, lost } = run.summary?.scenarios ?? {};
  ok(open.dropped > 0);
  equal(open.scheduled, open.started + open.dropped);
  equal(open.started, open.completed + open.failed);
  equal(open.failed, 0);
  deepEqual(lost.failures, { "404": 3 });
  equal(lost.started, lost.failed);
  equal(server.requests({ route: "a" }).length, open.started);
  const metrics = await (await fetch(new URL("metrics", server.url))).text();
  const value = (name: string) =>
    Number(
      metrics.split("\n").find((line) =>
        line.startsWith(`perfmock_load_${name}{scenario="open"`)
      )?.split(" ")[1],
    );
  equal(value("arrivals_scheduled_total"), open.scheduled);
  equal(value("arrivals_started_total"), open.started);
  equal(value("arrivals_dropped_total"), open.dropped);
  for (const name of ["response", "service", "start_lag"]) {
    equal(value(`${name}_seconds_count`), open.started);
  }
  equal(value("target_rate"), 0);
});

Deno.test("A script with issues starts nothing, and all issues are reported", async () => {
  await using server = await createPerfmock({ routes: [ROUTE] }, QUIET);
  const refused = await control(server, "runs", {
    method: "POST",
    body: JSON.stringify({
      target: "http://192.0.2.1",
      scenarios: {
        a: { ...ENDLESS, executor: "virtual-user" },
        b: { ...ENDLESS, requests: [] },
      },
    }),
  });
  equal(refused.status, 400);
  const { code, issues } = await refused.json();
  equal(code, "SCRIPT_INVALID");
  deepEqual(issues.map(({ path }: { path: string }) => path), [
    ...["/target", "/scenarios/a/executor", "/scenarios/b/requests"],
  ]);
  match(issues[0].suggestion, /load_engine: { targets: \["http:..192.0.2.1"\]/);
  const garbled = await control(server, "runs", {
    method: "POST",
    body: "a: [",
  });
  equal(garbled.status, 400);
  await garbled.body?.cancel();
  const { runs } = await (await control(server, "runs")).json();
  deepEqual(runs, []);
});

Deno.test("Runs are listed, read and stopped; an unknown id is answered with 404", async () => {
  await using server = await createPerfmock({ routes: [ROUTE] }, QUIET);
  const script = { name: "x", scenarios: { users: ENDLESS } };
  const [one, other] = [
    await begin(server, script),
    await begin(server, script),
  ];
  deepEqual([one.id, other.id], ["x-1", "x-2"]);
  await wait(
    server,
    one.id,
    ({ state, summary }) =>
      state === "running" && (summary?.scenarios.users.started ?? 0) > 0,
  );
  const { active } = server.health();
  deepEqual(active.runs, ["x-1", "x-2"]);
  const stopped = await control(server, "runs/x-1", { method: "DELETE" });
  equal((await stopped.json()).state, "stopping");
  const run = await finish(server, one.id);
  equal(run.state, "aborted");
  equal(run.summary?.aborted, "it was stopped");
  const { started, completed, failed } = run.summary.scenarios.users;
  equal(started, completed + failed);
  equal(failed, 0);
  const { runs } = await (await control(server, "runs")).json();
  deepEqual(
    runs.map(({ id }: { id: string }) => id),
    ["x-1", "x-2"],
  );
  for (const method of ["GET", "DELETE"]) {
    const missing = await control(server, "runs/x-3", { method });
    equal(missing.status, 404);
    match(await missing.text(), /no run has this id/);
  }
});

Deno.test("The events of a run end with its summary", async () => {
  await using server = await createPerfmock({ routes: [ROUTE] }, QUIET);
  const users = { ...ENDLESS, duration: "1200ms" };
  const { id } = await begin(server, { name: "x", scenarios: { users } });
  const response = await control(server, `runs/${id}/events`);
  equal(response.headers.get("content-type"), "text/event-stream");
  const events = (await response.text()).trim().split("\n\n").map((event) => {
    const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(event) ?? [];
    return { name, data: JSON.parse(data) };
  });
  const names = events.map(({ name }) => name);
  equal(names.at(-1), "summary");
  ok(names.filter((name) => name === "progress").length >= 2);
  equal(events.at(-1)?.data.summary.name, "x");
  const again = await control(server, `runs/${id}/events`);
  match(await again.text(), /^event: progress\n.*\n\nevent: summary\n/);
});

Deno.test("A reader of events may leave early", async () => {
  await using server = await createPerfmock({ routes: [ROUTE] }, QUIET);
  const { id } = await begin(server, { name: "x", scenarios: { u: ENDLESS } });
  const { body } = await control(server, `runs/${id}/events`);
  await body?.cancel();
  await control(server, `runs/${id}`, { method: "DELETE" })
    .then((response) => response.body?.cancel());
  equal((await finish(server, id)).state, "aborted");
});

Deno.test("A run and its dial continue through a change of the configuration", async () => {
  await using server = await createPerfmock({ routes: [ROUTE] }, QUIET);
  const { id } = await begin(server, {
    name: "x",
    scenarios: {
      users: ENDLESS,
      slow: {
        executor: "modulate",
        set: { route: "a", dial: "delay" },
        to: "30ms",
      },
    },
  });
  const time = async () => {
    const start = performance.now();
    await (await fetch(new URL("a", server.url))).body?.cancel();
    return performance.now() - start;
  };
  await wait(server, id, ({ state }) => state === "running");
  ok(await time() >= 30);
  await server.update({ seed: 8 });
  equal((await look(server, id)).state, "running");
  ok(await time() >= 30);
  for (const _ of ["stop", "cut"]) {
    const answer = await control(server, `runs/${id}`, { method: "DELETE" });
    await answer.body?.cancel();
  }
  equal((await finish(server, id)).state, "aborted");
  await time();
  ok((server.requests({ route: "a" }).at(-1)?.totalMs ?? NaN) < 30);
});

Deno.test("Runs end with the server in any state", async () => {
  const server = await createPerfmock({
    routes: [{ ...ROUTE, serviceTime: "1h" }],
  }, QUIET);
  const script = { name: "x", scenarios: { users: ENDLESS } };
  const { id } = await begin(server, script);
  await wait(
    server,
    id,
    ({ summary }) => summary?.scenarios.users.started === 2,
  );
  await begin(server, script);
  await server[Symbol.asyncDispose]();
});

Deno.test("Runs end when the plugin is turned off", async () => {
  await using server = await createPerfmock({ routes: [ROUTE] }, QUIET);
  const { id } = await begin(server, { scenarios: { users: ENDLESS } });
  await wait(server, id, ({ state }) => state === "running");
  await server.update({ plugins: { load_engine: false } });
  const gone = await control(server, `runs/${id}`);
  equal(gone.status, 404);
  await gone.body?.cancel();
});

Deno.test("A server that does not listen needs a target", async () => {
  await using server = await createPerfmock({ routes: [ROUTE] }, {
    ...QUIET,
    listen: false,
  });
  const refused = await server.fetch(
    new Request("http://localhost/_perfmock/load_engine/runs", {
      method: "POST",
      body: JSON.stringify({ scenarios: { users: ENDLESS } }),
    }),
  );
  equal(refused.status, 400);
  match(await refused.text(), /names no target, and this server does not/);
});

Deno.test("A run reaches its own server over TLS with any certificate", async () => {
  await using server = await createPerfmock({
    server: { tls: "self-signed" },
    routes: [ROUTE],
  }, QUIET);
  const call = (path: string, init?: RequestInit) =>
    server.fetch(
      new Request(new URL(`_perfmock/load_engine/${path}`, server.url), init),
    );
  const users = { ...ENDLESS, executor: "shared-iterations", iterations: 20 };
  const started = await call("runs", {
    method: "POST",
    body: JSON.stringify({ scenarios: { users } }),
  });
  const { id } = await started.json();
  await (await call(`runs/${id}/events`)).text();
  const run = await (await call(`runs/${id}`)).json();
  equal(run.state, "finished");
  deepEqual(run.summary.scenarios.users.failures, {});
  equal(run.summary.scenarios.users.completed, 20);
});

Deno.test("A run says what was left out of its trace, and that its dials are not the target's, from its start", async () => {
  await using target = await createPerfmock({ routes: [ROUTE] }, QUIET);
  await using server = await createPerfmock({ routes: [ROUTE] }, QUIET);
  await using folder = await folderWith({
    "a.log": '1 - - [22/Nov/2026:08:00:00 +0000] "GET /a HTTP/1.1" 200 1\n' +
      '1 - - [22/Nov/2026:08:00:00 +0000] "-" 408 0\n',
  });
  const run = await server.load({
    target: target.url.href,
    scenarios: {
      r: { executor: "replay", trace: { file: `${folder.path}/a.log` } },
      slow: {
        executor: "modulate",
        set: { route: "a", dial: "delay" },
        to: "1ms",
      },
    },
  });
  const notes = [
    `slow: turned a dial of the perfmock server that runs this script, not of the target ${target.url}`,
    "r: 1 of 2 lines of a.log left out: 1 × no request (line 2)",
  ];
  deepEqual(run.notes, notes);
  const { runs: [report] } = await (await control(server, "runs")).json();
  deepEqual([report.target, report.notes], [target.url.origin, notes]);
});
