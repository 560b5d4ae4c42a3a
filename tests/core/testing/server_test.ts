import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { createTestServer } from "../../../core/testing.ts";
import { errorOf } from "../../support/errors.ts";
import { hooks } from "../../support/plugins.ts";

Deno.test("createTestServer() answers after exactly an hour of virtual time, without waiting", async () => {
  await using server = await createTestServer({
    routes: [{
      path: "/report",
      serviceTime: "1h",
      response: { text: "done" },
    }],
  });
  const { response, duration } = await server.request("/report");
  deepEqual([await response.text(), duration], ["done", 3_600_000]);
  equal(server.clock.now(), 3_600_000);
});

Deno.test("createTestServer() accepts plugins under test, which the configuration names", async () => {
  const fixed = hooks("fixed", { serve: () => 7 });
  await using server = await createTestServer({
    plugins: { fixed: {} },
    routes: [{ path: "/" }],
  }, { plugins: [fixed] });
  equal((await server.request("/")).duration, 7);
  await using off = await createTestServer({
    plugins: { fixed: false },
    routes: [{ path: "/" }],
  }, { plugins: [fixed] });
  equal((await off.request("/")).duration, 0);
});

Deno.test("createTestServer() waits for responses that plugins create in several microtasks", async () => {
  const slow = hooks("slow", {
    respond: async (_, response) => {
      for (let i = 0; i < 10; i++) await Promise.resolve();
      return response;
    },
  });
  await using server = await createTestServer({
    routes: [{ path: "/", serviceTime: "5ms" }],
  }, { plugins: [slow] });
  equal((await server.request("/")).response.status, 200);
});

Deno.test("TestServer.request() throws if the answer would never come", async () => {
  const lines: string[] = [];
  const stuck = hooks("stuck", { admit: () => ({ leave() {} }) });
  await using server = await createTestServer({
    routes: [{ path: "/" }],
  }, { plugins: [stuck], log: (_, line) => lines.push(line) });
  await rejects(
    server.request("/"),
    /Cannot await the answer to GET \/: no timer is left/,
  );
  deepEqual(lines, []);
});

Deno.test("createTestServer() has the same defaults as a server, except for the clock", async () => {
  await using server = await createTestServer();
  equal((await server.request("/")).response.status, 404);
  equal(
    (await errorOf(() => createTestServer({ routes: [{ path: "x" }] }))).code,
    "CONFIG_INVALID",
  );
});

Deno.test("TestServer.request() answers /metrics and other endpoints that work for several turns, and no virtual time passes", async () => {
  const routes = Array.from({ length: 60 }, (_, n) => ({
    id: `r${n}`,
    path: `/r${n}`,
    serviceTime: "1h",
  }));
  await using server = await createTestServer({ routes });
  // A timer that goes on for ever must not make time pass while the server works.
  let ticks = 0;
  const tick = (): void => {
    ticks++;
    server.clock.at(server.clock.now() + 1000, tick, undefined);
  };
  tick();
  for (const path of ["/metrics", "/_perfmock/stats"]) {
    const { response, duration } = await server.request(path);
    equal(response.status, 200);
    ok((await response.text()).includes("r59"));
    equal(duration, 0);
  }
  equal(ticks, 1);
});

Deno.test("TestServer.request() waits for work that does not depend on the clock", async () => {
  await using server = await createTestServer({
    routes: [{ path: "/", serviceTime: "5ms" }],
  });
  const { response } = await server.request("/_perfmock/config", {
    method: "PATCH",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ seed: 7 }),
  });
  equal(response.status, 200);
  await response.body?.cancel();
});

Deno.test("TestServer.measure() returns the durations of requests in turn, and fails at the first error", async () => {
  await using server = await createTestServer({
    routes: [
      { path: "/", serviceTimes: ["5ms", "1h", "7ms"] },
      { path: "/bad", faults: [{ share: 1, status: 503 }] },
    ],
  });
  deepEqual(await server.measure("/", 3), [5, 3_600_000, 7]);
  deepEqual(await server.measure("/", 0), []);
  await rejects(
    server.measure("/bad", 3),
    /^AssertionError.*: Request 1 of 3 to \/bad was answered with 503: /,
  );
  await rejects(server.measure("/none", 1, { method: "POST" }), /with 404: /);
});

Deno.test("TestServer.request() gives each of several requests at once its own duration", async () => {
  await using server = await createTestServer({
    plugins: { limiter: { pools: { one: { concurrency: 1, queue: 10 } } } },
    routes: [
      { path: "/queued", serviceTime: "1h", limiter: "one" },
      { path: "/short", serviceTime: "10s" },
    ],
  });
  const answers = await Promise.all(
    ["/queued", "/short", "/queued", "/queued"].map((path) =>
      server.request(path)
    ),
  );
  const hour = 3_600_000;
  deepEqual(
    answers.map(({ duration }) => duration),
    [hour, 10_000, 2 * hour, 3 * hour],
  );
});

Deno.test("createTestServer() takes the numbers of a segment, and tells the log to whoever asks", async () => {
  const lines: string[] = [];
  const broken = hooks("broken", {
    serve: () => {
      throw new Error("out of order");
    },
  });
  await using server = await createTestServer({
    plugins: { broken: {} },
    routes: [{ path: "/" }],
  }, {
    segment: "1/3",
    plugins: [broken],
    log: (_, message) => void lines.push(message),
  });
  for (const sequence of ["1", "4"]) {
    const { response } = await server.request("/");
    equal(response.headers.get("perfmock-sequence"), sequence);
  }
  ok(lines.some((line) => line.includes("out of order")), lines.join());
});

Deno.test("createTestServer() refuses options of other functions and unknown ones, all at once", async () => {
  const options = { listen: true, plugin: [], clock: {} };
  const { code, message, issues } = await errorOf(() =>
    createTestServer({}, options as never)
  );
  equal(code, "ARGUMENT_INVALID");
  equal(message, "Cannot create the test server: 3 errors");
  deepEqual(
    issues.map(({ path, allowed, suggestion }) => [path, allowed, suggestion]),
    [
      ["options.listen", "plugins, segment or log", undefined],
      ["options.plugin", "plugins, segment or log", "plugins"],
      ["options.clock", "plugins, segment or log", undefined],
    ],
  );
  ok(issues[0].message.startsWith("A test server does not listen"));
});

Deno.test("the URL of a test server is a base for requests within the process alone", async () => {
  await using test = await createTestServer({ routes: [{ path: "/a" }] });
  const { server } = test;
  equal(
    (await server.fetch(new Request(new URL("/a", server.url)))).status,
    200,
  );
  const health = new URL("/_perfmock/health", server.url);
  equal((await server.fetch(new Request(health))).status, 200);
  await rejects(
    () => fetch(server.url),
    ({ cause }: Error) => `${cause}`.includes("does-not-listen"),
  );
});
