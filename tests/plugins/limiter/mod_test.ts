import { deepEqual, equal, match, ok } from "node:assert/strict";
import { createTestServer } from "../../../core/testing.ts";
import type { ClientReport } from "../../../plugins/limiter/mod.ts";
import { call, json } from "../../support/http.ts";
import { pools, serve, together, totals } from "./_server.ts";

Deno.test("a pool serves as many requests as it has places; the others wait or are refused", async () => {
  await using test = await serve(
    { db: { concurrency: 2, queue: 2 } },
    [{ path: "/", limiter: "db", serviceTime: "100ms" }],
  );
  deepEqual(
    totals(await together(test, ["/"], ["/"], ["/"], ["/"], ["/"])),
    [[200, 100], [200, 100], [200, 200], [200, 200], [503, 0]],
  );
  const [report] = await pools(test);
  deepEqual(report, {
    name: "db",
    concurrency: 2,
    busy: 0,
    peakBusy: 2,
    queue: 2,
    queued: 0,
    arrivals: 5,
    admitted: 4,
    rejected: {
      queue_full: 1,
      queue_timeout: 0,
      rate_limited: 0,
      client_gone: 0,
      shutdown: 0,
    },
    utilisation: 1,
    last10s: { seconds: 0.2, utilisation: 1, meanQueued: 1 },
    last1m: { seconds: 0.2, utilisation: 1, meanQueued: 1 },
    meanQueued: 1,
    meanWait: 50,
    waited: 200,
  });
  const { plugins } = test.server.stats();
  deepEqual(plugins.limiter, { pools: [report] });
});

Deno.test("a route may have a pool of its own, which its summary describes", async () => {
  await using test = await serve({ api: { rateLimit: { rate: "5/s" } } }, [
    { id: "a", path: "/a", limiter: { concurrency: 1 }, serviceTime: "9ms" },
    { id: "b", path: "/b", limiter: { concurrency: 3, queue: "unbounded" } },
    { id: "c", path: "/c", limiter: "api" },
    { id: "d", path: "/d" },
  ]);
  deepEqual(test.server.routes.map(({ does }) => does.at(-1)), [
    "at most 1 at once, no queue (route:a)",
    "at most 3 at once, unbounded waiting (route:b)",
    "limited in rate (api)",
    undefined,
  ]);
  deepEqual(totals(await together(test, ["/a"], ["/a"], ["/d"])), [
    [200, 9],
    [503, 0],
    [200, 0],
  ]);
  const reports = await pools(test);
  deepEqual(
    reports.map(({ name, concurrency, queue }) => [name, concurrency, queue]),
    [
      ["api", "unbounded", 0],
      ["route:a", 1, 0],
      ["route:b", 3, "unbounded"],
    ],
  );
});

Deno.test("pools in turn: a slow database fills the web workers", async () => {
  await using test = await serve({
    web: { concurrency: 3, queue: 1 },
    db: { concurrency: 1, queue: "unbounded" },
  }, [
    { path: "/db", limiter: ["web", "db"], serviceTime: "100ms" },
    { path: "/static", limiter: "web", serviceTime: "1ms" },
  ]);
  const seen = await together(
    test,
    ["/db"],
    ["/db"],
    ["/db"],
    ["/static"],
    ["/static"],
  );
  deepEqual(totals(seen), [
    [200, 100],
    [200, 200],
    [200, 300],
    // A short service, but all workers wait for the database.
    [200, 101],
    [503, 0],
  ]);
  const [web, db] = await pools(test);
  deepEqual([web.peakBusy, db.peakBusy, db.admitted], [3, 1, 3]);
  equal(web.rejected.queue_full, 1);
});

Deno.test("a refusal by the second pool frees the place of the first", async () => {
  await using test = await serve({
    web: { concurrency: 2, queue: 5 },
    db: { concurrency: 1, queue: 0 },
  }, [{ path: "/", limiter: ["web", "db"], serviceTime: "10ms" }]);
  const paths = Array.from({ length: 6 }, () => ["/"] as const);
  deepEqual(
    totals(await together(test, ...paths)),
    [[200, 10], [503, 0], [503, 0], [503, 0], [503, 0], [503, 0]],
  );
  const [web, db] = await pools(test);
  deepEqual([web.busy, db.busy, web.admitted, db.admitted], [0, 0, 6, 1]);
});

Deno.test("20 000 queued requests of 0 ms are served without recursion, also through a chain whose second pool refuses", async () => {
  for (const chain of ["db", ["web", "db"], ["web", "none"]]) {
    await using test = await serve({
      web: { concurrency: 1, queue: "unbounded" },
      db: { concurrency: 1, queue: "unbounded" },
      none: { concurrency: 1, queue: 0 },
    }, [
      { path: "/hold", limiter: chain, serviceTime: "5ms" },
      { path: "/hold-none", limiter: "none", serviceTime: "1s" },
      { path: "/", limiter: chain },
    ]);
    const { server, clock } = test;
    const get = (path: string) =>
      server.fetch(new Request(new URL(path, server.url)));
    const answers = [get("/hold-none"), get("/hold")];
    for (let n = 0; n < 20_000; n++) answers.push(get("/"));
    clock.advance(2000);
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    equal(statuses.filter((status) => status >= 200).length, 20_002);
    equal(server.inFlight, 0);
    for (const { busy, queued } of await pools(test)) {
      deepEqual([busy, queued], [0, 0]);
    }
  }
});

Deno.test("priority comes from a header, else from the route, else it is 0", async () => {
  await using test = await serve({
    db: {
      concurrency: 1,
      queue: 9,
      discipline: "priority",
      priority: "header:X-Priority",
    },
  }, [
    { path: "/a", limiter: "db", serviceTime: "10ms" },
    { path: "/b", limiter: "db", serviceTime: "10ms", priority: -1 },
  ]);
  const seen = await together(
    test,
    ["/a"],
    ["/a", { "x-priority": "high" }],
    ["/a", { "x-priority": "3" }],
    ["/a", { "x-priority": "-7" }],
    ["/a", { "x-priority": " " }],
    ["/b"],
    ["/b", { "x-priority": "2" }],
  );
  deepEqual(seen.map(({ total }) => total), [10, 40, 70, 20, 50, 30, 60]);
});

Deno.test("priority comes from the route alone where no header is named", async () => {
  await using test = await serve(
    { db: { concurrency: 1, queue: 9, discipline: "priority" } },
    [
      { path: "/a", limiter: "db", serviceTime: "10ms" },
      { path: "/b", limiter: "db", serviceTime: "10ms", priority: 1 },
    ],
  );
  const seen = await together(test, ["/b"], ["/b"], ["/a"]);
  deepEqual(seen.map(({ total }) => total), [10, 30, 20]);
});

Deno.test("random order follows the seed: the same seed, the same order", async () => {
  const order = async (seed: number, limiter: unknown) => {
    await using test = await createTestServer({
      seed,
      plugins: {
        limiter: {
          pools: { db: { concurrency: 1, queue: 30, discipline: "random" } },
        },
      },
      routes: [{ path: "/", limiter, serviceTime: "10ms" }, {
        path: "/other",
        limiter: "db",
      }],
    });
    const paths = Array.from({ length: 20 }, () => ["/"] as const);
    return (await together(test, ...paths)).map(({ total }) => total).join();
  };
  const own = { concurrency: 1, queue: 30, discipline: "random" };
  for (const limiter of ["db", own]) {
    const first = await order(1, limiter);
    equal(await order(1, limiter), first);
    ok(await order(2, limiter) !== first);
  }
});

Deno.test("GET limiter/clients gives a verdict on each client", async () => {
  await using test = await serve({
    db: { concurrency: 1, onFull: { retryAfter: "1s" } },
  }, [{ path: "/", limiter: "db", serviceTime: "5s" }]);
  const holding = test.server.fetch(
    new Request(test.server.url, { headers: { "x-client": "first" } }),
  );
  const from = (client: string) =>
    call(test.server, "/", { headers: { "x-client": client } });
  for (let n = 0; n < 4; n++) {
    await from("hasty");
    if (n % 2 === 0) await from("patient");
    test.clock.advance(600);
  }
  const { clients, all } = await json<
    { clients: ClientReport[]; all: ClientReport }
  >(call(test.server, "/_perfmock/limiter/clients"));
  deepEqual(
    clients.map(({ client, refused, retries, early }) => [
      client,
      refused,
      retries,
      early,
    ]),
    [["hasty", 4, 3, 3], ["patient", 2, 1, 0]],
  );
  match(clients[0].verdict, /^Comes back too early: 3 of 3/);
  deepEqual([all.refused, all.retries, all.early], [6, 4, 3]);
  test.clock.advance(5000);
  equal((await holding).status, 200);
});

Deno.test("every pool has metrics, and its gauges show the present levels", async () => {
  await using test = await serve({
    db: { concurrency: 2, queue: 1, queueTimeout: "30ms" },
    open: { concurrency: 1, queue: "unbounded" },
  }, [{ path: "/", limiter: "db", serviceTime: "2s" }]);
  const pending = [1, 2, 3, 4].map(() => call(test.server, "/"));
  const text = async () =>
    (await (await call(test.server, "/metrics")).text()).split("\n");
  const during = await text();
  for (
    const line of [
      'perfmock_pool_concurrency{pool="db"} 2',
      'perfmock_pool_busy{pool="db"} 2',
      'perfmock_pool_queue_capacity{pool="db"} 1',
      'perfmock_pool_queue_capacity{pool="open"} +Inf',
      'perfmock_pool_queue_depth{pool="db"} 1',
      'perfmock_pool_arrivals_total{pool="db"} 4',
      'perfmock_rejections_total{pool="db",reason="queue_full"} 1',
      'perfmock_rejections_total{pool="db",reason="queue_timeout"} 0',
      'perfmock_queue_seconds_count{pool="db",outcome="admitted"} 2',
    ]
  ) ok(during.includes(line), line);
  test.clock.advance(4000);
  await Promise.all(pending);
  const after = await text();
  for (
    const line of [
      'perfmock_pool_busy{pool="db"} 0',
      'perfmock_pool_utilisation_ratio{pool="db"} 0.5',
      'perfmock_rejections_total{pool="db",reason="queue_timeout"} 1',
      'perfmock_queue_seconds_sum{pool="db",outcome="queue_timeout"} 0.03',
    ]
  ) ok(after.includes(line), line);
});

Deno.test("the end of the server ends the background", async () => {
  const test = await serve({
    db: { concurrency: 1, background: { rate: "100/s", serviceTime: "1s" } },
  }, [{ path: "/", limiter: "db" }]);
  test.clock.advance(500);
  ok(test.clock.pending > 0);
  const [{ background }] = await pools(test);
  ok(background !== undefined && background.arrivals > 20);
  await test[Symbol.asyncDispose]();
  equal(test.clock.pending, 0);
});

Deno.test("openapi.json describes pools and clients", async () => {
  await using test = await serve({}, []);
  const { paths } = await json<{ paths: Record<string, unknown> }>(
    call(test.server, "/_perfmock/openapi.json"),
  );
  deepEqual(
    Object.keys(paths).filter((path) => path.includes("/limiter/")),
    [
      "/_perfmock/limiter/pools",
      "/_perfmock/limiter/pools/{name}",
      "/_perfmock/limiter/clients",
    ],
  );
});
