import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { resolve } from "node:path";
import type { Host } from "../../../../core/plugin.ts";
import { PerfmockError } from "../../../../mod.ts";
import { createTestServer } from "../../../../core/testing.ts";
import { parseScript } from "../../../../plugins/bottleneck_finder/script/parse.ts";
import type { Script } from "../../../../plugins/bottleneck_finder/script/script.ts";

const CONFIG = {
  routes: [
    { id: "cart", path: "/cart", serviceTime: "40ms" },
    {
      id: "slow",
      path: "/slow",
      faults: [{ share: 0.1, status: 503 as const }],
      limiter: "db",
    },
    {
      id: "files",
      path: "/files",
      response: { text: "x" },
      wire: { bandwidth: "1MiB/s" },
    },
    {
      id: "real",
      path: "/real",
      response: { proxy: { url: "http://127.0.0.1:9" } },
    },
  ],
  plugins: { limiter: { pools: { db: { concurrency: 4 } } } },
};

/** Parses scripts against the configuration of these tests. */
async function parser(journal = 1000): Promise<
  { readonly parse: (value: unknown) => Script } & AsyncDisposable
> {
  let host: Host | undefined;
  const test = await createTestServer(CONFIG as never, {
    plugins: [{
      name: "capture",
      version: "1.0.0",
      scope: "server",
      setup(given) {
        host = given;
        return {};
      },
    }],
  });
  if (host === undefined) throw new Error("The plugin was not set up");
  const { dials, kit, suggest } = host;
  return {
    parse: (value) =>
      parseScript(value, {
        kit,
        dials,
        journal,
        seed: 42,
        folder: "/work",
        suggest,
      }),
    [Symbol.asyncDispose]: () => test[Symbol.asyncDispose](),
  };
}

/** Issues of a script, as `path: message`. */
function issuesOf(parse: () => unknown): string[] {
  let issues: string[] = [];
  throws(parse, (error) => {
    ok(error instanceof PerfmockError, `${error}`);
    equal(error.code, "SCRIPT_INVALID");
    issues = error.issues.map(({ path, message }) => `${path}: ${message}`);
    return true;
  });
  return issues;
}

Deno.test("parseScript() reads units and defaults", async () => {
  await using parsing = await parser();
  const page = { url: "http://localhost:5173/shop" };
  const script = parsing.parse({
    page,
    budget: { LCP: "2.5s" },
    routes: { cart: { delay: "200ms" } },
    cliffs: [
      { route: "cart", dial: "delay", to: "2s" },
      { pool: "db", dial: "concurrency", from: 8, to: 1 },
      { route: "slow", dial: "faultShare", to: 10 },
      { route: "files", dial: "bandwidth", from: "1MB/s", to: "10kB/s" },
      { backend: "all", dial: "scale", from: 1, to: 8 },
    ],
    "x-note": "ignored",
  });
  deepEqual(script.probe, {
    kind: "page",
    url: "http://localhost:5173/shop",
    figure: "LCP",
    timeout: 30_000,
    quiet: 500,
    ignore: [],
    cold: true,
    cpu: undefined,
    actions: undefined,
    executable: undefined,
  });
  equal(script.budget, 2500);
  deepEqual([...script.routes ?? []], [
    ["cart", { delay: 200, speedup: undefined }],
  ]);
  deepEqual(
    script.cliffs.map(({ from, to, unit, whole }) => [from, to, unit, whole]),
    [
      [0, 2000, "ms", false],
      [8, 1, "", true],
      [0, 10, "", false],
      [1e6, 1e4, "B/s", false],
      [1, 8, "", false],
    ],
  );
  deepEqual(
    [script.perturbation, script.loads, script.duration, script.precision],
    [100, 400, 1_800_000, 0.1],
  );
  equal(script.seed, 42);
  equal(parsing.parse({ page, budget: "800ms" }).budget, 800);
  equal(parsing.parse({ page }).budget, undefined);
});

Deno.test("parseScript() reads paths from the script's folder", async () => {
  await using parsing = await parser();
  const { probe } = parsing.parse({
    page: {
      url: "/",
      figure: "INP",
      actions: "./buy.ts",
      executable: "./chrome",
    },
  });
  ok(probe.kind === "page");
  equal(probe.actions, resolve("/work", "buy.ts"));
  equal(probe.executable, resolve("/work", "chrome"));
  const command = parsing.parse({ command: "npx playwright test" });
  deepEqual(command.probe, {
    kind: "command",
    run: "npx playwright test",
    figure: "wall time",
    timeout: 300_000,
    folder: "/work",
  });
});

Deno.test("parseScript() reports all errors at once", async () => {
  await using parsing = await parser();
  const issues = issuesOf(() =>
    parsing.parse({
      page: { url: "ftp://x", figure: "LPC" },
      perturbation: "fast",
      loads: 0,
      routes: ["crat", "cart"],
      cliffs: [{ route: "cart", dial: "delya", to: "1s" }],
      budgets: "1s",
    })
  );
  const paths = issues.map((issue) => issue.split(":")[0]).sort();
  deepEqual(paths, [
    "/budgets",
    "/cliffs/0/dial",
    "/loads",
    "/page/figure",
    "/page/url",
    "/perturbation",
    "/routes/0",
  ]);
});

Deno.test("parseScript() refuses what cannot be measured", async () => {
  await using parsing = await parser();
  const page = { url: "/" };
  const cases: [unknown, RegExp][] = [
    [{}, /^: Nothing gives a figure/],
    [{ page, command: "x" }, /^: More than one probe/],
    [
      { page, budget: { INP: "1s" } },
      /^\/budget\/INP: The script measures LCP, not INP/,
    ],
    [
      { page: { url: "/", figure: "INP" } },
      /^\/page\/actions: INP needs actions/,
    ],
    [{ page: { url: "/", figure: "CLS" } }, /^\/page\/figure: CLS is no time/],
    [{ beacon: { figure: "time" } }, /^\/beacon\/figure: Pages do not send/],
    [
      { page, routes: ["cart", "cart"] },
      /^\/routes\/1: This route is listed twice/,
    ],
    [
      { page, routes: { real: { speedup: "10ms" } } },
      /^\/routes\/real\/speedup: Nothing can be taken/,
    ],
    [
      { page, cliffs: [{ dial: "delay", to: "1s" }] },
      /^\/cliffs\/0: A cliff is searched/,
    ],
    [
      { page, cliffs: [{ pool: "bd", dial: "concurrency", from: 4, to: 1 }] },
      /^\/cliffs\/0\/pool: There is no pool "bd"/,
    ],
    [
      { page, cliffs: [{ route: "cart", dial: "faultShare", to: 2 }] },
      /^\/cliffs\/0\/dial: There is no dial "faultShare"/,
    ],
    [
      { page, cliffs: [{ route: "cart", dial: "delay", to: 0 }] },
      /^\/cliffs\/0\/to: There is nothing between/,
    ],
    [
      { page, cliffs: [{ route: "cart", dial: "delay", to: "soon" }] },
      /^\/cliffs\/0\/to: Cannot read/,
    ],
    [{ page, factors: [1, 4, 2] }, /^\/factors: Factors ascend from 1/],
    [{ page, factors: [2, 4] }, /^\/factors: Factors ascend from 1/],
    [
      { command: "x", origins: ["https://cdn.example.com/*"] },
      /^\/origins: Only a page's/,
    ],
    [{ page, origins: ["(((:::"] }, /^\/origins\/0: /],
    [{ page, routes: {} }, /^\/routes: This has no key/],
    [{ page, origins: {} }, /^\/origins: This has no key/],
    [{ page, budget: {} }, /^\/budget: This has no key/],
    [
      { command: { run: "x", figure: "time" } },
      /^\/command\/figure: The figure of a command is its wall time/,
    ],
    [{ beacon: { url: "shop" } }, /^\/beacon\/url: A page has a URL/],
    [
      { page, perturbation: "30s" },
      /^\/perturbation: No load could end: a load is given up after 30000 ms/,
    ],
    [
      {
        command: { run: "x", timeout: "2s" },
        routes: { cart: { delay: "3s" } },
      },
      /^\/routes\/cart\/delay: No load could end/,
    ],
  ];
  for (const [script, expected] of cases) {
    const issues = issuesOf(() => parsing.parse(script));
    equal(issues.length, 1, issues.join("\n"));
    match(issues[0], expected);
  }
});

Deno.test("parseScript() refuses a journal that is too small for a load", async () => {
  await using parsing = await parser(50);
  deepEqual(issuesOf(() => parsing.parse({ page: { url: "/" } })), [
    ": The configuration's journal keeps 50 exchanges, and an experiment reads there which routes were called",
  ]);
});

Deno.test("parseScript() takes no URL of another server for a path", async () => {
  await using parsing = await parser();
  for (const url of ["/", "/shop", "/a//b", "/?to=//elsewhere.test/"]) {
    const { probe } = parsing.parse({ page: { url } });
    equal(probe.kind === "page" && probe.url, url);
  }
  for (
    const url of [
      "//elsewhere.test/",
      "///elsewhere.test/",
      "/\\elsewhere.test/",
      "/\t/elsewhere.test/",
    ]
  ) {
    deepEqual(issuesOf(() => parsing.parse({ page: { url } })), [
      "/page/url: A page has a URL, or a path of this server",
    ]);
  }
});

Deno.test("parseScript() takes a perturbation beyond the time-out where each route has a change of its own", async () => {
  await using parsing = await parser();
  const script = {
    page: { url: "/", timeout: "50ms" },
    routes: { cart: { delay: "10ms" } },
  };
  equal(parsing.parse(script).routes?.size, 1);
  deepEqual(issuesOf(() => parsing.parse({ ...script, routes: ["cart"] })), [
    "/perturbation: No load could end: a load is given up after 50 ms",
  ]);
});

Deno.test("parseScript() looks for the nearest route of the first wrong names alone", async () => {
  await using parsing = await parser();
  const routes = Array.from({ length: 5000 }, (_, i) => `car${i}`);
  for (const more of [{}, { loads: 0 }]) {
    const suggested = (() => {
      try {
        parsing.parse({ page: { url: "/" }, routes, ...more });
      } catch (error) {
        ok(error instanceof PerfmockError);
        return error.issues.filter(({ path }) => path.startsWith("/routes"))
          .map(({ suggestion }) => suggestion);
      }
      return [];
    })();
    equal(suggested.length, 5000);
    equal(suggested[0], "cart");
    equal(suggested.filter((one) => one !== undefined).length <= 20, true);
  }
});
