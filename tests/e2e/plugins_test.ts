import { deepEqual, equal, match, ok } from "node:assert/strict";
import { createPerfmock } from "../../mod.ts";
import type { Host, Key, Plugin, Route } from "../../core/plugin.ts";
import { createTestServer } from "../../core/testing.ts";
import { errorOf, lines } from "../support/errors.ts";
import { call, json, post } from "../support/http.ts";
import { folderWith, hooks, plugin } from "../support/plugins.ts";

/** Plugin as an author would write it: one file that contributes a family and a profile. */
const RAYLEIGH = `
export default {
  name: "rayleigh",
  version: "1.0.0",
  contributes: {
    families: [{
      name: "rayleigh",
      summary: "How far off a shot is",
      parameters: ({ z, duration }) => z.strictObject({ sigma: duration({ above: 0 }) }),
      create: ({ sigma }) => ({ quantile: (u) => sigma * Math.sqrt(-2 * Math.log1p(-u)) }),
    }],
    profiles: { shot: { rayleigh: { sigma: "10ms" } } },
  },
};`;

const MEDIAN = 10 * Math.sqrt(2 * Math.LN2);

function silent(folder: string | URL) {
  return { listen: false, folder, log: () => {} };
}

Deno.test("a distribution in a user's file works wherever a built-in one does", async () => {
  await using folder = await folderWith({ "rayleigh.js": RAYLEIGH });
  await using server = await createPerfmock({
    plugins: {
      "./rayleigh.js": {},
      distributions: {
        profiles: { twice: { scale: { by: 2, of: "shot" } } },
      },
    },
    routes: [
      { id: "object", path: "/a", serviceTime: { rayleigh: { sigma: 10 } } },
      { id: "text", path: "/b", serviceTime: "rayleigh(sigma=10ms)" },
      { id: "profile", path: "/c", serviceTime: "shot" },
      { id: "twice", path: "/d", serviceTime: "twice" },
      {
        id: "mixture",
        path: "/e",
        serviceTime: {
          mixture: [{ weight: 3, of: "shot" }, { weight: 1, of: "0ms" }],
        },
      },
    ],
  }, silent(folder.url));
  const median = "half within 11.8 ms, 99 % within 30.3 ms (rayleigh)";
  deepEqual(
    server.routes.slice(0, 3).map(({ does }) => does),
    [[median], [median], [median]],
  );
  ok(server.draw("twice", 0) > 0 && server.draw("mixture", 0) >= 0);
  const explained = await json<
    { mean: number; quantiles: Record<string, number>; estimated: boolean }
  >(call(
    server,
    "/_perfmock/distributions/explain",
    post({ distribution: "rayleigh(sigma=10ms)", probabilities: [0.5] }),
  ));
  equal(explained.quantiles["0.5"].toFixed(9), MEDIAN.toFixed(9));
  ok(Math.abs(explained.mean - 10 * Math.sqrt(Math.PI / 2)) < 0.01);
  const { families } = await json<{ families: Record<string, unknown>[] }>(
    call(server, "/_perfmock/distributions/families"),
  );
  const own = families.find(({ name }) => name === "rayleigh");
  equal(own?.summary, "How far off a shot is");
  deepEqual(
    Object.keys(Object(own?.parameters).properties),
    ["sigma"],
  );
});

Deno.test("the parameters of a user's family are validated like those of built-in ones", async () => {
  await using folder = await folderWith({ "rayleigh.js": RAYLEIGH });
  const error = await errorOf(() =>
    createPerfmock({
      plugins: { "./rayleigh.js": {} },
      routes: [
        { path: "/a", serviceTime: { rayleigh: { sigma: 0 } } },
        { path: "/b", serviceTime: { rayleigh: { sgima: 1 } } },
        { path: "/c", serviceTime: { rayleihg: { sigma: 1 } } },
      ],
    }, silent(folder.path))
  );
  const paths = error.issues.map(({ path }) => path);
  ok(paths.includes("/routes/0/serviceTime/rayleigh/sigma"));
  const found = lines(error).join("\n");
  match(found, /rayleigh\/sgima: Unknown key "sgima" → sigma/);
  match(found, /rayleihg: Unknown family "rayleihg" → rayleigh/);
});

Deno.test("a plugin can have options, route keys, hooks, endpoints, stats and health", async () => {
  const retry: Plugin<{ budget: number }, { retries: number }> = {
    name: "retry",
    version: "2.1.0",
    requires: ["distributions"],
    options: ({ z, duration }) =>
      z.strictObject({ budget: duration().default(10) }),
    routeKeys: ({ integer }) => ({ retries: integer({ min: 0 }) }),
    setup(host, { budget }) {
      const used = host.metrics.counter({
        name: "retry_budget_used_total",
        help: "Retries",
        labels: ["route"],
      });
      let total = 0;
      return {
        route(route, { retries }) {
          if (retries === undefined) return undefined;
          const series = used.series(route.id);
          return {
            summary: `${retries} retries of ${budget} ms`,
            degrade: () => retries * budget,
            observe: () => {
              total += retries;
              series.add(retries);
            },
          };
        },
        control: [{
          method: "GET",
          path: "/budget/:unit",
          summary: "What is used up",
          handle: ({ parameters }) => ({ total, unit: parameters.unit }),
        }],
        endpoints: [{
          method: "GET",
          path: "/retries/:route",
          summary: "For dashboards",
          handle: ({ parameters }) => ({ route: parameters.route, total }),
        }],
        snapshot: () => ({ total }),
        health: () => total > 3 ? ["The retry budget is used up"] : [],
      };
    },
  };
  await using test = await createTestServer({
    plugins: { retry: { budget: "5ms" } },
    routes: [
      { id: "a", path: "/a", serviceTime: "20ms", retries: 2 },
      { id: "b", path: "/b" },
    ],
  }, { plugins: [retry as Plugin] });
  const { server } = test;
  const { response, duration } = await test.request("/a");
  equal(duration, 30);
  match(
    response.headers.get("server-timing") ?? "",
    /service;dur=20\.000, degrade;dur=10\.000, total;dur=30\.000/,
  );
  equal((await test.request("/b")).duration, 0);
  deepEqual(server.routes.map(({ does }) => does), [
    ["20 ms (constant)", "2 retries of 5 ms"],
    [],
  ]);
  deepEqual(await json(call(server, "/_perfmock/retry/budget/ms")), {
    total: 2,
    unit: "ms",
  });
  deepEqual(await json(call(server, "/retries/a")), { route: "a", total: 2 });
  deepEqual(server.stats().plugins.retry, { total: 2 });
  equal(server.health().status, "ok");
  await test.request("/a");
  deepEqual(server.health().reasons, ["The retry budget is used up"]);
  const { plugins } = await json<{ plugins: Record<string, unknown>[] }>(
    call(server, "/_perfmock/plugins"),
  );
  deepEqual(plugins.find(({ name }) => name === "retry"), {
    name: "retry",
    version: "2.1.0",
    key: "retry",
    options: { budget: "5ms" },
    routeKeys: ["retries"],
  });
  const { paths } = await json<{ paths: Record<string, unknown> }>(
    call(server, "/_perfmock/openapi.json"),
  );
  ok("/_perfmock/retry/budget/{unit}" in paths && "/retries/{route}" in paths);
  match(
    await (await call(server, "/metrics")).text(),
    /retry_budget_used_total\{route="a"\} 4/,
  );
});

Deno.test("hooks of several plugins run in this order: pre, the configuration's order, post", async () => {
  const trail: string[] = [];
  const traced = (name: string, order?: "pre" | "post"): Plugin => {
    const handler = () => {
      trail.push(name);
      return 0;
    };
    return hooks(name, {
      degrade: order === undefined ? handler : { order, handler },
    });
  };
  await using test = await createTestServer({
    plugins: { d: {}, c: {}, b: {}, a: {} },
    routes: [{ path: "/" }],
  }, {
    plugins: [
      traced("a"),
      traced("b", "pre"),
      traced("c", "post"),
      traced("d"),
    ],
  });
  await test.request("/");
  deepEqual(trail, ["b", "d", "a", "c"]);
});

Deno.test("plugins provide services to those that require them, are set up before them and disposed after them", async () => {
  const diary: string[] = [];
  const KEY: Key<{ greet(): string }> = { name: "provider.greeter" };
  const diarist = (
    name: string,
    setup: (host: Host) => void,
    requires: readonly string[] = [],
  ): Plugin =>
    plugin(name, {}, {
      requires,
      setup(host) {
        diary.push(`set up ${name}`);
        setup(host);
        return {
          [Symbol.asyncDispose]: () => {
            diary.push(`dispose ${name}`);
            return Promise.resolve();
          },
        };
      },
    });
  const plugins = [
    diarist("user", (host) => diary.push(host.use(KEY).greet()), ["provider"]),
    diarist("provider", (host) => host.provide(KEY, { greet: () => "hello" })),
  ];
  const test = await createTestServer({}, { plugins });
  await test[Symbol.asyncDispose]();
  deepEqual(diary, [
    "set up provider",
    "set up user",
    "hello",
    "dispose user",
    "dispose provider",
  ]);
});

Deno.test("route() of each plugin is called for each route, and all errors are reported at once", async () => {
  const fussy = (name: string) =>
    plugin(name, {
      route(route: Route) {
        if (route.path === "/good") return undefined;
        throw Object.assign(new Error("no"), {
          issues: [{ path: `/${name}`, message: `Refused by ${name}` }],
        });
      },
    });
  const blunt = plugin("blunt", {
    route(route: Route) {
      if (route.path === "/worse") throw new Error("out of order");
      return undefined;
    },
  });
  const disposed: string[] = [];
  const witness = plugin("witness", {
    [Symbol.asyncDispose]: () => Promise.resolve(void disposed.push("witness")),
  });
  const error = await errorOf(() =>
    createTestServer({
      routes: [{ path: "/bad" }, { path: "/good" }, { path: "/worse" }],
    }, { plugins: [witness, fussy("one"), fussy("two"), blunt] })
  );
  equal(error.code, "CONFIG_INVALID");
  equal(error.message, "Cannot use the configuration: 5 errors");
  deepEqual(lines(error), [
    "/routes/0/one: Refused by one",
    "/routes/0/two: Refused by two",
    "/routes/2/one: Refused by one",
    "/routes/2/two: Refused by two",
    '/routes/2: Plugin "blunt" cannot take it: out of order',
  ]);
  deepEqual(disposed, ["witness"]);
});

Deno.test("two plugins that serve a route and unknown hooks are configuration errors", async () => {
  const error = await errorOf(() =>
    createTestServer({
      routes: [{ path: "/a", serviceTime: "1ms" }, { path: "/b" }],
    }, {
      plugins: [
        hooks("rival", { serve: () => 5 }),
        hooks("misspelt", { observ: () => {} } as never),
      ],
    })
  );
  deepEqual(lines(error), [
    '/routes/0: Plugin "misspelt" offers an unknown hook "observ" → observe',
    '/routes/0: Only one plugin can serve a route, but "distributions" and "rival" do → Remove the route keys of all but one of them',
    '/routes/1: Plugin "misspelt" offers an unknown hook "observ" → observe',
  ]);
});

Deno.test("paths with two owners are configuration errors", async () => {
  const endpoint = (path: string) =>
    plugin(`at${path.replaceAll("/", "-")}`, {
      endpoints: [{
        method: "GET" as const,
        path,
        summary: "x",
        handle: () => null,
      }],
    });
  const error = await errorOf(() =>
    createTestServer({
      routes: [
        { path: "/own" },
        { path: "/_perfmock/mine" },
        { path: "/_perfmock" },
      ],
    }, {
      plugins: [
        endpoint("/own"),
        endpoint("/metrics"),
      ],
    })
  );
  deepEqual(lines(error), [
    '/plugins: Plugins "exporters" and "at-metrics" both answer GET /metrics',
    '/routes/0/path: This path is answered by plugin "at-own"',
    "/routes/1/path: This path is answered by the control API",
    "/routes/2/path: This path is answered by the control API",
  ]);
});

Deno.test("errors name a plugin that cannot be loaded or lacks a requirement, and a plugin can be turned off", async () => {
  await using folder = await folderWith({
    "needy.js":
      `export default { name: "needy", version: "1.0.0", requires: ["distributions"] };`,
    "twin.js": `export default { name: "needy", version: "1.0.0" };`,
    "broken.js": `export default {`,
  });
  const faults = async (plugins: Record<string, unknown>) => {
    const error = await errorOf(() =>
      createPerfmock({ plugins }, silent(folder.path))
    );
    return [error.code, ...lines(error)];
  };
  deepEqual(await faults({ "./needy.js": {}, distributions: false }), [
    "PLUGIN_REQUIREMENT_MISSING",
    '/plugins/.~1needy.js: Plugin "needy" requires "distributions", which is not on',
  ]);
  deepEqual(await faults({ "./needy.js": {}, "./twin.js": {} }), [
    "PLUGIN_NAME_TAKEN",
    '/plugins/.~1twin.js: Plugins "./needy.js" and "./twin.js" have the same name → Turn one of them off: "./needy.js": false',
  ]);
  const [code, broken] = await faults({ "./broken.js": {} });
  equal(code, "PLUGIN_NOT_LOADED");
  match(broken, /^\/plugins\/\.~1broken\.js: Cannot load plugin/);
});

Deno.test("an error names the plugin whose setup throws, and the plugins before it are disposed", async () => {
  let disposed = 0;
  const error = await errorOf(() =>
    createTestServer({}, {
      plugins: [
        plugin("before", {
          [Symbol.asyncDispose]: () => Promise.resolve(void disposed++),
        }),
        plugin("faulty", {}, {
          setup(host) {
            host.distribution({ lognormel: {} });
            return {};
          },
        }),
      ],
    })
  );
  equal(error.code, "PLUGIN_SETUP_FAILED");
  match(error.message, /^Cannot set up plugin "faulty": Cannot make this/);
  deepEqual(error.issues.map(({ path }) => path), [
    "/plugins/faulty/lognormel",
  ]);
  equal(disposed, 1);
});

Deno.test("an endpoint that fails is answered with 500, and the log contains the reason", async () => {
  const log: string[] = [];
  await using test = await createTestServer({}, {
    plugins: [plugin("faulty", {
      control: [{
        method: "GET",
        path: "/bug",
        summary: "Fails",
        handle: () => Promise.reject(new Error("a bug")),
      }],
    })],
    log: (level, line) => log.push(`${level} ${line}`),
  });
  const response = await call(test.server, "/_perfmock/faulty/bug");
  equal(response.status, 500);
  const failed = 'Plugin "faulty" failed in control: GET /bug: Error: a bug';
  equal((await json(response)).title, failed);
  match(
    log.join(),
    /^error Plugin "faulty" failed in control: GET \/bug: Error: a bug at file:\S+ \[PLUGIN_FAILED\]$/,
  );
});

Deno.test("the host provides clock, families, kit and distributions", async () => {
  let seen: Host | undefined;
  await using test = await createTestServer({
    plugins: { distributions: { profiles: { quick: "3ms" } } },
  }, {
    plugins: [plugin("own", {}, {
      setup: (host) => {
        seen = host;
        return {};
      },
    })],
  });
  equal(seen?.clock.now(), test.clock.now());
  ok(seen?.families.has("lognormal"));
  equal(seen?.distribution("quick").mean, 3);
  equal(seen?.kit.duration().parse("2s"), 2000);
});

Deno.test("route keys and families of a plugin are unknown without it", async () => {
  const error = await errorOf(() =>
    createTestServer({
      plugins: { distributions: false },
      routes: [{ path: "/", serviceTime: "1ms" }],
    })
  );
  match(lines(error)[0], /\/routes\/0\/serviceTime: Unknown key "serviceTime"/);
});
