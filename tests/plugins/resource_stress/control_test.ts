import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import type { Plugin } from "../../../core/plugin.ts";
import { createTestServer } from "../../../core/testing.ts";
import {
  PRESSURE,
  SCENARIOS,
  type StressScenarios,
} from "../../../plugins/resource_stress/mod.ts";
import { call, json, post } from "../../support/http.ts";
import { BLOCKS, PATH, stressed } from "./_server.ts";

Deno.test("POST scenarios answers 201 with the scenario and its location", async () => {
  await using server = await stressed();
  const response = await call(server.server, PATH, post(BLOCKS));
  equal(response.status, 201);
  equal(response.headers.get("location"), `${PATH}/stress-1`);
  const { id, state, owner, remainingMs, lease, reason, warnings } = await json(
    response,
  );
  deepEqual(
    { id, state, owner, remainingMs, lease, reason, warnings },
    {
      id: "stress-1",
      state: "running",
      owner: "the control API",
      remainingMs: 60_000,
      lease: null,
      reason: null,
      warnings: [],
    },
  );
});

Deno.test("GET scenarios lists running and ended scenarios, caps, and unknown figures", async () => {
  await using server = await stressed();
  await server.start(BLOCKS);
  await server.start(BLOCKS);
  await server.ask("DELETE", "/stress-1");
  const { scenarios, ended, caps, unknown } = await server.list();
  deepEqual(scenarios.map(({ id }) => id), ["stress-2"]);
  deepEqual(ended.map(({ id, reason }) => [id, reason]), [
    ["stress-1", "it was told to"],
  ]);
  equal(caps.blocked, 0.9);
  ok(caps.memory > 0);
  ok(Array.isArray(unknown));
});

Deno.test("GET scenarios/:id shows a running or ended scenario, and answers 404 for an unknown one", async () => {
  await using server = await stressed();
  await server.start(BLOCKS);
  const [running, shown] = await server.ask("GET", "/stress-1");
  deepEqual([running, shown.state], [200, "running"]);
  await server.ask("DELETE", "/stress-1");
  const [ended, gone] = await server.ask("GET", "/stress-1");
  deepEqual([ended, gone.state, gone.reason], [200, "ended", "it was told to"]);
  const [status, problem] = await server.ask("GET", "/stress-2");
  equal(status, 404);
  match(String(problem.title), /^Cannot find scenario "stress-2"/);
});

Deno.test("DELETE scenarios/:id answers 404 the second time, as a problem document", async () => {
  await using server = await stressed();
  await server.start(BLOCKS);
  const first = await call(server.server, `${PATH}/stress-1`, {
    method: "DELETE",
  });
  deepEqual([first.status, (await json(first)).state], [200, "ended"]);
  const second = await call(server.server, `${PATH}/stress-1`, {
    method: "DELETE",
  });
  equal(second.headers.get("content-type"), "application/problem+json");
  deepEqual(await json(second), {
    type: "about:blank",
    status: 404,
    title: 'Cannot find scenario "stress-1": none runs under this id',
    code: "ARGUMENT_INVALID",
    issues: [],
  });
});

Deno.test("DELETE scenarios ends all scenarios, and succeeds when there are none", async () => {
  await using server = await stressed();
  await server.start(BLOCKS);
  await server.start(BLOCKS);
  const [status, answer] = await server.ask("DELETE", "");
  equal(status, 200);
  deepEqual(
    (answer.scenarios as { id: string }[]).map(({ id }) => id),
    ["stress-1", "stress-2"],
  );
  deepEqual((await server.list()).scenarios, []);
  deepEqual(await server.ask("DELETE", ""), [200, { scenarios: [] }]);
});

Deno.test("PUT scenarios/:id/lease renews a lease, and answers 409 if there is none", async () => {
  await using server = await stressed();
  await server.start({ ...BLOCKS, lease: "2s" });
  await server.start(BLOCKS);
  server.clock.advance(1500);
  const [status, { lease }] = await server.ask("PUT", "/stress-1/lease");
  deepEqual([status, lease], [200, { lengthMs: 2000, remainingMs: 2000 }]);
  const [conflict, { title }] = await server.ask("PUT", "/stress-2/lease");
  equal(conflict, 409);
  match(String(title), /^Cannot renew lease: the scenario has none/);
  equal((await server.ask("PUT", "/stress-3/lease"))[0], 404);
});

Deno.test("POST scenarios reports all issues in one answer with status 400, and starts nothing", async () => {
  await using server = await stressed();
  const response = await call(
    server.server,
    PATH,
    post({
      cpu: { load: 1.3, workers: 5000 },
      memory: { size: "1000TiB", growth: "x" },
      eventLoop: { block: "1s" },
      gpu: {},
      duration: -1,
    }),
  );
  equal(response.status, 400);
  const { issues } = await json<{ issues: { path: string }[] }>(response);
  deepEqual(issues.map(({ path }) => path).toSorted(), [
    "/cpu/load",
    "/cpu/workers",
    "/duration",
    "/eventLoop",
    "/gpu",
    "/memory/growth",
    "/memory/size",
  ]);
  const { scenarios, ended } = await server.list();
  deepEqual([scenarios, ended], [[], []]);
});

Deno.test("A scenario that exceeds the cap together with a running one is refused, with the amount that is taken", async () => {
  await using server = await stressed();
  const half = { eventLoop: { block: "50ms", every: "100ms" } };
  equal((await server.start(half)).id, "stress-1");
  const response = await call(server.server, PATH, post(half));
  equal(response.status, 400);
  const { issues } = await json<{ issues: unknown[] }>(response);
  deepEqual(issues, [{
    path: "/eventLoop/block",
    message:
      "Cannot take 50 % of the event loop's time: the cap on block over every is 90 % of the event loop's time, of which running scenarios take 50 % of the event loop's time",
    value: "50ms",
    allowed: "at most 40 % of the event loop's time",
  }]);
  await server.ask("DELETE", "/stress-1");
  equal((await server.start(half)).id, "stress-2");
});

Deno.test("health lists running scenarios, and its status stays ok", async () => {
  await using server = await stressed();
  const health = () =>
    json<{ active: { stress: string[] }; status: string }>(
      call(server.server, "/_perfmock/health"),
    );
  deepEqual((await health()).active.stress, []);
  await server.start({ ...BLOCKS, duration: "20s" });
  await server.start({ ...BLOCKS, lease: "5s" });
  server.clock.advance(1500);
  const { active, status } = await health();
  equal(status, "ok");
  deepEqual(active.stress, [
    "stress-1 (eventLoop; started by the control API; 19 s left)",
    "stress-2 (eventLoop; started by the control API; until its lease expires)",
  ]);
});

Deno.test("stats and metrics show targets and achieved figures", async () => {
  await using server = await stressed();
  await server.start({ allocation: { rate: "64MiB/s" } });
  server.clock.advance(1000);
  const { plugins } = await json<
    { plugins: { resource_stress: { scenarios: { id: string }[] } } }
  >(call(server.server, "/_perfmock/stats"));
  deepEqual(
    plugins.resource_stress.scenarios.map(({ id }) => id),
    ["stress-1"],
  );
  const text = await (await call(server.server, "/metrics")).text();
  match(
    text,
    /^perfmock_stress_target_ratio\{resource="allocation"\} 0\.125$/m,
  );
  match(text, /^perfmock_stress_actual_ratio\{resource="allocation"\} 0\.12/m);
  match(text, /^perfmock_stress_target_ratio\{resource="cpu"\} 0$/m);
  match(text, /^perfmock_stress_held_bytes\{resource="memory"\} 0$/m);
});

Deno.test("In a session, every call is refused and names the server's own control API", async () => {
  await using server = await stressed();
  const session = await json<{ name: string }>(
    call(server.server, "/_perfmock/sessions", post({ name: "mine" })),
  );
  const headers = { "perfmock-session": session.name };
  for (
    const [method, path] of [
      ["POST", ""],
      ["GET", ""],
      ["DELETE", ""],
      ["GET", "/stress-1"],
      ["DELETE", "/stress-1"],
      ["PUT", "/stress-1/lease"],
    ]
  ) {
    const response = await call(server.server, PATH + path, {
      ...(method === "POST" ? post(BLOCKS) : { method }),
      headers,
    });
    const { code, detail } = await json(response);
    deepEqual([response.status, code], [403, "SESSION_CONFINED"]);
    match(String(detail), /the server's own control API/);
  }
  deepEqual((await server.list()).scenarios, []);
});

/** A server, and the service as another plugin finds it. */
async function withService() {
  const found: { service?: StressScenarios } = {};
  const user: Plugin = {
    name: "user",
    version: "1.0.0",
    requires: ["resource_stress"],
    setup(host) {
      found.service = host.use(SCENARIOS);
      return {};
    },
  };
  const server = await createTestServer({ plugins: { user: {} } }, {
    plugins: [user],
  });
  if (found.service === undefined) throw new Error("The plugin was not set up");
  return { server, service: found.service };
}

/** Ids of the running scenarios. */
async function running(
  { server }: Awaited<ReturnType<typeof createTestServer>>,
): Promise<string[]> {
  const { scenarios } = await json<{ scenarios: { id: string }[] }>(
    call(server, "/_perfmock/resource_stress/scenarios"),
  );
  return scenarios.map(({ id }) => id);
}

const SLOW_BLOCKS = {
  eventLoop: { block: "5ms", every: "1s" },
  duration: "10s",
};

Deno.test("The service starts a scenario for another plugin, and ends it once", async () => {
  const { server, service } = await withService();
  await using _ = server;
  deepEqual(service.issues(SLOW_BLOCKS), []);
  const scenario = await service.start(SLOW_BLOCKS, 'scenario "burn" of run 1');
  deepEqual(await running(server), [scenario.id]);
  await scenario.stop();
  await scenario.stop();
  deepEqual(await running(server), []);
  const report = await json(
    call(server.server, `/_perfmock/resource_stress/scenarios/${scenario.id}`),
  );
  equal(report.owner, 'scenario "burn" of run 1');
  equal(report.reason, 'scenario "burn" of run 1 ended it');
});

Deno.test("The service reports all issues with a scenario, each with its path, and starts nothing", async () => {
  const { server, service } = await withService();
  await using _ = server;
  const wrong = {
    cpu: { load: 2, workers: 5000 },
    memory: { size: "1000TiB" },
    "a/b~c": 1,
  };
  const issues = service.issues(wrong);
  deepEqual(issues.map(({ path, value }) => [path, value]), [
    ["/cpu/load", 2],
    ["/cpu/workers", 5000],
    ["/a~1b~0c", 1],
    ["/memory/size", "1000TiB"],
  ]);
  await rejects(service.start(wrong, "me"), {
    name: "PerfmockError",
    code: "ARGUMENT_INVALID",
    message: "Cannot start scenario",
    issues,
  });
  deepEqual(await running(server), []);
});

Deno.test("The service refuses a scenario that exceeds the cap together with a running one", async () => {
  const { server, service } = await withService();
  await using _ = server;
  const half = { eventLoop: { block: "50ms", every: "100ms" } };
  await service.start(half, "the first");
  deepEqual(service.issues(half).map(({ message }) => message), [
    "Cannot take 50 % of the event loop's time: the cap on block over every is 90 % of the event loop's time, of which running scenarios take 50 % of the event loop's time",
  ]);
});

Deno.test("The pressure is provided to plugins of the server, but not to those of a session", async () => {
  const found = new Map<string | undefined, boolean>();
  const reader: Plugin = {
    name: "reader",
    version: "1.0.0",
    setup(host) {
      found.set(host.session, host.find(PRESSURE) !== undefined);
      return {};
    },
  };
  await using test = await createTestServer({}, { plugins: [reader] });
  await json(
    call(test.server, "/_perfmock/sessions", post({ name: "mine" })),
  );
  deepEqual([...found.values()], [true, false]);
});
