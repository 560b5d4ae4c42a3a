import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { PerfmockError } from "../../../core/errors.ts";
import type { Host, Instance, Plugin } from "../../../core/plugin.ts";
import {
  arrange,
  disposeAll,
  type RunningPlugin,
  Services,
  setUp,
} from "../../../core/world/plugin_lifecycle.ts";
import { PluginDoor } from "../../../core/world/plugin_door.ts";
import { errorOf } from "../../support/errors.ts";
import { testFailures } from "../../support/failures.ts";

const HOST = {} as Host;

const OPTIONS = { failures: testFailures().failures };

function entry(plugin: Partial<Plugin> & { readonly name: string }) {
  return {
    key: `./${plugin.name}.ts`,
    options: {},
    parsed: { of: plugin.name },
    plugin: { version: "1.0.0", ...plugin },
  };
}

/** An entry whose plugin keeps a diary. */
function traced(name: string, diary: string[], instance: Instance = {}) {
  return entry({
    name,
    setup: () => {
      diary.push(`set up ${name}`);
      return {
        ...instance,
        [Symbol.asyncDispose]: () => {
          diary.push(`dispose ${name}`);
          return Promise.resolve();
        },
      };
    },
  });
}

Deno.test("arrange() keeps the order of the configuration, except that required plugins come first", () => {
  const { plugins, issues } = arrange([
    entry({ name: "a", requires: ["c"] }),
    entry({ name: "b" }),
    entry({ name: "c", requires: ["d"] }),
    entry({ name: "d" }),
  ]);
  deepEqual(plugins.map(({ plugin }) => plugin.name), ["d", "c", "a", "b"]);
  deepEqual(issues, []);
});

Deno.test("arrange() reports a required plugin that is off or unknown, with a suggestion", () => {
  const { issues } = arrange([
    entry({ name: "a", requires: ["limitr"] }),
    entry({ name: "limiter" }),
  ]);
  deepEqual(issues, [{
    code: "PLUGIN_REQUIREMENT_MISSING",
    issue: {
      path: "/plugins/.~1a.ts",
      message: 'Plugin "a" requires "limitr", which is not on',
      value: "limitr",
      allowed: "a, limiter",
      suggestion: "limiter",
    },
  }]);
});

Deno.test("arrange() reports plugins that require each other, and terminates", () => {
  const { plugins, issues } = arrange([
    entry({ name: "a", requires: ["b"] }),
    entry({ name: "b", requires: ["a"] }),
  ]);
  equal(plugins.length, 2);
  deepEqual(issues.map(({ code, issue }) => [code, issue.message]), [[
    "PLUGIN_REQUIREMENT_MISSING",
    'Plugins "b" and "a" require each other',
  ]]);
});

Deno.test("arrange() reports two plugins with the same name", () => {
  const twin = { ...entry({ name: "a" }), key: "./twin.ts" };
  const { plugins, issues } = arrange([entry({ name: "a" }), twin]);
  equal(plugins.length, 1);
  deepEqual(issues.map(({ code, issue }) => [code, issue.path]), [[
    "PLUGIN_NAME_TAKEN",
    "/plugins/.~1twin.ts",
  ]]);
  match(issues[0].issue.suggestion ?? "", /"\.\/a\.ts": false/);
});

Deno.test("Services return a service that an earlier plugin provides", () => {
  const services = new Services();
  services.provide<number>({ name: "a.number" }, 7);
  equal(services.use<number>({ name: "a.number" }), 7);
});

Deno.test("Services refuse a second service for a key, and a key without a service", async () => {
  const services = new Services();
  services.provide({ name: "a" }, undefined);
  equal(services.use({ name: "a" }), undefined);
  equal(
    (await errorOf(() => services.provide({ name: "a" }, 1))).code,
    "PLUGIN_INVALID",
  );
  equal((await errorOf(() => services.use({ name: "b" }))).code, "KEY_MISSING");
});

Deno.test("setUp() sets plugins up in order with their parsed options, and disposeAll() disposes them in reverse", async () => {
  const diary: string[] = [];
  const seen: unknown[] = [];
  const running = await setUp(
    [
      traced("a", diary),
      entry({ name: "plain" }),
      traced("b", diary),
      entry({
        name: "reader",
        setup: (_, options) => (seen.push(options), {}),
      }),
    ],
    () => HOST,
    OPTIONS,
  );
  deepEqual(seen, [{ of: "reader" }]);
  await disposeAll(running);
  deepEqual(diary, ["set up a", "set up b", "dispose b", "dispose a"]);
});

Deno.test("setUp() calls setup as a method, so that a class works, and accepts a plugin that returns nothing", async () => {
  class Own {
    readonly name = "own";
    readonly version = "1.0.0";
    used = 0;
    setup() {
      this.used++;
      return undefined as unknown as Instance;
    }
  }
  const plugin = new Own();
  const [{ instance }] = await setUp(
    [{
      key: "own",
      options: {},
      parsed: {},
      plugin,
    }],
    () => HOST,
    OPTIONS,
  );
  equal(plugin.used, 1);
  deepEqual(instance, {});
});

Deno.test("setUp() names the plugin that fails, and disposes those before it", async () => {
  const diary: string[] = [];
  const error = await errorOf(() =>
    setUp([
      traced("a", diary),
      traced("b", diary),
      entry({
        name: "bad",
        setup: () => {
          throw new Error("no database");
        },
      }),
      traced("never", diary),
    ], () =>
      HOST, OPTIONS)
  );
  equal(error.code, "PLUGIN_SETUP_FAILED");
  equal(error.message, 'Cannot set up plugin "bad": no database');
  equal((error.cause as Error).message, "no database");
  deepEqual(diary, ["set up a", "set up b", "dispose b", "dispose a"]);
});

Deno.test("setUp() prefixes a plugin's issues with its path, and handles any thrown value", async () => {
  const faulty = entry({
    name: "faulty",
    setup: () => {
      throw new PerfmockError("ARGUMENT_INVALID", "Cannot open it", [{
        path: "/file",
        message: "Missing",
      }]);
    },
  });
  deepEqual(
    (await errorOf(() => setUp([faulty], () => HOST, OPTIONS))).issues,
    [{
      path: "/plugins/.~1faulty.ts/file",
      message: "Missing",
    }],
  );
  const odd = entry({ name: "odd", setup: () => Promise.reject("a text") });
  const error = await errorOf(() => setUp([odd], () => HOST, OPTIONS));
  equal(error.message, 'Cannot set up plugin "odd": a text');
});

Deno.test("setUp() names a plugin that hangs, and disposes its instance if it returns one later", async () => {
  const diary: string[] = [];
  const { promise, resolve } = Promise.withResolvers<Instance>();
  const disposed = Promise.withResolvers<void>();
  const error = await errorOf(() =>
    setUp(
      [traced("a", diary), entry({ name: "slow", setup: () => promise })],
      () => HOST,
      { ...OPTIONS, limit: 5 },
    )
  );
  equal(error.code, "PLUGIN_SETUP_TIMEOUT");
  match(error.message, /plugin "slow" was not set up within 0\.005 s/);
  deepEqual(diary, ["set up a", "dispose a"]);
  resolve({
    [Symbol.asyncDispose]: () => {
      disposed.resolve();
      return disposed.promise;
    },
  });
  await disposed.promise;
});

Deno.test("setUp() ignores an error that a plugin throws after its time limit", async () => {
  const { promise, reject } = Promise.withResolvers<Instance>();
  const hung = entry({ name: "slow", setup: () => promise });
  await errorOf(() => setUp([hung], () => HOST, { ...OPTIONS, limit: 5 }));
  reject(new Error("too late"));
  await rejects(promise);
});

Deno.test("setUp() refuses an instance with an unknown property, and disposes it", async () => {
  const diary: string[] = [];
  const misspelt = traced("mis", diary, { contrl: [] } as Instance);
  const error = await errorOf(() => setUp([misspelt], () => HOST, OPTIONS));
  equal(error.code, "PLUGIN_INVALID");
  deepEqual(
    error.issues.map(({ message, suggestion }) => [
      message,
      suggestion,
    ]),
    [[
      'The setup of plugin "mis" returned an unknown property "contrl"',
      "control",
    ]],
  );
  deepEqual(diary, ["set up mis", "dispose mis"]);
});

Deno.test("setUp() refuses an instance that is not an object", async () => {
  const odd = entry({ name: "odd", setup: () => 5 as unknown as Instance });
  const error = await errorOf(() => setUp([odd], () => HOST, OPTIONS));
  equal(error.code, "PLUGIN_INVALID");
  match(error.message, /plugin "odd": its setup returned a number/);
});

Deno.test("disposeAll() continues after an error and after a plugin that never ends, and lays both at the plugins' doors", async () => {
  const { failures, lines } = testFailures();
  const diary: string[] = [];
  const endings: Record<string, () => Promise<void>> = {
    a: () => Promise.resolve(),
    b: () => Promise.reject(new Error("stuck")),
    c: () => new Promise(() => {}),
    d: () => Promise.resolve(),
  };
  const running = Object.entries(endings).map(([name, end]): RunningPlugin => ({
    ...entry({ name }),
    door: new PluginDoor(name, failures),
    instance: {
      [Symbol.asyncDispose]: () => {
        diary.push(name);
        return end();
      },
    },
  }));
  await disposeAll(running, 5);
  deepEqual(diary, ["d", "c", "b", "a"]);
  match(
    lines.join("\n"),
    /^Plugin "c" failed in \[Symbol.asyncDispose\]: TimeLimitError: not done within 0.005 s.*\nPlugin "b" failed in \[Symbol.asyncDispose\]: Error: stuck/,
  );
});
