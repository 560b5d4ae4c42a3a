import { deepEqual, equal, rejects } from "node:assert/strict";
import { createTestServer } from "../../core/testing.ts";
import { errorOf } from "../support/errors.ts";
import { hooks } from "../support/plugins.ts";

Deno.test("createTestServer() takes an hour in no time, and is exact", async () => {
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

Deno.test("createTestServer() takes plugins under test, named by their names", async () => {
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

Deno.test("createTestServer() waits for responses that plugins make in several turns", async () => {
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

Deno.test("TestServer.request() says so where the answer would never come", async () => {
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

Deno.test("createTestServer() has no defaults of its own but the clock", async () => {
  await using server = await createTestServer();
  equal((await server.request("/")).response.status, 404);
  equal(
    (await errorOf(() => createTestServer({ routes: [{ path: "x" }] }))).code,
    "CONFIG_INVALID",
  );
});
