// Runs without the profiler: starts processes.
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { pathToFileURL } from "node:url";
import {
  PerfmockError,
  type PerfmockServer,
  startPerfmock,
} from "../../npm/index.ts";
import { until } from "../support/wait.ts";

const ROUTES = [
  { id: "a", path: "/a", serviceTime: "2ms", response: { json: { n: 1 } } },
  { id: "b", path: "/b", response: { text: "b" } },
];

/** Sends a request and returns its status and text. */
async function get(
  url: string | URL,
  headers: Readonly<Record<string, string>> = {},
): Promise<readonly [number, string]> {
  const response = await fetch(url, { headers });
  return [response.status, await response.text()];
}

/** Waits for an error of ours, and returns it. */
async function errorOf(promise: Promise<unknown>): Promise<PerfmockError> {
  let caught: unknown;
  await rejects(promise, (error) => {
    caught = error;
    return true;
  });
  ok(caught instanceof PerfmockError, String(caught));
  return caught;
}

/** A file in a folder of its own. */
async function file(
  name: string,
  text: string,
): Promise<
  { readonly path: string; readonly folder: string } & AsyncDisposable
> {
  const folder = await Deno.makeTempDir({ prefix: "perfmock-test-" });
  await Deno.writeTextFile(`${folder}/${name}`, text);
  return {
    folder,
    path: `${folder}/${name}`,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

/** A port that is free at the time of the call. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** True as long as a process runs. */
function runs({ pid }: Pick<PerfmockServer, "pid">): boolean {
  try {
    Deno.kill(pid, "SIGCONT");
    return true;
  } catch {
    return false;
  }
}

Deno.test("startPerfmock() serves, and answers all calls about the server", async () => {
  await using server = await startPerfmock({ routes: ROUTES }, { seed: 7 });
  deepEqual(await get(new URL("/a", server.url)), [200, '{"n":1}']);
  equal(server.control, new URL("/_perfmock", server.url).href);
  equal((await get(`${server.control}/health`))[0], 200);
  equal((await server.stats()).routes.a.arrivals, 1);
  await get(new URL("/b", server.url));
  deepEqual((await server.requests(1)).map(({ route }) => route), ["b"]);
  deepEqual(
    (await server.requests({ route: "a" })).map(({ route }) => route),
    ["a"],
  );
  const { seed } = await server.call("GET", "/config") as { seed: number };
  equal(seed, 7);
  await server.update({ seed: 8 });
  const changed = await server.call("GET", "config") as { seed: number };
  equal(changed.seed, 8);
  await server.call("PATCH", "/routes/b", { response: { text: "c" } });
  deepEqual(await get(new URL("/b", server.url)), [200, "c"]);
  await server.reset();
  equal((await server.stats()).routes.a.arrivals, 0);
});

Deno.test("startPerfmock() keeps the token of the control API, and listens where it was told", async () => {
  await using server = await startPerfmock({
    control: { token: "a-token-of-some-length", path: "/ctl" },
    routes: ROUTES,
  }, { host: "localhost" });
  equal(new URL(server.url).hostname, "localhost");
  equal((await get(`${server.control}/stats`))[0], 401);
  equal((await server.stats()).routes.a.arrivals, 0);
});

Deno.test("A session of startPerfmock() has its own state until it is stopped", async () => {
  await using server = await startPerfmock({ routes: ROUTES });
  {
    await using session = await server.session({
      name: "w1",
      seed: 3,
      routes: { b: { response: { text: "mine" } } },
    });
    equal(session.id, "w1");
    equal(new URL(session.url).hostname, "w1.localhost");
    const url = new URL("/b", server.url);
    deepEqual(await get(url, session.headers), [200, "mine"]);
    deepEqual(await get(url), [200, "b"]);
    equal((await session.stats()).routes.b.arrivals, 1);
    equal((await server.stats()).routes.b.arrivals, 1);
    await session.update({ seed: 4 });
    deepEqual(
      (await session.requests()).map(({ session }) => session),
      ["w1"],
    );
    await session.stop();
    const error = await errorOf(session.stats());
    equal(error.code, "SESSION_UNKNOWN");
  }
  const { sessions } = await server.call("GET", "/sessions") as {
    sessions: unknown[];
  };
  deepEqual(sessions, []);
});

Deno.test("startPerfmock() runs load scripts, over HTTP, in virtual time, and until they are aborted", async () => {
  await using server = await startPerfmock({ routes: ROUTES });
  const script = (duration: string) => ({
    scenarios: {
      s: {
        executor: "arrival-rate",
        arrivals: "uniform",
        rate: "100/s",
        duration,
        requests: [{ path: "/a" }],
      },
    },
  });
  const summary = await server.load(script("200ms"));
  equal(summary.ok, true);
  equal(summary.scenarios.s.scheduled, 20);
  const simulated = await server.simulate(JSON.stringify(script("10m")));
  equal(simulated.scenarios.s.scheduled, 60_000);
  const aborting = new AbortController();
  const long = server.load(script("10m"), { signal: aborting.signal });
  await until(async () => {
    const { runs } = await server.call("GET", "/load_engine/runs") as {
      runs: { state: string }[];
    };
    return runs.some(({ state }) => state === "running");
  });
  aborting.abort();
  ok((await long).aborted !== null);
  const error = await errorOf(server.load({ scenarios: { s: {} } }));
  equal(error.code, "SCRIPT_INVALID");
});

Deno.test("startPerfmock() rejects with all errors of a configuration and the caller's stack", async () => {
  const error = await errorOf(startPerfmock({
    sed: 1,
    routes: [{ path: "/a", serviceTime: "fast" }],
  } as object));
  equal(error.code, "CONFIG_INVALID");
  deepEqual(
    error.issues.map(({ path }) => path),
    ["/sed", "/routes/0/serviceTime"],
  );
  match(
    error.message,
    /^Cannot use the configuration: 2 errors \[CONFIG_INVALID\]\n\n {2}\/sed: /,
  );
  match(error.message, /suggestion: seed/);
  const frames = (error.stack ?? "").split("\n").filter((line) =>
    /^ {4}at .*\.[cm]?[jt]s/.test(line)
  );
  ok(frames.length > 0);
  deepEqual(
    frames.filter((line) =>
      /\/npm\/[a-z_]+\.[jt]s/.test(line) && !/tests\/npm/.test(line)
    ),
    [],
  );
});

Deno.test("startPerfmock() reads a configuration file, and locates its errors", async () => {
  await using good = await file(
    "mock.yaml",
    "seed: ${SEED}\nroutes: [{ id: f, path: /f, response: { file: ./text.txt } }]\n",
  );
  await Deno.writeTextFile(`${good.folder}/text.txt`, "from a file");
  for (
    const server of [
      await startPerfmock(good.path, { env: { SEED: "9" } }),
      await startPerfmock(pathToFileURL(good.path), { env: { SEED: "9" } }),
      await startPerfmock(undefined, {
        configFile: "mock.yaml",
        cwd: good.folder,
        env: { SEED: "9", PERFMOCK_SEED: "" },
      }),
    ]
  ) {
    await using started = server;
    deepEqual(
      await get(new URL("/f", started.url)),
      [200, "from a file"],
    );
    const { seed } = await started.call("GET", "/config") as { seed: number };
    equal(seed, 9);
  }
  await using bad = await file("mock.yaml", "routes:\n  - path: a\n");
  const error = await errorOf(startPerfmock(bad.path));
  match(error.message, /at \S*mock\.yaml:2:5/);
  const absent = await errorOf(startPerfmock(`${bad.folder}/other.yaml`));
  equal(absent.code, "CONFIG_UNREADABLE");
});

Deno.test("startPerfmock() refuses arguments that contradict one another, and values that JSON cannot hold", async () => {
  for (
    const promise of [
      startPerfmock({}, { configFile: "a.yaml" }),
      startPerfmock({}, { cwd: "/nowhere/at/all" }),
      startPerfmock({
        routes: [{ path: "/a", response: { json: () => 1 } }],
      } as object),
    ]
  ) equal((await errorOf(promise)).code, "ARGUMENT_INVALID");
});

Deno.test("startPerfmock() lists all wrong arguments at once, with suggestions", async () => {
  const error = await errorOf(
    startPerfmock(null as unknown as undefined, {
      sed: 1,
      port: 70_000,
      cwd: "/nowhere/at/all",
      configFile: "mock.yaml",
      env: { A: 1 },
      host: undefined,
    } as object),
  );
  equal(error.code, "ARGUMENT_INVALID");
  deepEqual(error.issues.map(({ path, suggestion }) => [path, suggestion]), [
    ["config", undefined],
    ["options.sed", "seed"],
    ["options.port", undefined],
    ["options.env", undefined],
    ["options.configFile", undefined],
    ["options.cwd", undefined],
  ]);
  match(error.message, /^Cannot start perfmock: 6 errors \[ARGUMENT_INVALID\]/);
  for (const config of [[], 5, Promise.resolve({}), new Map()]) {
    const { issues } = await errorOf(startPerfmock(config as object));
    deepEqual(issues.map(({ path }) => path), ["config"]);
  }
});

Deno.test("Arguments of calls are checked before they are made, all at once", async () => {
  await using server = await startPerfmock({ routes: ROUTES });
  await using session = await server.session();
  const pathsOf = async (promise: Promise<unknown>) => {
    const { code, issues } = await errorOf(promise);
    return [code, ...issues.map(({ path }) => path)];
  };
  for (const { call } of [server, session]) {
    const made = (...args: unknown[]) =>
      pathsOf(
        Reflect.apply(call, call === server.call ? server : session, args),
      );
    deepEqual(await made("GET"), ["ARGUMENT_INVALID", "path"]);
    deepEqual(await made("TRACE", "/../a"), [
      "ARGUMENT_INVALID",
      "method",
      "path",
    ]);
    deepEqual(await made("GET", "/%2e%2e/a", { a: 1 }), [
      "ARGUMENT_INVALID",
      "path",
      "body",
    ]);
    deepEqual(await made(5, ["/stats"]), [
      "ARGUMENT_INVALID",
      "method",
      "path",
    ]);
  }
  const { issues: [{ suggestion }] } = await errorOf(
    server.call("get", "/stats"),
  );
  equal(suggestion, "GET");
  for (const subject of [server, session]) {
    deepEqual(await pathsOf(Reflect.apply(subject.update, subject, [])), [
      "ARGUMENT_INVALID",
      "patch",
    ]);
  }
  deepEqual(
    await pathsOf(
      startPerfmock({}, { cwd: "deno.json", env: { A: "a\0b" } }),
    ),
    ["ARGUMENT_INVALID", "options.env", "options.cwd"],
  );
});

Deno.test("startPerfmock() of a file that does not exist names those that do", async () => {
  await using folder = await file("mock.yaml", "routes: []\n");
  const error = await errorOf(
    startPerfmock("mok.yaml", { cwd: folder.folder }),
  );
  equal(error.code, "CONFIG_UNREADABLE");
  match(error.message, /allowed: mock\.yaml\n {4}suggestion: mock\.yaml/);
});

Deno.test("Errors of a file name the options of the program, not those of the command line", async () => {
  await using bad = await file(
    "mock.yaml",
    'seed: 1\nroutes: [{ path: /a, scale: "${SCALE}" }]\n',
  );
  const { message, issues } = await errorOf(
    startPerfmock(bad.path, { host: "0.0.0.0", port: 0, seed: 1 }),
  );
  match(message, /\(from options\.host\)/);
  match(message, /Pass options\.env, such as \{\}, to replace it/);
  match(message, /at \S*mock\.yaml:2:/);
  equal(/--host|--env|PERFMOCK_/.test(message), false, message);
  ok(issues.some(({ suggestion }) => suggestion === "Set control.token"));
  const folder = await errorOf(startPerfmock(".", { cwd: bad.folder }));
  match(
    folder.message,
    /it is a folder, not a file[^]*a file in it: mock\.yaml/,
  );
});

Deno.test("Filters of the journal are checked before the call, and take each value that they promise", async () => {
  await using server = await startPerfmock({ routes: ROUTES });
  await get(new URL("/a", server.url));
  for (
    const [filter, path, suggestion] of [
      [{ limt: 3 }, "filter.limt", "limit"],
      [{ limit: 0 }, "filter.limit"],
      [{ limit: 1e9 }, "filter.limit"],
      [{ outcome: "anwered" }, "filter.outcome", "answered"],
      [{ status: "200" }, "filter.status"],
      [{ status: 5e9 }, "filter.status"],
      [{ slower: "soon" }, "filter.slower"],
      [{ slower: -1 }, "filter.slower"],
      [5.5, "filter.limit"],
      [null, "filter"],
    ] as const
  ) {
    const error = await errorOf(server.requests(filter as object));
    equal(error.code, "ARGUMENT_INVALID");
    deepEqual(
      error.issues.map(({ path, suggestion }) => [path, suggestion]),
      [[path, suggestion]],
    );
  }
  for (
    const [filter, count] of [
      [{ slower: 0 }, 1],
      [{ slower: 1e-9 }, 1],
      [{ slower: 999_999_999 }, 0],
      [{ slower: "1ms" }, 1],
      [{ status: 200, outcome: "answered", limit: 999_999_999 }, 1],
      [{ status: 0, limit: undefined }, 0],
    ] as const
  ) equal((await server.requests(filter)).length, count);
});

Deno.test("Errors of all calls begin at the user's line, and name routes of sessions by their ids", async () => {
  await using server = await startPerfmock({ routes: ROUTES });
  await using session = await server.session({ name: "w1" });
  const errors = [
    await errorOf(server.session({ sed: 1 } as object)),
    await errorOf(server.session({ name: "w1" })),
    await errorOf(server.session({ routes: { a: { serviceTime: "soon" } } })),
    await errorOf(server.load({}, { signl: 1 } as object)),
    await errorOf(server.load({ scenarios: 1 })),
    await errorOf(server.simulate(() => 1)),
    await errorOf(server.requests({ rout: "a" } as object)),
    await errorOf(server.call("PATCH", "/routes/none", {})),
    await errorOf(session.update({ seed: [] } as object)),
    await errorOf(session.call("PATCH", "/routes/a", { scale: 1n })),
  ];
  for (const error of errors) {
    const [frame] = (error.stack ?? "").split("\n")
      .filter((line) => line.startsWith("    at "));
    match(frame, /index_test\.ts/, error.stack);
  }
  deepEqual(errors[2].issues.map(({ path }) => path), [
    "/routes/a/serviceTime",
  ]);
});

Deno.test("Of several servers that want one port, one gets it, and the others say what to do", async () => {
  const port = freePort();
  const results = await Promise.allSettled(
    Array.from(
      { length: 4 },
      () => startPerfmock({ routes: ROUTES }, { port }),
    ),
  );
  const started = results.filter((result) => result.status === "fulfilled");
  equal(started.length, 1);
  await using _server = started[0].value;
  for (const result of results) {
    if (result.status === "fulfilled") continue;
    const { reason } = result;
    ok(reason instanceof PerfmockError);
    equal(reason.code, "PORT_IN_USE");
    match(reason.message, /the port is in use/);
    match(reason.message, /suggestion: .*session/);
  }
});

Deno.test("A server that was stopped refuses calls, and its process has ended", async () => {
  const server = await startPerfmock({ routes: ROUTES });
  const session = await server.session();
  await Promise.all([server.stop(), server.stop()]);
  equal(runs(server), false);
  const error = await errorOf(server.stats());
  equal(error.code, "SERVER_NOT_STARTED");
  match(error.message, /^Cannot use a server that has ended: it was stopped/);
  match(error.stack ?? "", /index_test\.ts/);
  equal((await errorOf(session.stats())).code, "SERVER_NOT_STARTED");
  await session.stop();
  await server.stop();
});

Deno.test("A server whose process is killed rejects all calls that wait", async () => {
  await using server = await startPerfmock({ routes: ROUTES });
  const run = errorOf(server.load({
    scenarios: {
      s: {
        executor: "arrival-rate",
        rate: "10/s",
        duration: "10m",
        requests: [{ path: "/a" }],
      },
    },
  }));
  await server.stats();
  Deno.kill(server.pid, "SIGKILL");
  match((await run).message, /its process was ended by SIGKILL/);
  equal((await errorOf(server.stats())).code, "SERVER_NOT_STARTED");
});
