import { deepEqual, equal, match } from "node:assert/strict";
import { createTestServer } from "../../../core/testing.ts";
import { errorOf, lines } from "../../support/errors.ts";

/** The issues of one pool, a line each. */
async function issuesOf(pool: unknown): Promise<string[]> {
  const error = await errorOf(() =>
    createTestServer({
      plugins: { limiter: { pools: { db: pool } } },
      routes: [{ path: "/", limiter: "db" }],
    })
  );
  equal(error.code, "CONFIG_INVALID");
  return lines(error).map((line) => line.replace("/plugins/limiter/pools", ""));
}

const WRONG: readonly [what: string, pool: unknown, issue: string][] = [
  [
    "no places",
    { concurrency: 0 },
    "/db/concurrency: Must be at least 1, received 0",
  ],
  [
    "a negative number of places",
    { concurrency: -3 },
    "/db/concurrency: Must be at least 1, received -3",
  ],
  [
    "a negative queue",
    { concurrency: 1, queue: -1 },
    "/db/queue: Must be at least 0, received -1",
  ],
  [
    "an unknown word for a queue",
    { concurrency: 1, queue: "unbouned" },
    '/db/queue: Must be "unbounded", received "unbouned" → unbounded',
  ],
  [
    "an unknown discipline",
    { concurrency: 1, discipline: "fiffo" },
    '/db/discipline: Must be "fifo", "lifo", "random" or "priority", received "fiffo" → fifo',
  ],
  [
    "a pool that limits nothing",
    { queue: 4 },
    "/db/concurrency: A pool without concurrency or rateLimit limits nothing",
  ],
  [
    "priority without the discipline",
    { concurrency: 1, priority: "header:X-P" },
    '/db/priority: Priority means nothing to the discipline "fifo"',
  ],
  [
    "an unknown source of priority",
    { concurrency: 1, discipline: "priority", priority: "X-P" },
    '/db/priority: Must be "route" or "header:" and a header\'s name, such as "header:X-Priority", received "X-P"',
  ],
  [
    "a queue time-out of 0",
    { concurrency: 1, queueTimeout: 0 },
    "/db/queueTimeout: Must be greater than 0, received 0",
  ],
  [
    "an unknown action",
    { concurrency: 1, onFull: { action: "reset" } },
    '/db/onFull/action: Must be "connection-reset" or "hang", received "reset"',
  ],
  [
    "a hang with an answer",
    { concurrency: 1, onTimeout: { action: "hang", status: 503, body: "x" } },
    '/db/onTimeout/status: Cannot answer with status and body where the action is "hang"',
  ],
  [
    "an invalid status",
    { concurrency: 1, onFull: { status: 99 } },
    "/db/onFull/status: Must be from 200 to 599, received 99",
  ],
  [
    "a rate without a unit",
    { rateLimit: { rate: "400" } },
    '/db/rateLimit/rate: Cannot read "400" as a rate → 400/s',
  ],
  [
    "a cost beyond the burst",
    { rateLimit: { rate: 5, burst: 2, cost: 3 } },
    "/db/rateLimit/cost: Must be at most burst, 2, or nothing would ever pass, received 3",
  ],
  [
    "a log that is too long",
    { rateLimit: { rate: 5, burst: 10_001, algorithm: "sliding-window" } },
    "/db/rateLimit/burst: A sliding window remembers every request: burst must be at most 10000, received 10001",
  ],
  [
    "an unknown partition",
    { rateLimit: { rate: 5, per: "ip" } },
    '/db/rateLimit/per: Must be "pool", "route", "client" or "header:" and a header\'s name, such as "header:X-Api-Key", received "ip"',
  ],
  [
    "a background whose times decrease",
    {
      concurrency: 1,
      background: {
        rate: {
          steps: [
            { at: 0, value: "1/s" },
            { at: "2s", value: "3/s" },
            { at: "1s", value: "1/s" },
          ],
        },
        serviceTime: "2ms",
      },
    },
    "/db/background/rate/steps/2/at: Times must not decrease, but 1000 ms comes after 2000 ms",
  ],
  [
    "a background whose rate has no unit",
    {
      concurrency: 1,
      background: {
        rate: { ramp: { from: "5", to: "10/s", over: "1s" } },
        serviceTime: "2ms",
      },
    },
    '/db/background/rate/ramp/from: Cannot read "5" as a rate → 5/s',
  ],
];

for (const [what, pool, issue] of WRONG) {
  Deno.test(`a pool is refused for ${what}`, async () => {
    deepEqual(await issuesOf(pool), [issue]);
  });
}

Deno.test("a named pool cannot have the name of a route's own pool", async () => {
  const error = await errorOf(() =>
    createTestServer({
      plugins: { limiter: { pools: { "route:r": { concurrency: 1 } } } },
    })
  );
  deepEqual(lines(error), [
    '/plugins/limiter/pools/route:r: Names that start with "route:" are those of inline pools',
  ]);
});

Deno.test("the option client must be a header", async () => {
  const error = await errorOf(() =>
    createTestServer({ plugins: { limiter: { client: "X-Client" } } })
  );
  match(lines(error)[0], /^\/plugins\/limiter\/client: Must be "header:" and/);
});

/** The issues of routes on a server with the pools web and db. */
async function routeFaults(...routes: readonly unknown[]): Promise<string[]> {
  return lines(
    await errorOf(() =>
      createTestServer({
        plugins: {
          limiter: {
            pools: { web: { concurrency: 4 }, db: { concurrency: 1 } },
          },
        },
        routes: routes.map((route, index) => ({
          id: `${index}`,
          path: `/${index}`,
          ...route as object,
        })),
      })
    ),
  );
}

Deno.test("routes with unknown pools, the same pool twice, or opposite orders are refused", async () => {
  deepEqual(
    await routeFaults(
      { limiter: "wbe" },
      { limiter: ["web", "dbb"] },
      { limiter: ["db", "db"] },
    ),
    [
      '/routes/0/limiter: Unknown pool "wbe" → web',
      '/routes/1/limiter/1: Unknown pool "dbb" → db',
      '/routes/2/limiter/1: Cannot take the pool "db" twice: who holds its last place would wait for itself',
    ],
  );
  deepEqual(
    await routeFaults({ limiter: ["web", "db"] }, { limiter: ["db", "web"] }),
    [
      '/routes/1/limiter: Cannot take "db" before "web": route "0" takes them the other way round, and both could wait for each other for ever',
    ],
  );
});

Deno.test("a priority without effect is refused", async () => {
  deepEqual(
    await routeFaults({ priority: 1 }, { priority: 1, limiter: ["web", "db"] }),
    [
      '/routes/0/priority: Cannot use "priority" on a route without "limiter" → limiter',
      "/routes/1/priority: Cannot use a priority: no pool of this route serves by priority",
    ],
  );
});

Deno.test("a route's own pool is read as any other", async () => {
  deepEqual(
    await routeFaults(
      { limiter: { concurency: 1, rateLimit: { rate: 1 } } },
      { limiter: 5 },
      { limiter: [] },
    ),
    [
      '/routes/0/limiter/concurency: Unknown key "concurency" → concurrency',
      "/routes/1/limiter: Expected a string, a list or an object, received a number → { concurrency: 5 }",
      "/routes/2/limiter: Must have at least 1 entry, received 0",
    ],
  );
});

Deno.test("an unknown pool on a server without pools names the place of pools", async () => {
  const error = await errorOf(() =>
    createTestServer({ routes: [{ path: "/", limiter: "db" }] })
  );
  equal(
    error.issues[0].allowed,
    "a pool of its own, since plugins.limiter.pools has none",
  );
});

Deno.test("a cycle of orders is refused, naming all its routes", async () => {
  const error = await errorOf(() =>
    createTestServer({
      plugins: {
        limiter: {
          pools: {
            a: { concurrency: 1 },
            b: { concurrency: 1 },
            c: { concurrency: 1 },
          },
        },
      },
      routes: [
        { id: "1", path: "/1", limiter: ["a", "b"] },
        { id: "2", path: "/2", limiter: ["b", "c"] },
        { id: "3", path: "/3", limiter: ["c", "a"] },
      ],
    })
  );
  match(error.issues[0].message, /routes "1" and "2" take them the other way/);
});

Deno.test("a pool that no route uses causes a warning", async () => {
  await using test = await createTestServer({
    plugins: {
      limiter: {
        pools: { "a/b": { concurrency: 1 }, db: { concurrency: 1 } },
      },
    },
    routes: [{ path: "/", limiter: "db" }],
  });
  deepEqual(
    test.server.warnings.map(({ path, message }) => `${path}: ${message}`),
    ['/plugins/limiter/pools/a~1b: No route uses the pool "a/b"'],
  );
});
