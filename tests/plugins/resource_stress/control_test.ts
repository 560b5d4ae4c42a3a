import { deepEqual, equal, match, ok } from "node:assert/strict";
import { call, json, post } from "../../support/http.ts";
import { BLOCKS, PATH, stressed } from "./_server.ts";

Deno.test("POST scenarios answers 201 with the scenario and where it is found", async () => {
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

Deno.test("GET scenarios lists what runs, what has ended, what may be taken and what cannot be known", async () => {
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

Deno.test("GET scenarios/:id shows a scenario that runs, one that has ended, and 404 for any other", async () => {
  await using server = await stressed();
  await server.start(BLOCKS);
  const [running, shown] = await server.ask("GET", "/stress-1");
  deepEqual([running, shown.state], [200, "running"]);
  await server.ask("DELETE", "/stress-1");
  const [ended, gone] = await server.ask("GET", "/stress-1");
  deepEqual([ended, gone.state, gone.reason], [200, "ended", "it was told to"]);
  const [status, problem] = await server.ask("GET", "/stress-2");
  deepEqual([status, problem.title], [404, "There is no such scenario"]);
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
    title: "There is no such scenario",
    detail: 'None runs under the id "stress-1"',
  });
});

Deno.test("DELETE scenarios ends all, and is content with none", async () => {
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

Deno.test("PUT scenarios/:id/lease renews a lease, and refuses where there is none", async () => {
  await using server = await stressed();
  await server.start({ ...BLOCKS, lease: "2s" });
  await server.start(BLOCKS);
  server.clock.advance(1500);
  const [status, { lease }] = await server.ask("PUT", "/stress-1/lease");
  deepEqual([status, lease], [200, { lengthMs: 2000, remainingMs: 2000 }]);
  const [conflict, { title }] = await server.ask("PUT", "/stress-2/lease");
  deepEqual(
    [conflict, title],
    [409, "The scenario has no lease to renew"],
  );
  equal((await server.ask("PUT", "/stress-3/lease"))[0], 404);
});

Deno.test("One 400 tells all faults of a scenario, and nothing is started", async () => {
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

Deno.test("Two scenarios that ask for more than the cap together: the second is refused, and told what the first has", async () => {
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

Deno.test("health lists what is active, in words, and does not call it a reason to worry", async () => {
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
    "stress-2 (eventLoop; started by the control API; until its owner stays away)",
  ]);
});

Deno.test("stats and metrics show targets and what was achieved", async () => {
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

Deno.test("In a session, every call is refused with a word on where to go", async () => {
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
    const { title, detail } = await json(response);
    deepEqual([response.status, title], [
      409,
      "Real stress cannot be confined to a session",
    ]);
    match(String(detail), /the server's own control API/);
  }
  deepEqual((await server.list()).scenarios, []);
});
