// Runs alone, without the profiler: changes the environment.
import {
  deepEqual,
  equal,
  match,
  ok,
  rejects,
  throws,
} from "node:assert/strict";
import { PerfmockError } from "../../mod.ts";
import {
  sharedAddress,
  shareServer,
  unshareServers,
} from "../../npm/shared_server.ts";
import { perfmockSetup as perfmockSetupOfJest } from "../../npm/jest.ts";
import { type Runner, testSession } from "../../npm/test_session.ts";
import { perfmockSetup as perfmockSetupOfVitest } from "../../npm/vitest.ts";
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
  const { address } = await shareServer({
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
    await unshareServers();
  }
  equal(sharedAddress(), undefined);
  await unshareServers();
});

Deno.test("shareServer() starts one server for projects that are set up alike, which ends with the last", async () => {
  const [a, b, other] = await Promise.all([
    shareServer(CONFIG, {}, { folder: "/run/a" }),
    shareServer(CONFIG, {}, { folder: "/run/a/b" }),
    shareServer(CONFIG, { seed: 7 }, { folder: "/run/other" }),
  ]);
  try {
    equal(a.address.url, b.address.url);
    ok(a.address.url !== other.address.url);
    for (
      const [file, share] of [
        ["/run/a/x.test.ts", a],
        ["/run/a/b/x.test.ts", b],
        ["/run/other/x.test.ts", other],
        ["/run/ab/x.test.ts", undefined],
        [undefined, undefined],
      ] as const
    ) equal(sharedAddress(file)?.url, share?.address.url, file);
    await a.stop();
    await a.stop();
    equal(sharedAddress("/run/a/x.test.ts"), undefined);
    equal(sharedAddress("/run/a/b/x.test.ts")?.url, b.address.url);
    const { url } = b.address;
    await (await fetch(url)).body?.cancel();
    await b.stop();
    await rejects(fetch(url));
    // One server for a run is for all its files: Jest names the folder of one project of several.
    equal(sharedAddress("/run/a/x.test.ts")?.url, other.address.url);
    equal(sharedAddress()?.url, other.address.url);
  } finally {
    await unshareServers();
  }
  equal(sharedAddress(), undefined);
});

Deno.test("shareServer() ends the server that it shared before with the same folder, unless the runner passes addresses on", async () => {
  const first = await shareServer(CONFIG);
  const passed = await shareServer(CONFIG, { seed: 1 }, { folder: null });
  const second = await shareServer(CONFIG, { seed: 2 });
  try {
    await rejects(fetch(first.address.url));
    await (await fetch(passed.address.url)).body?.cancel();
    equal(sharedAddress()?.url, second.address.url);
    await first.stop();
    equal(sharedAddress()?.url, second.address.url);
  } finally {
    await unshareServers();
  }
  await rejects(fetch(passed.address.url));
});

Deno.test("testSession() takes the address that the runner passes, or that of the file's folder", async () => {
  const [a, b] = await Promise.all([
    shareServer(CONFIG, {}, { folder: "/run/a" }),
    shareServer(CONFIG, { seed: 7 }, { folder: "/run/b" }),
  ]);
  try {
    for (
      const [more, { address }] of [
        [{ address: () => b.address }, b],
        [{ address: () => undefined, file: () => "/run/a/x.test.ts" }, a],
        [{ file: () => "/run/b/x.test.ts" }, b],
      ] as const
    ) {
      const { runner, run } = collected(more);
      const session = useSession(runner);
      await run("beforeAll");
      equal(session.serverUrl, address.url);
      await run("afterAll");
    }
    const { runner, run } = collected({ file: () => "/elsewhere.test.ts" });
    useSession(runner);
    const { message } = await errorOf(() => run("beforeAll"));
    match(message, /no server is shared with this worker/);
  } finally {
    await unshareServers();
  }
});

Deno.test("perfmockSetup() of Jest has a server for each rootDir, and refuses a second one for the same", async () => {
  const setUp = (seed: number) => perfmockSetupOfJest(CONFIG, { seed });
  try {
    await setUp(1)({}, { rootDir: "/run/a", id: "a" });
    await setUp(2)({}, { rootDir: "/run/b", id: "b" });
    ok(
      sharedAddress("/run/a/x.ts")?.url !== sharedAddress("/run/b/x.ts")?.url,
    );
    const { code, message } = await errorOf(() =>
      setUp(3)({}, { rootDir: "/run/b", id: "c" })
    );
    equal(code, "ARGUMENT_INVALID");
    match(message, /give each project a rootDir of its own/);
    // As after a change of a watched file.
    await setUp(4)({}, { rootDir: "/run/b", id: "b" });
  } finally {
    await unshareServers();
  }
});

Deno.test("perfmockSetup() of Vitest passes the address to the project that it is given", async () => {
  const setUp = perfmockSetupOfVitest(CONFIG);
  const passed: unknown[] = [];
  const project = {
    name: "unit",
    provide(this: { readonly name: string }, key: string, value: unknown) {
      passed.push([this.name, key, (value as { readonly url: string }).url]);
    },
  };
  const stop = await setUp(project);
  equal(sharedAddress(), undefined);
  const [[name, key, url]] = passed as string[][];
  deepEqual([name, key], ["unit", "perfmock"]);
  await (await fetch(url)).body?.cancel();
  await stop();
  await rejects(fetch(url));
  const stopTold = await setUp();
  ok(sharedAddress() !== undefined);
  await stopTold();
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
