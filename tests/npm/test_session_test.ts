// Runs alone, without the profiler: changes the environment.
import { equal, match, throws } from "node:assert/strict";
import { PerfmockError } from "../../mod.ts";
import {
  sharedAddress,
  shareServer,
  unshareServer,
} from "../../npm/shared_server.ts";
import { type Hooks, testSession } from "../../npm/test_session.ts";
import { errorOf } from "../support/errors.ts";

const CONFIG = { routes: [{ id: "a", path: "/a", serviceTime: "2ms" }] };

/** Hooks that a test runs itself. */
function collected() {
  const all: Record<keyof Hooks, (() => Promise<void>)[]> = {
    beforeAll: [],
    beforeEach: [],
    afterAll: [],
  };
  const hooks: Hooks = {
    beforeAll: (run) => all.beforeAll.push(run),
    beforeEach: (run) => all.beforeEach.push(run),
    afterAll: (run) => all.afterAll.push(run),
  };
  const run = async (name: keyof Hooks) => {
    for (const hook of all[name]) await hook();
  };
  return { hooks, run };
}

Deno.test("testSession() has a session from the first test to the last, which begins afresh before each", async () => {
  const address = await shareServer({
    ...CONFIG,
    control: { token: "t".repeat(16) },
  });
  try {
    equal(sharedAddress()?.url, address.url);
    equal(address.token, "t".repeat(16));
    const { hooks, run } = collected();
    const session = testSession(hooks, {}, "");
    throws(() => session.url, /before its first test/);
    await run("beforeAll");
    const { id, url } = session;
    for (let n = 0; n < 2; n++) {
      await run("beforeEach");
      equal((await session.stats()).routes.a.arrivals, 0);
      const response = await fetch(new URL("/a", session.serverUrl), {
        headers: session.headers,
      });
      equal(response.headers.get("perfmock-sequence"), "0");
      await response.body?.cancel();
      await session.call("PATCH", "/routes/a", { scale: 3 });
      equal((await session.requests()).length, 1);
      await session.reset();
      await session.update({ seed: 7 });
      equal(session.id, id);
      equal(session.url, url);
    }
    await run("afterAll");
    throws(() => session.headers, /after its last test/);
  } finally {
    await unshareServer();
  }
  equal(sharedAddress(), undefined);
  await unshareServer();
});

Deno.test("testSession() without a shared server, or with `resets: false`", async () => {
  const { hooks, run } = collected();
  testSession(hooks, {}, "Do this.");
  const error = await errorOf(() => run("beforeAll"));
  equal(error.code, "SERVER_NOT_STARTED");
  match(error.message, /no server is shared with this worker\. Do this\.$/);
  await run("afterAll");
  const kept = collected();
  testSession(kept.hooks, { resets: false }, "");
  await kept.run("beforeEach");
});

Deno.test("shareServer() with errors in the configuration shares nothing", async () => {
  const error = await errorOf(() => shareServer({ routes: [{ path: "x" }] }));
  equal(error instanceof PerfmockError, true);
  match(error.message, /\/routes\/0\/path/);
  equal(sharedAddress(), undefined);
});
