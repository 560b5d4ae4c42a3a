import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { createPerfmock, type Perfmock } from "../../../core/app.ts";
import { PerfmockError } from "../../../core/errors.ts";
import type { Host, Plugin, RouteHooks } from "../../../core/plugin.ts";
import { safeLog } from "../../../core/server/safe_log.ts";
import { Server } from "../../../core/server/server.ts";
import { createTestServer, VirtualClock } from "../../../core/testing.ts";
import { VERSION } from "../../../core/version.ts";
import { call, post } from "../../support/http.ts";
import { hooks, plugin } from "../../support/plugins.ts";

const ROUTES = [{ id: "r", path: "/r", serviceTime: "20ms" }];

Deno.test("stats() counts exchanges, and reset() starts again with sequence number 0", async () => {
  await using test = await createTestServer({ routes: ROUTES });
  const { server } = test;
  const sequence = async () =>
    (await test.request("/r")).response.headers.get("perfmock-sequence");
  deepEqual([await sequence(), await sequence()], ["0", "1"]);
  const { revision, routes: { r } } = server.stats();
  deepEqual(
    [revision, r.arrivals, r.answered, r.early, r.responseTime.p50],
    [1, 2, 2, 0, 20],
  );
  server.reset();
  equal(server.stats().routes.r.answered, 0);
  equal(await sequence(), "0");
});

Deno.test("stats() contains the snapshots of plugins", async () => {
  await using test = await createTestServer({}, {
    plugins: [
      plugin("counting", { snapshot: () => ({ widgets: 3 }) }),
      plugin("silent"),
    ],
  });
  const { plugins } = test.server.stats();
  deepEqual(plugins.counting, { widgets: 3 });
  equal("silent" in plugins, false);
});

Deno.test("a plugin whose snapshot or health throws does not hide those of others", async () => {
  const broken = () => {
    throw new Error("boom");
  };
  await using test = await createTestServer({}, {
    plugins: [
      plugin("broken", { snapshot: broken, health: broken }),
      plugin("counting", { snapshot: () => ({ widgets: 3 }) }),
    ],
  });
  const { plugins } = test.server.stats();
  deepEqual(plugins.counting, { widgets: 3 });
  deepEqual(plugins.broken, { error: "Error: boom" });
  const { status, reasons } = test.server.health();
  equal(status, "degraded");
  match(reasons[0], /Plugin "broken" cannot tell how it is: Error: boom/);
});

Deno.test("a plugin can read the seed, suggest names, and warn after all routes were prepared", async () => {
  const routes: string[] = [];
  let host: Host | undefined;
  const watching: Plugin = {
    name: "watching",
    version: "1.0.0",
    setup(given) {
      host = given;
      return {
        route: ({ id }) => void routes.push(id),
        warnings: () => [{ path: "/x", message: `Saw ${routes.join(", ")}` }],
      };
    },
  };
  await using test = await createTestServer({
    seed: "s",
    routes: [{ path: "/a" }, { path: "/b" }],
  }, { plugins: [watching] });
  deepEqual([host?.seed, host?.suggest("dbb", ["db", "web"])], ["s", "db"]);
  deepEqual(
    test.server.warnings,
    [{ path: "/plugins/watching/x", message: "Saw get-a, get-b" }],
  );
});

Deno.test("health() reports ok, with version, revision and uptime on the server's clock", async () => {
  await using test = await createTestServer({ routes: ROUTES });
  await test.request("/r");
  deepEqual(test.server.health(), {
    status: "ok",
    live: true,
    ready: true,
    version: VERSION,
    uptimeMs: 20,
    revision: 1,
    engine: "none",
    reasons: [],
    active: { stress: [], runs: [], experiments: [] },
    exporters: {},
  });
});

Deno.test("health() reports degraded with a reason while responses leave late, and recovers", async () => {
  /** Clock whose timers fire 3 ms late. */
  class LateClock extends VirtualClock {
    override at<A>(deadline: number, wake: (a: A) => void, argument: A) {
      return super.at(deadline + 3, wake, argument);
    }
  }
  const clock = new LateClock();
  await using server = await createPerfmock({ routes: ROUTES }, {
    clock,
    listen: false,
  });
  const pending = Array.from({ length: 30 }, () => call(server, "/r"));
  clock.advance(23);
  await Promise.all(pending);
  const { status, reasons } = server.health();
  equal(status, "degraded");
  match(reasons[0], /^Lateness p99 was 3\.0 ms/);
  equal(server.stats().routes.r.lateness.max, 3);
  clock.advance(11_000);
  equal(server.health().status, "ok");
});

Deno.test("health() reports why the clock runs without its thread", async () => {
  const real = globalThis.SharedArrayBuffer;
  Reflect.set(globalThis, "SharedArrayBuffer", undefined);
  let server: Perfmock | undefined;
  try {
    // The engine native keeps the deadlines itself.
    const engine = "deno";
    server = await createPerfmock({ server: { engine }, routes: ROUTES });
    const { status, reasons } = server.health();
    equal(status, "degraded");
    match(reasons[0], /^The clock runs without its waker thread: /);
    const response = await fetch(new URL("/r", server.url));
    equal(response.status, 200, "it serves all the same");
    equal(server.stats().routes.r.early, 0);
    await response.body?.cancel();
  } finally {
    Reflect.set(globalThis, "SharedArrayBuffer", real);
    await server?.[Symbol.asyncDispose]();
  }
});

Deno.test("health() reports a metric with too many series, and the reasons of plugins", async () => {
  const lines: string[] = [];
  const many = plugin("many", {
    health: () => ["The database is gone"],
  }, {
    setup: ({ metrics }) => {
      const metric = metrics.counter({
        name: "many_total",
        help: "Many",
        labels: ["n"],
      });
      for (let n = 0; n <= 200; n++) metric.series(`${n}`).add();
      return { health: () => ["The database is gone"] };
    },
  });
  await using test = await createTestServer({}, {
    plugins: [many],
    log: (level, line) => lines.push(`${level} ${line}`),
  });
  const { status, reasons } = test.server.health();
  equal(status, "degraded");
  match(reasons[0], /^Metric many_total has more series than are kept/);
  equal(reasons[1], "The database is gone");
  deepEqual(lines, ["warn Metric many_total has more series than are kept"]);
});

Deno.test("draw() returns the service time of any exchange without sending a request", async () => {
  await using test = await createTestServer({
    routes: [{
      id: "r",
      path: "/r",
      serviceTime: { uniform: { min: 0, max: "1s" } },
    }, {
      id: "bare",
      path: "/b",
    }],
  });
  const { server } = test;
  const drawn = [0, 1, 2].map((n) => server.draw("r", n));
  const took: number[] = [];
  for (const _ of drawn) took.push((await test.request("/r")).duration);
  deepEqual(took.map((ms) => ms.toFixed(6)), drawn.map((ms) => ms.toFixed(6)));
  equal(server.draw("bare", 5), 0);
  throws(() => server.draw("none", 0), { code: "ARGUMENT_INVALID" });
});

Deno.test("a hook that always throws is logged once, with plugin, hook, route and the position in its file", async () => {
  const lines: string[] = [];
  const broken: RouteHooks = {
    observe: () => {
      throw new Error("boom");
    },
  };
  await using test = await createTestServer({ routes: ROUTES }, {
    plugins: [hooks("broken", broken)],
    log: (level, line) => lines.push(`${level} ${line}`),
  });
  for (let i = 0; i < 3; i++) {
    equal((await test.request("/r")).response.status, 200);
  }
  equal(lines.length, 1);
  match(
    lines[0],
    /^error Hook "observe" of plugin "broken" failed on route "r": Error: boom at file:\/\/\S+\/server_test\.ts:\d+:\d+ \[HOOK_FAILED\]$/,
  );
});

Deno.test("the log shows a plugin's name with its lines and with errors of its disposal", async () => {
  const lines: string[] = [];
  const test = await createTestServer({}, {
    plugins: [plugin("own", {}, {
      setup: (host) => {
        host.log("info", "ready");
        return { [Symbol.asyncDispose]: () => Promise.reject("stuck") };
      },
    })],
    log: (level, line) => lines.push(`${level} ${line}`),
  });
  await test[Symbol.asyncDispose]();
  deepEqual(lines, [
    "info own: ready",
    'error Plugin "own" failed in [Symbol.asyncDispose]: stuck [PLUGIN_FAILED]',
  ]);
});

Deno.test("the log goes to standard error by default", async () => {
  const { error } = console;
  const lines: unknown[] = [];
  Reflect.set(console, "error", (line: unknown) => lines.push(line));
  try {
    await using _ = await createPerfmock({}, {
      listen: false,
      plugins: [plugin("own", {}, {
        setup: (host) => (host.log("info", "ready"), {}),
      })],
    });
  } finally {
    Reflect.set(console, "error", error);
  }
  deepEqual(lines, ["perfmock: info: own: ready"]);
});

Deno.test("the control API describes routes and plugins", async () => {
  await using test = await createTestServer({ routes: ROUTES });
  deepEqual(test.server.routes, [{
    id: "r",
    methods: ["GET"],
    path: "/r",
    does: ["20 ms (constant)"],
    settings: { id: "r", path: "/r", serviceTime: "20ms" },
  }]);
  const { plugins } = await (await call(test.server, "/_perfmock/plugins"))
    .json();
  const { routeKeys, ...own } = plugins.find(
    ({ name }: { name: string }) => name === "distributions",
  );
  deepEqual(own, {
    name: "distributions",
    version: "1.0.0",
    key: "distributions",
    options: {},
  });
  deepEqual(routeKeys, [
    "serviceTime",
    "serviceTimes",
    "scale",
    "sampling",
  ]);
});

Deno.test("drain() lets exchanges in flight end on time, and answers 503 to new requests", async () => {
  const clock = new VirtualClock();
  const server = await createPerfmock({ routes: ROUTES }, {
    clock,
    listen: false,
  });
  const pending = call(server, "/r");
  const drained = server.drain();
  const late = await call(server, "/r");
  equal(late.status, 503);
  equal((await late.json()).title, "The server is shutting down");
  equal((await call(server, "/metrics")).status, 200);
  clock.advance(20);
  equal((await pending).status, 200);
  await drained;
  equal(clock.pending, 0);
});

Deno.test("health is live and ready until a drain, then live only; nothing but the control API answers otherwise than 503", async () => {
  const clock = new VirtualClock();
  const server = await createPerfmock({
    server: { drainTimeout: "1m" },
    routes: ROUTES,
  }, { clock, listen: false });
  const see = async (path: string, init?: RequestInit) => {
    const response = await call(server, path, init);
    return [response.status, response.status === 204 || await response.json()];
  };
  const health = "/_perfmock/health";
  const probes = async () => {
    const [status, { status: word, live, ready }] = await see(health);
    return [
      [status, word, live, ready],
      await see(`${health}/live`),
      await see(`${health}/ready`),
    ];
  };
  deepEqual(await probes(), [
    [200, "ok", true, true],
    [200, { status: "ok", live: true }],
    [200, { status: "ok", ready: true }],
  ]);
  const session = call(server, "/_perfmock/sessions", post({ name: "w1" }));
  equal((await session).status, 201);
  const pending = call(server, "/r");
  const drained = server.drain();
  deepEqual(await probes(), [
    [503, "draining", true, false],
    [200, { status: "draining", live: true }],
    [503, { status: "draining", ready: false }],
  ]);
  deepEqual(server.health().reasons, [
    "The server is shutting down: new requests are answered with 503, 1 is under way",
  ]);
  for (
    const [path, init] of [
      ["/r"],
      ["/nowhere"],
      ["/r", { method: "DELETE" }],
      ["/r", { headers: { "perfmock-session": "w1" } }],
      ["/nowhere", { headers: { "perfmock-session": "w1" } }],
    ] as const
  ) {
    const [status, { title }] = await see(path, init);
    deepEqual([status, title], [503, "The server is shutting down"], path);
  }
  const inSession = { headers: { "perfmock-session": "w1" } };
  equal((await see(`${health}/ready`, inSession))[0], 503);
  clock.advance(20);
  await pending;
  await drained;
});

Deno.test("drain() cuts the exchanges that are left after its timeout", async () => {
  const clock = new VirtualClock();
  const server = await createPerfmock({
    server: { drainTimeout: "5ms" },
    routes: ROUTES,
  }, { clock, listen: false });
  const pending = call(server, "/r");
  const drained = server.drain();
  clock.advance(5);
  await drained;
  equal((await pending).status, 503);
  deepEqual([server.inFlight, clock.pending], [0, 0]);
  equal(server.stats().routes.r.gone, 0, "the client did not leave");
});

Deno.test("drain() and disposal of a server that has ended resolve at once", async () => {
  const server = await createPerfmock();
  await server[Symbol.asyncDispose]();
  await server.drain();
  await server[Symbol.asyncDispose]();
});

Deno.test("a server that was not started can be disposed", async () => {
  const server = new Server({ clock: new VirtualClock() });
  throws(() => server.config, (error) => {
    ok(error instanceof PerfmockError);
    return error.code === "SERVER_NOT_STARTED";
  });
  await server[Symbol.asyncDispose]();
});

for (const engine of ["native", "deno"] as const) {
  Deno.test(`a log that throws ends no connection (engine ${engine})`, async () => {
    const fail = () => {
      throw new Error("broken");
    };
    await using server = await createPerfmock({
      server: { engine },
      routes: [{ ...ROUTES[0], serviceTime: "1ms" }],
    }, {
      plugins: [plugin("bad", { route: () => ({ degrade: fail }) })],
      log: fail,
    });
    for (let round = 0; round < 2; round++) {
      const response = await fetch(new URL("/r", server.url));
      await response.body?.cancel();
      equal(response.status, 500);
    }
    match(server.health().reasons.join(), /bad/);
  });
}

Deno.test("safeLog() gives lines that the log refuses to another, and drops those that both refuse", () => {
  const lines: string[] = [];
  const fail = () => {
    throw new Error("full");
  };
  safeLog(fail, (_, line) => void lines.push(line))("warn", "hot");
  safeLog(fail, fail)("warn", "lost");
  deepEqual(lines.map((line) => /^hot .*full/.test(line)), [true]);
});
