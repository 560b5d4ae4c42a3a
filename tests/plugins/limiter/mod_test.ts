import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { PerfmockInput } from "../../../core/config/mod.ts";
import { createTestServer, type TestServer } from "../../../core/testing.ts";
import type { ClientReport, PoolReport } from "../../../plugins/limiter/mod.ts";
import { call, json } from "../../support/http.ts";

/** A server with these pools and routes. */
function serve(
  pools: Readonly<Record<string, unknown>>,
  routes: PerfmockInput["routes"],
  log?: (level: string, message: string) => void,
): Promise<TestServer> {
  return createTestServer({
    plugins: { limiter: { pools, client: "header:X-Client" } },
    routes,
  }, log === undefined ? {} : { log });
}

/** What came of a request. */
interface Seen {
  readonly status: number;
  /** In its queue, in milliseconds. */
  readonly queue: number;
  /** From arrival to headers, in milliseconds. */
  readonly total: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Sends requests at the same time, in this order. */
function together(
  test: TestServer,
  ...requests: readonly (readonly [path: string, headers?: HeadersInit])[]
): Promise<Seen[]> {
  return Promise.all(requests.map(async ([path, headers]): Promise<Seen> => {
    const { response } = await test.request(
      path,
      headers === undefined ? {} : { headers },
    );
    const timing = response.headers.get("server-timing") ?? "";
    const part = (name: string) =>
      Number(new RegExp(`${name};dur=([0-9.]+)`).exec(timing)?.[1]);
    return {
      status: response.status,
      queue: part("queue"),
      total: part("total"),
      headers: response.headers,
      text: await response.text(),
    };
  }));
}

function totals(seen: readonly Seen[]): [number, number][] {
  return seen.map(({ status, total }) => [status, total]);
}

async function pools(test: TestServer): Promise<PoolReport[]> {
  const answer = await json<{ pools: PoolReport[] }>(
    call(test.server, "/_perfmock/limiter/pools"),
  );
  return answer.pools;
}

Deno.test("a pool serves as many as it has places, the rest wait or are refused", async () => {
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
    meanQueued: 1,
    meanWait: 50,
  });
  const { plugins } = test.server.stats();
  deepEqual(plugins.limiter, { pools: [report] });
});

Deno.test("a route may have a pool of its own, and says what it does", async () => {
  await using test = await serve({ api: { rateLimit: { rate: "5/s" } } }, [
    { id: "a", path: "/a", limiter: { concurrency: 1 }, serviceTime: "9ms" },
    { id: "b", path: "/b", limiter: { concurrency: 3, queue: "unbounded" } },
    { id: "c", path: "/c", limiter: "api" },
    { id: "d", path: "/d" },
  ]);
  deepEqual(test.server.routes.map(({ does }) => does.at(-1)), [
    "at most 1 at once, nobody waits (route:a)",
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

Deno.test("pools in turn: a slow db fills the web workers, a real cascade", async () => {
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
    // Quick, but all workers wait for the database.
    [200, 101],
    [503, 0],
  ]);
  const [web, db] = await pools(test);
  deepEqual([web.peakBusy, db.peakBusy, db.admitted], [3, 1, 3]);
  equal(web.rejected.queue_full, 1);
});

Deno.test("a refusal by the second pool gives the place of the first back", async () => {
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

Deno.test("20 000 waiters on 0 ms routes drain without recursion, through a chain whose second pool refuses, too", async () => {
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

Deno.test("priority comes from a header, from the route, or is ordinary", async () => {
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

Deno.test("random order is the seed's: the same seed, the same order", async () => {
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

Deno.test("refusals carry their status, Retry-After in whole seconds and their body", async () => {
  await using test = await serve({
    db: {
      concurrency: 1,
      queue: 1,
      queueTimeout: "50ms",
      onFull: { status: 429, retryAfter: "1.2s", body: "try later" },
      onTimeout: {},
    },
  }, [{ path: "/", limiter: "db", serviceTime: "100ms" }]);
  const [, timeout, full] = await together(test, ["/"], ["/"], ["/"]);
  deepEqual(
    [full.status, full.headers.get("retry-after"), full.text],
    [429, "2", "try later"],
  );
  deepEqual(
    [timeout.status, timeout.total, timeout.headers.get("retry-after")],
    [503, 50, null],
  );
  match(timeout.text, /queue_timeout/);
});

Deno.test("an estimate says 1 s before there is anything to estimate from, and the log says so", async () => {
  const log: string[] = [];
  await using test = await serve(
    {
      db: { concurrency: 1, queue: 3, onFull: { retryAfter: "estimate" } },
    },
    [{ path: "/", limiter: "db", serviceTime: "2s" }],
    (_level, message) => log.push(message),
  );
  const paths = Array.from({ length: 5 }, () => ["/"] as const);
  const first = await together(test, ...paths);
  equal(first[4].headers.get("retry-after"), "1");
  deepEqual(log, [
    'limiter: Pool "db" has served nothing yet to estimate Retry-After from: it says 1 s until it has',
  ]);
  deepEqual((await pools(test))[0].retryAfter, {
    seconds: 2,
    from: "throughput",
  });
  const second = await together(test, ...paths);
  // Three wait and one comes: four services of 2 s.
  equal(second[4].headers.get("retry-after"), "8");
});

Deno.test("a client may be left to hang, and holds what it had until it leaves", async () => {
  await using test = await serve({
    web: { concurrency: 2, queue: 0 },
    db: { concurrency: 1, queue: 0, onFull: { action: "hang" } },
  }, [{ path: "/", limiter: ["web", "db"], serviceTime: "10ms" }]);
  const { server, clock } = test;
  const leaving = new AbortController();
  const get = (init?: RequestInit) =>
    server.fetch(new Request(server.url, init));
  const served = get();
  const hanging = get({ signal: leaving.signal });
  clock.advance(3_600_000);
  equal((await served).status, 200);
  equal(server.inFlight, 1);
  deepEqual((await pools(test)).map(({ busy }) => busy), [1, 0]);
  leaving.abort();
  await hanging;
  equal(server.inFlight, 0);
  deepEqual((await pools(test)).map(({ busy }) => busy), [0, 0]);
});

Deno.test("rate limits refuse with exact Retry-After, and tell the rest how they stand", async () => {
  await using test = await serve({
    api: { rateLimit: { rate: "30/m", burst: 2, per: "header:X-Key" } },
  }, [{ path: "/", limiter: "api" }]);
  const key = (value: string) => ["/", { "x-key": value }] as const;
  const seen = await together(test, key("a"), key("a"), key("a"), key("b"));
  deepEqual(
    seen.map(({ status, headers }) => [
      status,
      headers.get("retry-after"),
      headers.get("ratelimit"),
      headers.get("ratelimit-policy"),
    ]),
    [
      [200, null, '"api";r=1;t=2', '"api";q=2;w=4'],
      [200, null, '"api";r=0;t=4', '"api";q=2;w=4'],
      [429, "2", '"api";r=0;t=2', '"api";q=2;w=4'],
      [200, null, '"api";r=1;t=2', '"api";q=2;w=4'],
    ],
  );
  test.clock.advance(1999);
  deepEqual((await together(test, key("a")))[0].status, 429);
  test.clock.advance(1);
  deepEqual((await together(test, key("a")))[0].status, 200);
  equal((await pools(test))[0].rejected.rate_limited, 2);
});

Deno.test("limits in turn all tell how they stand; who is refused by a pool learns of that alone", async () => {
  await using test = await serve({
    a: { rateLimit: { rate: 10, burst: 10 } },
    b: { concurrency: 1, rateLimit: { rate: 10, burst: 5 } },
  }, [{ path: "/", limiter: ["a", "b"], serviceTime: "10ms" }]);
  const [served, refused] = await together(test, ["/"], ["/"]);
  equal(served.headers.get("ratelimit"), '"a";r=8;t=1, "b";r=3;t=1');
  deepEqual(
    [refused.status, refused.headers.get("ratelimit")],
    [503, null],
  );
});

Deno.test("GET limiter/clients tells good clients from bad", async () => {
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

Deno.test("metrics tell of every pool, and the levels are those of the moment", async () => {
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

Deno.test("the end of the server takes its background along", async () => {
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
    ["/_perfmock/limiter/pools", "/_perfmock/limiter/clients"],
  );
});
