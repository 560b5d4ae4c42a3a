import { deepEqual, equal, match } from "node:assert/strict";
import { pools, serve, together } from "./_server.ts";

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

Deno.test("an estimate is 1 s before any service under saturation, and the log says so", async () => {
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
  // Three are queued and one arrives: four services of 2 s.
  equal(second[4].headers.get("retry-after"), "8");
});

Deno.test("a client may be left to hang, and keeps its places until it leaves", async () => {
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

Deno.test("rate limits refuse with an exact Retry-After, and answers tell the remaining quota", async () => {
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
      [200, null, '"api";r=0;t=2', '"api";q=2;w=4'],
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

Deno.test("answers tell the quota of all limits in turn; a pool's refusal tells none", async () => {
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
