// Runs alone, without the profiler: changes the environment.
import { deepEqual, equal, match, throws } from "node:assert/strict";
import { PerfmockError } from "../../mod.ts";
import {
  sharedAddress,
  shareServer,
  unshareServer,
} from "../../npm/shared_server.ts";
import { type Runner, testSession } from "../../npm/test_session.ts";
import { errorOf } from "../support/errors.ts";

const CONFIG = { routes: [{ id: "a", path: "/a", serviceTime: "2ms" }] };

/** A runner whose hooks a test runs itself. */
function collected(more: Partial<Runner> = {}) {
  type Hook = (context: { readonly task?: unknown }) => Promise<void>;
  const all: Record<keyof Runner["hooks"], Hook[]> = {
    beforeAll: [],
    beforeEach: [],
    afterAll: [],
  };
  const runner: Runner = {
    hooks: {
      beforeAll: (run) => all.beforeAll.push(run),
      beforeEach: (run) => all.beforeEach.push(run),
      afterAll: (run) => all.afterAll.push(run),
    },
    setUp: "Do this.",
    inTest: () => false,
    concurrent: () => false,
    ...more,
  };
  const run = async (name: keyof typeof all, task?: unknown) => {
    for (const hook of all[name]) await hook({ task });
  };
  return { runner, run };
}

/** Stands for the function that the user calls. */
function useSession(
  runner: Runner,
  options: Parameters<typeof testSession>[1] = {},
) {
  return testSession(runner, options, useSession);
}

Deno.test("testSession() has a session from the first test to the last, which begins afresh before each", async () => {
  const address = await shareServer({
    ...CONFIG,
    control: { token: "t".repeat(16) },
  });
  try {
    equal(sharedAddress()?.url, address.url);
    equal(address.token, "t".repeat(16));
    const { runner, run } = collected();
    const session = useSession(runner);
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
  const { runner, run } = collected();
  useSession(runner);
  const error = await errorOf(() => run("beforeAll"));
  equal(error.code, "SERVER_NOT_STARTED");
  match(
    error.message,
    /no server is shared with this worker\. Do this\. \[SERVER_NOT_STARTED\]$/,
  );
  await run("afterAll");
  const kept = collected();
  useSession(kept.runner, { resets: false });
  await kept.run("beforeEach");
});

Deno.test("testSession() refuses tests that run at the same time, unless it does not begin afresh before each", async () => {
  const all = collected({ concurrent: () => true });
  useSession(all.runner);
  const first = await errorOf(() => all.run("beforeAll"));
  equal(first.code, "ARGUMENT_INVALID");
  match(first.message, /`resets: false`/);
  const one = collected({ concurrent: (task) => task === "concurrent" });
  useSession(one.runner);
  const second = await errorOf(() => one.run("beforeEach", "concurrent"));
  equal(second.message, first.message);
  match(second.stack ?? "", /^ {4}at .*test_session_test\.ts/m);
  const kept = collected({ concurrent: () => true });
  useSession(kept.runner, { resets: false });
  await kept.run("beforeEach", "concurrent");
});

Deno.test("testSession() refuses a call within a test, and wrong options, all at once, at the user's line", () => {
  const refused = (
    more: Partial<Runner>,
    options: object,
  ): PerfmockError => {
    let caught: unknown;
    throws(() => useSession(collected(more).runner, options), (error) => {
      caught = error;
      return error instanceof PerfmockError &&
        error.code === "ARGUMENT_INVALID";
    });
    const error = caught as PerfmockError;
    const [, frame] = (error.stack ?? "").slice(error.message.length)
      .split("\n");
    match(frame, /test_session_test\.ts/);
    return error;
  };
  match(refused({ inTest: () => true }, {}).message, /within a test/);
  const { issues, message } = refused({}, {
    seeds: 1,
    resets: "no",
    expiry: {},
    routes: undefined,
  });
  deepEqual(issues.map(({ path, suggestion }) => [path, suggestion]), [
    ["options.seeds", "seed"],
    ["options.resets", undefined],
    ["options.expiry", undefined],
  ]);
  match(message, /: 3 errors \[ARGUMENT_INVALID\]\n\n {2}options\.seeds: /);
});

Deno.test("shareServer() with errors in the configuration shares nothing", async () => {
  const error = await errorOf(() => shareServer({ routes: [{ path: "x" }] }));
  equal(error instanceof PerfmockError, true);
  match(error.message, /\/routes\/0\/path/);
  equal(sharedAddress(), undefined);
});
