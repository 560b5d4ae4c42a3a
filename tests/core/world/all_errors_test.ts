import { deepEqual, equal, rejects } from "node:assert/strict";
import { createTestServer } from "../../../core/testing.ts";
import { errorOf, lines } from "../../support/errors.ts";

function errorsOf(config: object) {
  return errorOf(() => createTestServer(config));
}

Deno.test("errors of settings and errors that plugins find on routes are reported together", async () => {
  const error = await errorsOf({
    server: { drainTimeout: "soon" },
    routes: [
      { path: "/a", serviceTme: "1ms" },
      { path: "/b", limiter: "missing" },
      { path: "/c", serviceTime: "5ms" },
    ],
  });
  equal(error.code, "CONFIG_INVALID");
  equal(error.message, "Cannot use the configuration: 3 errors");
  deepEqual(lines(error).map((line) => line.split(":")[0]), [
    "/server/drainTimeout",
    "/routes/0/serviceTme",
    "/routes/1/limiter",
  ]);
});

Deno.test("a misspelt key for the plugins does not report errors that follow from it", async () => {
  const error = await errorsOf({
    plugis: { limiter: { pools: { db: { concurrency: 1 } } } },
    routes: [{ path: "/a", limiter: "db" }],
  });
  deepEqual(lines(error), ['/plugis: Unknown key "plugis" → plugins']);
});

Deno.test("an unknown key of a route does not hide a plugin's errors on the same route", async () => {
  const error = await errorsOf({
    routes: [
      { path: "/a", serviceTme: "1ms", scale: 2, limiter: "missing" },
      { path: "/b", limitr: "missing", priority: 1 },
    ],
  });
  deepEqual(lines(error), [
    '/routes/0/serviceTme: Unknown key "serviceTme" → serviceTime',
    '/routes/1/limitr: Unknown key "limitr" → limiter',
    '/routes/0/limiter: Unknown pool "missing"',
  ]);
});

Deno.test("an error in a route has its path in the file, whether or not earlier routes have errors", async () => {
  const error = await errorsOf({
    routes: [
      { path: "/a", serviceTme: "1ms" },
      { path: "/_perfmock/mine" },
    ],
  });
  deepEqual(lines(error).map((line) => line.split(":")[0]), [
    "/routes/0/serviceTme",
    "/routes/1/path",
  ]);
});

Deno.test("if a plugin's options have an error, the message says that there may be further errors", async () => {
  const error = await errorsOf({
    plugins: { limiter: { pols: {} } },
    routes: [{ path: "/b", limiter: "missing" }],
  });
  equal(
    error.message,
    "Cannot use the configuration: 1 error; more may follow, since the plugins could not be set up",
  );
});

Deno.test("errors of settings are reported together with a plugin that cannot be set up", async () => {
  const error = await errorOf(() =>
    createTestServer({ routes: [{ path: "/a", serviceTme: "1ms" }] }, {
      plugins: [{
        name: "probe",
        version: "1.0.0",
        setup: () => {
          throw new Error("no licence");
        },
      }],
    })
  );
  equal(
    error.message,
    "Cannot use the configuration: 2 errors; more may follow, since the plugins could not be set up",
  );
  deepEqual(lines(error), [
    '/routes/0/serviceTme: Unknown key "serviceTme" → serviceTime',
    '/plugins: Cannot set up plugin "probe": no licence',
  ]);
});

Deno.test("plugins of a configuration with errors are disposed", async () => {
  const ended: string[] = [];
  await rejects(createTestServer({ routes: [{ path: "/a", x: 1 }] }, {
    plugins: [{
      name: "probe",
      version: "1.0.0",
      setup: () => ({
        [Symbol.asyncDispose]: () => {
          ended.push("probe");
          return Promise.resolve();
        },
      }),
    }],
  }));
  deepEqual(ended, ["probe"]);
});

Deno.test("a misspelt plugin hides no other errors, its own options' included, and each has its path as written", async () => {
  const error = await errorsOf({
    plugins: { limitr: { pools: { db: { concurency: 2, queueTimeout: 5 } } } },
    routes: [
      { path: "/a", serviceTme: "1ms" },
      { path: "/b", limiter: "db" },
      { path: "/_perfmock/mine" },
    ],
  });
  deepEqual(lines(error), [
    '/plugins/limitr: Cannot load plugin "limitr": there is no built-in plugin of this name, and a path begins with ./ → limiter',
    '/routes/0/serviceTme: Unknown key "serviceTme" → serviceTime',
    '/plugins/limitr/pools/db/concurency: Unknown key "concurency" → concurrency',
  ]);
  deepEqual(error.warnings.map(({ path }) => path), [
    "/plugins/limitr/pools/db/queueTimeout",
  ]);
  const found = await errorsOf({
    plugins: { limitr: { pools: { db: { concurrency: 2 } } } },
    routes: [{ path: "/a", limiter: "bd" }, { path: "/_perfmock/mine" }],
  });
  deepEqual(lines(found).map((line) => line.split(":")[0]), [
    "/plugins/limitr",
    "/routes/0/limiter",
    "/routes/1/path",
  ]);
});

Deno.test("a plugin that cannot be loaded hides no misspelt key, but what it may have brought is no error", async () => {
  const error = await errorsOf({
    plugins: { "./absent.ts": {} },
    routes: [{ path: "/a", serviceTme: "1ms", chaos: true }],
  });
  deepEqual(
    lines(error).map((line) => line.split(":")[0]),
    [
      "/plugins/./absent.ts",
      "/routes/0/serviceTme",
    ].map((path) => path.replace("./", ".~1")),
  );
});
