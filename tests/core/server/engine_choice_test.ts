import { deepEqual, equal, match, rejects } from "node:assert/strict";
import type { EngineName } from "../../../core/config/mod.ts";
import {
  descriptorWarning,
  type EngineOptions,
  lacksDescriptors,
} from "../../../core/server/engine.ts";
import { chooseEngine, type Engines } from "../../../core/server/serve.ts";
import { errorOf } from "../../support/errors.ts";
import { serverSettings, start } from "../../support/listening.ts";

/** Engines that listen nowhere and note their options; those named in `failing` throw an error instead. */
function engines(
  { obstacle, failing = {} }: {
    readonly obstacle?: string;
    readonly failing?: Partial<Record<EngineName, unknown>>;
  } = {},
) {
  const started: (EngineOptions & { readonly name: EngineName })[] = [];
  const cut: number[] = [];
  const listenWith = (name: EngineName) => (options: EngineOptions) => {
    if (name in failing) return Promise.reject(failing[name]);
    started.push({ ...options, name });
    const port = options.port || 40_000 + started.length;
    return Promise.resolve({
      name,
      port,
      shutdown: () => Promise.resolve(),
      cut: () => Promise.resolve(void cut.push(port)),
    });
  };
  const all: Engines = {
    obstacle: () => obstacle,
    native: listenWith("native"),
    deno: listenWith("deno"),
    node: listenWith("node"),
  };
  return { all, started, cut };
}

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

const OLD = new Error("this C library lacks epoll_pwait2");

Deno.test("chooseEngine() takes native where nothing is against it, and otherwise Deno's server, or Node's for resets", () => {
  const choose = (
    engine: "auto" | EngineName,
    resets = false,
    obstacle?: string,
    tls?: "self-signed",
  ) => {
    const { reason, ...choice } = chooseEngine(
      { engine, tls },
      resets,
      () => obstacle,
    );
    return [choice.engine, choice.otherwise, reason];
  };
  deepEqual(choose("auto"), ["native", "deno", undefined]);
  deepEqual(choose("auto", true), ["native", "node", undefined]);
  deepEqual(choose("auto", false, "no"), ["deno", undefined, "no"]);
  deepEqual(choose("auto", true, "no"), ["node", undefined, "no"]);
  const plain = "it serves plain HTTP only, and server.tls is set";
  deepEqual(choose("auto", false, "no", "self-signed"), [
    "deno",
    undefined,
    plain,
  ]);
  deepEqual(choose("native", true), ["native", undefined, undefined]);
  deepEqual(choose("native", true, "no"), ["native", undefined, "no"]);
  for (const engine of ["deno", "node"] as const) {
    deepEqual(choose(engine, true, "no"), [engine, undefined, undefined]);
  }
});

Deno.test("listen() hands settings and the edge to the engine, and names the engine", async () => {
  const { all, started } = engines();
  const limits = { body: "1MiB", headTimeout: 0 };
  const listener = await start(
    { port: 8080, reusePort: true, limits },
    { engines: all },
  );
  deepEqual([listener.engine, listener.reason], ["native", undefined]);
  const [{ host, port, reusePort, certificate, ...rest }] = started;
  deepEqual([host, port, reusePort, certificate], [
    "127.0.0.1",
    8080,
    true,
    undefined,
  ]);
  deepEqual(rest.limits, serverSettings({ limits }).limits);
  deepEqual([rest.limits.body, rest.limits.headTimeout], [1_048_576, 0]);
  equal((await rest.handler(new Request("http://localhost/"))).status, 200);
});

Deno.test("listen() says why auto did not choose native", async () => {
  const { all } = engines({ obstacle: "it needs Linux, and this is darwin" });
  const { engine, reason } = await start({}, { engines: all });
  deepEqual([engine, reason], [
    "deno",
    "The engine native does not run: it needs Linux, and this is darwin",
  ]);
  const chosen = await start({ engine: "deno" }, { engines: all });
  equal(chosen.reason, undefined, "the configuration chose it");
});

Deno.test("listen() falls back where native cannot start, and logs the reason once", async () => {
  for (
    const [resets, expected] of [[false, "deno"], [true, "node"]] as const
  ) {
    const lines: string[] = [];
    const { all, started } = engines({ failing: { native: OLD } });
    const { engine, reason } = await start({ host: ["127.0.0.1", "::1"] }, {
      engines: all,
      resets,
      log: (level, message) => void lines.push(`${level} ${message}`),
    });
    equal(engine, expected);
    equal(
      reason,
      "The engine native does not run: this C library lacks epoll_pwait2",
    );
    deepEqual(lines, [
      `info ${reason}. The engine ${expected} takes its place`,
    ]);
    deepEqual(started.map(({ name, host }) => [name, host]), [
      [expected, "127.0.0.1"],
      [expected, "::1"],
    ]);
  }
});

Deno.test("listen() does not fall back where the address is the reason", async () => {
  const codes = [
    ["EADDRINUSE", "PORT_IN_USE", "/server/port", /the port is in use$/],
    ["EADDRNOTAVAIL", "SERVER_NOT_STARTED", "/server/host", /this machine$/],
    ["ENOTFOUND", "SERVER_NOT_STARTED", "/server/host", /has no address$/],
    ["EAFNOSUPPORT", "SERVER_NOT_STARTED", "/server/host", /EAFNOSUPPORT$/],
    ["EACCES", "SERVER_NOT_STARTED", "/server/port", /does not permit/],
  ] as const;
  for (const engine of ["auto", "native", "deno", "node"] as const) {
    for (const [system, code, path, message] of codes) {
      const native = systemError(system);
      const { all, started } = engines({
        failing: engine === "auto"
          ? { native }
          : { native, deno: native, node: native },
      });
      const error = await errorOf(() =>
        start({ engine, port: 80 }, { engines: all })
      );
      deepEqual([error.code, error.issues[0].path], [code, path]);
      match(error.message, /^Cannot listen on 127\.0\.0\.1:80: /);
      match(error.message, message);
      equal(error.cause, native);
      equal(started.length, 0);
    }
  }
});

Deno.test("listen() refuses native where it cannot run, says why and what to choose", async () => {
  const known = engines({ obstacle: "it needs Linux, and this is darwin" });
  const tried = engines({ failing: { native: OLD } });
  for (
    const [{ all, started }, reason] of [
      [known, "it needs Linux, and this is darwin"],
      [tried, OLD.message],
    ] as const
  ) {
    const error = await errorOf(() =>
      start({ engine: "native" }, { engines: all })
    );
    equal(error.code, "SERVER_NOT_STARTED");
    equal(error.message, `Cannot start the engine native: ${reason}`);
    deepEqual(error.issues, [{
      path: "/server/engine",
      message: `The engine native cannot run here: ${reason}`,
      value: "native",
      allowed:
        '"auto", which takes another engine where this one cannot run, "deno" or "node"',
      suggestion: "auto",
    }]);
    equal(started.length, 0);
  }
});

Deno.test("listen() does not ignore reusePort where another engine takes native's place", async () => {
  for (
    const { all } of [
      engines({ obstacle: "no" }),
      engines({ failing: { native: new Error("no") } }),
    ]
  ) {
    const error = await errorOf(() =>
      start({ reusePort: true }, { engines: all })
    );
    deepEqual([error.code, error.issues[0].path, error.message], [
      "SERVER_NOT_STARTED",
      "/server/reusePort",
      "Cannot share the port, which only the engine native can do. The engine native does not run: no",
    ]);
  }
  const chosen = await errorOf(() =>
    start({ reusePort: true, engine: "node" }, { engines: engines().all })
  );
  match(chosen.message, /server\.engine is "node"$/);
});

Deno.test("listen() logs once what engines at several addresses say alike", async () => {
  const { all } = engines();
  const said: string[] = [];
  const native: Engines["native"] = (options) => {
    options.log("warn", "few descriptors");
    options.log("warn", options.host);
    return all.native(options);
  };
  await start({ host: ["127.0.0.1", "::1"] }, {
    engines: { ...all, native },
    log: (level, message) => void said.push(`${level} ${message}`),
  });
  deepEqual(said, ["warn few descriptors", "warn 127.0.0.1", "warn ::1"]);
});

Deno.test("listen() tries other free ports if one is in use at a further address, and gives up after ten", async () => {
  const { all, cut } = engines();
  let attempts = 0;
  const deno: Engines["deno"] = (options) => {
    if (options.host !== "::1") return all.native(options);
    return ++attempts < 3
      ? Promise.reject(systemError("EADDRINUSE"))
      : all.native(options);
  };
  const settings = { engine: "deno", host: ["127.0.0.1", "::1"] } as const;
  const listener = await start(settings, { engines: { ...all, deno } });
  deepEqual([attempts, cut], [3, [40_001, 40_002]]);
  equal(listener.url.port, "40003");
  attempts = -100;
  const error = await errorOf(() =>
    start(settings, { engines: { ...all, deno } })
  );
  deepEqual([error.code, attempts], ["PORT_IN_USE", -90]);
});

Deno.test("Listener.close() passes on an error of the engine", async () => {
  const { all } = engines();
  const deno: Engines["deno"] = async (options) => ({
    ...await all.native(options),
    shutdown: () => Promise.reject(new Error("boom")),
  });
  const listener = await start({ engine: "deno" }, {
    engines: { ...all, deno },
  });
  await rejects(listener.close(1000), /boom/);
});

Deno.test("descriptorWarning() names both numbers and what to do", () => {
  equal(
    descriptorWarning(1024, 20_000),
    "This process may open 1024 descriptors, but server.limits.connections (20000) takes 20100: further connections will wait. Run `ulimit -n 20100` before the start, or lower server.limits.connections to 924",
  );
  match(descriptorWarning(50, 20_000), / to 1$/);
  equal(lacksDescriptors(20_099, 20_000), true);
  equal(lacksDescriptors(20_100, 20_000), false);
});
