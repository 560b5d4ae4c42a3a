/** Pools while the configuration changes: queued requests, requests in service, and kept state. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { PerfmockInput } from "../../../core/config/mod.ts";
import type { Issue } from "../../../core/plugin.ts";
import { createTestServer, type TestServer } from "../../../core/testing.ts";
import type { ClientReport, PoolReport } from "../../../plugins/limiter/mod.ts";
import { call, json } from "../../support/http.ts";
import { pools } from "./_server.ts";

/** A request under way, and its state. */
interface Sent {
  status: number;
  readonly leave: () => void;
}

/** Sends a request without waiting for its answer. */
function send(test: TestServer, path: string, headers: HeadersInit = {}): Sent {
  const leaving = new AbortController();
  const sent: Sent = { status: 0, leave: () => leaving.abort() };
  const answer = test.server.fetch(
    new Request(new URL(path, test.server.url), {
      headers,
      signal: leaving.signal,
    }),
  );
  Promise.resolve(answer).then(({ status }) => {
    sent.status = status;
  }, () => {});
  return sent;
}

/** Lets time pass and promises settle. */
async function pass(test: TestServer, milliseconds: number): Promise<void> {
  test.clock.advance(milliseconds);
  await new Promise((resolve) => setImmediate(resolve));
}

function patch(
  test: TestServer,
  path: string,
  body: unknown,
  headers: HeadersInit = {},
): Promise<Response> {
  return call(test.server, `/_perfmock/${path}`, {
    method: "PATCH",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json", ...headers },
  });
}

function patchPool(test: TestServer, body: unknown, name = "db") {
  return patch(test, `limiter/pools/${encodeURIComponent(name)}`, body);
}

async function pool(test: TestServer): Promise<PoolReport> {
  const [report] = await pools(test);
  return report;
}

function serve(
  db: Readonly<Record<string, unknown>>,
  routes: PerfmockInput["routes"] = [
    { id: "r", path: "/", limiter: "db", serviceTime: "100ms" },
  ],
): Promise<TestServer> {
  return createTestServer({ plugins: { limiter: { pools: { db } } }, routes });
}

Deno.test("PATCH to a larger pool admits queued requests at once; to a smaller one takes no place away", async () => {
  await using test = await serve({ concurrency: 1, queue: 5 });
  const all = Array.from({ length: 6 }, () => send(test, "/"));
  await pass(test, 50);
  const answer = await patchPool(test, { concurrency: 3 });
  equal(answer.status, 200);
  equal(answer.headers.get("etag"), '"2"');
  const report = await json<PoolReport>(answer);
  deepEqual([report.concurrency, report.busy, report.queued], [3, 3, 3]);
  await pass(test, 50);
  equal((await patchPool(test, { concurrency: 1, queue: 0 })).status, 200);
  deepEqual(await pool(test).then(({ busy, queued }) => [busy, queued]), [
    3,
    2,
  ]);
  equal(send(test, "/").status, 0);
  await pass(test, 0);
  const { rejected } = await pool(test);
  equal(rejected.queue_full, 1, "a shorter queue takes no more requests");
  await pass(test, 1000);
  deepEqual(all.map(({ status }) => status), [200, 200, 200, 200, 200, 200]);
  deepEqual(
    await pool(test).then((
      { admitted, arrivals, peakBusy },
    ) => [admitted, arrivals, peakBusy]),
    [6, 7, 3],
    "still the same pool",
  );
});

Deno.test("PATCH of discipline, time-out and refusals holds for queued requests, too", async () => {
  await using test = await serve({ concurrency: 1, queue: 5 });
  const [, second, third, fourth] = Array.from(
    { length: 4 },
    () => send(test, "/"),
  );
  equal(
    (await patchPool(test, {
      discipline: "lifo",
      queueTimeout: "150ms",
      onTimeout: { status: 504 },
    })).status,
    200,
  );
  await pass(test, 250);
  deepEqual([second, third, fourth].map(({ status }) => status), [
    504,
    504,
    200,
  ]);
});

Deno.test("a change of other settings leaves pools, quotas, verdicts and phantoms as they are", async () => {
  await using test = await serve({
    concurrency: 1,
    queue: 5,
    rateLimit: { rate: "1/s", burst: 3 },
    background: { rate: "1/h", serviceTime: "1h" },
  });
  const sent = Array.from({ length: 4 }, () => send(test, "/"));
  await pass(test, 10);
  equal(sent[3].status, 429);
  const before = await pool(test);
  const clients = () =>
    json<{ all: ClientReport }>(
      call(test.server, "/_perfmock/limiter/clients"),
    );
  const manners = await clients();
  equal(manners.all.refused, 1);
  equal((await patch(test, "config", { seed: 7 })).status, 200);
  deepEqual(await pool(test), before);
  deepEqual(await clients(), manners);
  equal((await patchPool(test, { rateLimit: { status: 420 } })).status, 200);
  const refused = send(test, "/");
  await pass(test, 0);
  equal(refused.status, 420, "the bucket is as empty as before");
  equal((await patchPool(test, { rateLimit: { burst: 4 } })).status, 200);
  const served = send(test, "/");
  await pass(test, 1000);
  equal(served.status, 200, "another bucket is full");
});

Deno.test("a refused change changes nothing, and every issue has its path in the body", async () => {
  await using test = await serve({ concurrency: 1, queue: 2 });
  send(test, "/");
  send(test, "/");
  const before = await pool(test);
  const answer = await patchPool(test, {
    concurrency: 0,
    queu: 3,
    discipline: "filo",
    onFull: { status: 99 },
  });
  equal(answer.status, 400);
  equal(answer.headers.get("content-type"), "application/problem+json");
  const { issues, title } = await json<{ issues: Issue[]; title: string }>(
    answer,
  );
  match(title, /Cannot change the pool "db": 4 errors/);
  deepEqual(
    issues.map(({ path, suggestion }) => [path, suggestion]).sort(),
    [
      ["/concurrency", undefined],
      ["/discipline", "fifo"],
      ["/onFull/status", undefined],
      ["/queu", "queue"],
    ],
  );
  deepEqual(await pool(test), before);
  const stale = await patch(test, "limiter/pools/db", { concurrency: 9 }, {
    "if-match": '"7"',
  });
  equal(stale.status, 412);
  const fresh = await patch(test, "limiter/pools/db", { queue: 9 }, {
    "if-match": '"1"',
  });
  equal(fresh.status, 200);
  equal((await pool(test)).queue, 9);
});

Deno.test("PATCH of an unknown pool is 404, with a suggestion", async () => {
  await using test = await serve({ concurrency: 1 });
  const answer = await patchPool(test, { concurrency: 2 }, "bd");
  equal(answer.status, 404);
  equal(answer.headers.get("content-type"), "application/problem+json");
  const { issues } = await json<{ issues: Issue[] }>(answer);
  deepEqual(issues, [{
    path: "",
    message: 'Unknown pool "bd"',
    value: "bd",
    allowed: "db",
    suggestion: "db",
  }]);
});

Deno.test("null removes a setting; an issue of a route that needs it has its path in the configuration", async () => {
  await using test = await serve(
    { concurrency: 1, queue: 3, queueTimeout: "1s", discipline: "priority" },
    [{ path: "/", limiter: "db", priority: 1, serviceTime: "10s" }],
  );
  const [, second] = [1, 2].map(() => send(test, "/"));
  equal((await patchPool(test, { queueTimeout: null })).status, 200);
  await pass(test, 5000);
  equal(second.status, 0, "it waits without a limit now");
  const answer = await patchPool(test, { discipline: null });
  equal(answer.status, 400);
  const { issues } = await json<{ issues: Issue[] }>(answer);
  equal(issues[0].path, "/routes/0/priority");
});

Deno.test("a route's own pool outlives changes and can be changed as all others", async () => {
  await using test = await createTestServer({
    routes: [
      { path: "/free" },
      { path: "/own", limiter: { concurrency: 1, queue: 2 }, serviceTime: 100 },
    ],
  });
  const own = [1, 2].map(() => send(test, "/own"));
  await pass(test, 0);
  const { name } = await pool(test);
  equal(name, "route:get-own");
  equal((await patchPool(test, { concurrency: 2 }, name)).status, 200);
  await pass(test, 100);
  deepEqual(own.map(({ status }) => status), [200, 200]);
  const { issues } = await json<{ issues: Issue[] }>(
    patchPool(test, { concurrency: -1 }, name),
  );
  equal(issues[0].path, "/concurrency");
});

Deno.test("a pool that is no longer named serves the requests in it; a later one of the same name is a new pool", async () => {
  await using test = await serve({ concurrency: 1, queue: 5 });
  const old = [1, 2].map(() => send(test, "/"));
  const route = { method: "GET", path: "/", serviceTime: "100ms" };
  const put = (limiter?: unknown) =>
    call(test.server, "/_perfmock/routes/r", {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...route, ...(limiter ? { limiter } : {}) }),
    });
  equal((await put()).status, 200);
  equal(
    (await patch(test, "config", {
      plugins: { limiter: { pools: { db: null } } },
    })).status,
    200,
  );
  deepEqual(await pools(test), []);
  equal((await patchPool(test, { queue: 3 })).status, 404);
  equal(
    (await patch(test, "config", {
      plugins: { limiter: { pools: { db: { concurrency: 1 } } } },
    })).status,
    200,
  );
  equal((await put("db")).status, 200);
  const fresh = send(test, "/");
  deepEqual(
    await pool(test).then(({ busy, queued }) => [busy, queued]),
    [1, 0],
  );
  await pass(test, 100);
  deepEqual([...old, fresh].map(({ status }) => status), [200, 0, 200]);
  await pass(test, 100);
  equal(old[1].status, 200);
  const metrics = await (await call(test.server, "/metrics")).text();
  match(metrics, /perfmock_pool_concurrency\{pool="db"\} 1\n/);
});

Deno.test("the phantoms of a removed pool end, those of a changed pool stay", async () => {
  const rate = "100/s";
  await using test = await serve({
    concurrency: 3,
    queue: 2,
    background: { rate, serviceTime: "1s" },
  });
  await pass(test, 500);
  const before = await pool(test);
  deepEqual([before.busy, before.queued], [3, 2]);
  const change = { background: { rate, serviceTime: "2s" }, queue: 3 };
  equal((await patchPool(test, change)).status, 200);
  const { background } = await pool(test);
  deepEqual(background, before.background);
  await pass(test, 500);
  const more = (await pool(test)).background?.arrivals ?? 0;
  ok(more > (background?.arrivals ?? 0) + 20, "the same rate goes on");
  equal((await patchPool(test, { background: null })).status, 200);
  const { arrivals } = await pool(test);
  await pass(test, 60_000);
  const after = await pool(test);
  deepEqual([after.arrivals, after.busy, after.queued], [arrivals, 0, 0]);
});

Deno.test("POST reset starts figures and verdicts afresh and leaves queued requests in the queue", async () => {
  await using test = await serve({ concurrency: 1, queue: 1 });
  const [first, second, third] = [1, 2, 3].map(() => send(test, "/"));
  await pass(test, 50);
  equal(third.status, 503);
  await call(test.server, "/_perfmock/reset", { method: "POST" });
  const { arrivals, admitted, rejected, busy, queued } = await pool(test);
  deepEqual(
    [arrivals, admitted, rejected.queue_full, busy, queued],
    [1, 0, 0, 1, 1],
  );
  const { clients } = await json<{ clients: unknown[] }>(
    call(test.server, "/_perfmock/limiter/clients"),
  );
  deepEqual(clients, []);
  await pass(test, 150);
  deepEqual([first.status, second.status], [200, 200]);
  equal((await pool(test)).admitted, 1);
});

Deno.test("a change of the header that identifies clients forgets all clients", async () => {
  await using test = await serve({
    rateLimit: { rate: "1/h", burst: 1, per: "client" },
  });
  const from = async (client: string) => {
    const sent = send(test, "/", { "x-client": client, "x-user": "u" });
    await pass(test, 100);
    return sent.status;
  };
  deepEqual([await from("a"), await from("b")], [200, 429]);
  const client = (header: string) =>
    patch(test, "config", {
      plugins: { limiter: { client: `header:${header}` } },
    });
  equal((await client("X-Client")).status, 200);
  deepEqual([await from("a"), await from("b"), await from("b")], [
    200,
    200,
    429,
  ]);
  equal((await client("X-User")).status, 200);
  deepEqual([await from("a"), await from("b")], [200, 429]);
});

Deno.test("a request that waits for the second pool of a chain is in both before and after a change", async () => {
  await using test = await createTestServer({
    plugins: {
      limiter: {
        pools: {
          web: { concurrency: 3, queue: 5 },
          db: { concurrency: 1, queue: 5 },
        },
      },
    },
    routes: [{ path: "/", limiter: ["web", "db"], serviceTime: "100ms" }],
  });
  const all = Array.from({ length: 5 }, () => send(test, "/"));
  await pass(test, 0);
  const figures = async () =>
    (await pools(test)).map(({ busy, queued }) => [busy, queued]);
  deepEqual(await figures(), [[3, 2], [1, 2]]);
  const change = { web: { concurrency: 4 }, db: { concurrency: 2 } };
  equal(
    (await patch(test, "config", { plugins: { limiter: { pools: change } } }))
      .status,
    200,
  );
  deepEqual(await figures(), [[4, 1], [2, 2]]);
  for (let step = 0; step < 4; step++) await pass(test, 100);
  deepEqual(all.map(({ status }) => status), [200, 200, 200, 200, 200]);
  deepEqual(await figures(), [[0, 0], [0, 0]]);
});

Deno.test("the gauges of a removed pool show its levels while it drains, and 0 afterwards", async () => {
  await using test = await createTestServer({
    plugins: {
      limiter: { pools: { db: { concurrency: 4 } } },
    },
    routes: [
      { id: "r", path: "/", limiter: "db", serviceTime: "100ms" },
      { id: "s", path: "/s" },
    ],
  });
  const busy = async () => {
    const text = await (await call(test.server, "/metrics")).text();
    return /perfmock_pool_busy\{pool="db"\} (\S+)/.exec(text)?.[1];
  };
  const sent = send(test, "/");
  equal(await busy(), "1");
  const removed = await call(test.server, "/_perfmock/routes/r", {
    method: "DELETE",
  });
  ok(removed.ok);
  const gone = { plugins: { limiter: { pools: { db: null } } } };
  equal((await patch(test, "config", gone)).status, 200);
  equal(await busy(), "1");
  await pass(test, 100);
  equal(sent.status, 200);
  await pass(test, 0);
  equal(await busy(), "0");
});

Deno.test("PATCH of a pool that another change has removed meanwhile is 404", async () => {
  await using test = await createTestServer({
    plugins: { limiter: { pools: { db: { concurrency: 4 } } } },
    routes: [
      { id: "a", path: "/a", limiter: { concurrency: 1 } },
      { id: "b", path: "/b", limiter: { concurrency: 1 } },
    ],
  });
  const statuses = async (...answers: Promise<Response>[]) =>
    (await Promise.all(answers)).map(({ status }) => status);
  const gone = { plugins: { limiter: { pools: { db: null } } } };
  deepEqual(
    await statuses(
      patch(test, "config", gone),
      patchPool(test, { concurrency: 3 }),
      call(test.server, "/_perfmock/routes/a", { method: "DELETE" }),
      patchPool(test, { concurrency: 3 }, "route:a"),
      patchPool(test, { concurrency: 3 }, "route:b"),
    ),
    [200, 404, 204, 404, 200],
    "route b is found at its new place",
  );
});
