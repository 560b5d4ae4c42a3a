// Runs without the profiler: computes much.
import { deepEqual, doesNotMatch, equal, ok } from "node:assert/strict";
import { denoQuietly } from "../../tools/run.ts";
import { serveRegistry, unfurl } from "./_jsr_registry.ts";

/** A plugin of the consumer's own: options, a family, a route key, a hook, a control call. */
const PLUGIN = `
import { definePlugin, endpoint, type Plugin } from "jsr:@perfmock/perfmock@0.1/plugin";

const plugin: Plugin = definePlugin({
  name: "mine",
  version: "1.0.0",
  options: ({ z, duration, worded }) =>
    z.strictObject(worded({ limit: duration().default(1000) }, { limit: "Longest time that is added" })),
  routeKeys: ({ duration }) => ({ extra: duration().optional() }),
  contributes: {
    families: [{
      name: "rayleigh",
      parameters: ({ z, duration }) => z.strictObject({ sigma: duration({ above: 0 }) }),
      create: ({ sigma }: { sigma: number }) => ({ quantile: (u) => sigma * Math.sqrt(-2 * Math.log1p(-u)) }),
    }],
  },
  setup: (_host, { limit }) => ({
    route: (_route, { extra = 0 }) => ({ degrade: () => Math.min(extra, limit) }),
    control: [endpoint({ method: "GET", path: "/limit", summary: "The limit", handle: () => ({ limit }) })],
  }),
});
export default plugin;
`;

const MAIN = `
import { createPerfmock } from "jsr:@perfmock/perfmock@0.1";
import { createTestServer } from "jsr:@perfmock/perfmock@0.1/testing";
import plugin from "./mine.ts";

const routes = [
  { path: "/api/orders", serviceTime: { rayleigh: { sigma: "2ms" } }, extra: "3ms", response: { json: [plugin.name] } },
];
// By its file, as in a configuration, and as an object, in virtual time.
await using server = await createPerfmock(
  { plugins: { "./mine.ts": { limit: "2ms" } }, routes },
  { folder: new URL(".", import.meta.url) },
);
const response = await fetch(new URL("/api/orders", server.url));
console.log(JSON.stringify([response.status, await response.json()]));
console.log(await (await fetch(new URL("/_perfmock/mine/limit", server.url))).text());
await using test = await createTestServer({ routes: [{ path: "/", serviceTime: "1s", extra: "5s" }] }, { plugins: [plugin] });
console.log((await test.request("/")).duration);

// A worker's module, which no other module imports, sends the load.
const users = { executor: "shared-iterations", users: 2, iterations: 10, requests: [{ path: "/api/orders" }] };
const runs = new URL("/_perfmock/load_engine/runs/", server.url);
const begun = await fetch(runs.href.slice(0, -1), { method: "POST", body: JSON.stringify({ scenarios: { users } }) });
const { id } = await begun.json();
await (await fetch(new URL(id + "/events", runs))).text();
const run = await (await fetch(new URL(id, runs))).json();
console.log(JSON.stringify([run.state, run.summary?.scenarios.users.completed]));

// In the worker, the script is read with the built-in plugins, which are imported by a URL.
const arrivals = {
  executor: "arrival-rate", arrivals: "uniform", rate: "20/s", duration: "200ms",
  requests: [{ path: "/api/orders" }],
};
const script = { scenarios: { arrivals } };
const sent = await server.load(script);
const simulated = await server.simulate(script);
console.log(JSON.stringify([sent, simulated].map((summary) => [summary.ok, summary.scenarios.arrivals.completed])));
`;

Deno.test("unfurl() writes out the names of the import map and leaves comments and strings alone", () => {
  const imports = {
    "zod": "npm:zod@4",
    "hono/": "npm:/hono@4/",
    "@perfmock/perfmock/plugin": "./core/plugin.ts",
  };
  equal(
    unfurl(
      "core/config/kit.ts",
      `/** é 😀 "zod" */ import { z } from "zod"; import { cors } from "hono/cors";
       import type { Kit } from "@perfmock/perfmock/plugin"; import "./words.ts"; const name = "zod";`,
      imports,
    ),
    `/** é 😀 "zod" */ import { z } from "npm:zod@4"; import { cors } from "npm:/hono@4/cors";
       import type { Kit } from "../plugin.ts"; import "./words.ts"; const name = "zod";`,
  );
});

Deno.test("A project that imports perfmock through the JSR protocol type-checks, has a plugin of its own, serves a route, runs load() and simulate()", async () => {
  await using registry = await serveRegistry();
  const project = await Deno.makeTempDir({ prefix: "perfmock-jsr-" });
  try {
    await Deno.writeTextFile(`${project}/main.ts`, MAIN);
    await Deno.writeTextFile(`${project}/mine.ts`, PLUGIN);
    // The cache is the test's own, because the next run may use the same port for other files; npm packages are shared.
    await Deno.mkdir(`${project}/cache`);
    const { npmCache } = JSON.parse(
      (await denoQuietly(["info", "--json"])).output,
    );
    await Deno.symlink(npmCache, `${project}/cache/npm`);
    const { DENO_COVERAGE_DIR: _, ...env } = Deno.env.toObject();
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--check", "--no-lock", "--no-config", "main.ts"],
      cwd: project,
      clearEnv: true,
      env: {
        ...env,
        JSR_URL: registry.url,
        DENO_DIR: `${project}/cache`,
        NO_COLOR: "1",
      },
    }).output();
    const text = new TextDecoder();
    deepEqual(
      [code, text.decode(stdout)],
      [
        0,
        '[200,["mine"]]\n{"limit":2}\n2000\n["finished",10]\n[[true,4],[true,4]]\n',
      ],
      text.decode(stderr),
    );
    const said = text.decode(stderr).replaceAll(/^(Download|Check) .*$/gm, "");
    doesNotMatch(said, /deprecat|\bwarn/i);
    ok(registry.served.has("/@perfmock/perfmock/0.1.0/mod.ts"));
  } finally {
    await Deno.remove(project, { recursive: true });
  }
});
