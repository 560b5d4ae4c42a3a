// Runs alone, without the profiler: measures time.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { createPerfmock, type Perfmock } from "../../mod.ts";
import type { Lease, Waiter } from "../../core/plugin.ts";
import { eachEngine } from "../support/each_engine.ts";
import { get, rawRequest } from "../support/http.ts";
import { hooks, plugin } from "../support/plugins.ts";
import { until } from "../support/wait.ts";

const SLOW = { id: "slow", path: "/slow", serviceTime: "30s" };
const QUICK = { id: "quick", path: "/quick", serviceTime: "60ms" };

/** Sends a GET on a TCP connection of its own. */
function raw(server: Perfmock, path: string) {
  return rawRequest(server.url, [`GET ${path} HTTP/1.1`, "host: localhost"]);
}

async function rawRequests(server: Perfmock, path: string, count: number) {
  const clients = await Promise.all(
    Array.from({ length: count }, () => raw(server, path)),
  );
  await until(() => server.inFlight === count);
  return clients;
}

eachEngine.test("a client that leaves during the delay ends its exchange, and is counted", async () => {
  await using server = await createPerfmock({ routes: [SLOW] });
  const leaving = new AbortController();
  const answer = get(server, "/slow", { signal: leaving.signal })
    .catch((error) => error.name);
  await until(() => server.inFlight === 1);
  leaving.abort();
  equal(await answer, "AbortError");
  await until(() => server.inFlight === 0);
  const { gone, answered, inFlight } = server.stats().routes.slow;
  deepEqual([gone, answered, inFlight], [1, 0, 0]);
  match(
    await (await get(server, "/metrics")).text(),
    /perfmock_client_disconnects_total\{route="slow",phase="service"\} 1/,
  );
});

eachEngine.test("a client that closes its connection leaves the queue it waits in", async () => {
  const waiters: Waiter[] = [];
  let left = 0;
  await using server = await createPerfmock({ routes: [{ path: "/" }] }, {
    plugins: [hooks("queue", {
      admit: (_, waiter) => {
        waiters.push(waiter);
        return { leave: () => left++ };
      },
    })],
  });
  const [client] = await rawRequests(server, "/", 1);
  client[Symbol.dispose]();
  // The connection ends while it is being read.
  await client.answer.catch(() => {});
  await until(() => server.inFlight === 0);
  equal(left, 1);
  let released = 0;
  const lease: Lease = { release: () => released++ };
  waiters[0].settle(lease);
  equal(released, 1, "a place that comes too late is given back");
});

eachEngine.test("100 concurrent requests, some aborted, then disposal with 30 s delays pending: nothing leaks, nothing answers early", async () => {
  const server = await createPerfmock({ routes: [SLOW] });
  const leaving = new AbortController();
  const outcomes = Array.from(
    { length: 100 },
    (_, n) =>
      get(server, "/slow", n % 4 === 0 ? { signal: leaving.signal } : {})
        .then((response) => response.status, (error) => error.name),
  );
  await until(() => server.inFlight === 100);
  leaving.abort();
  await until(() => server.inFlight === 75);
  equal(server.stats().routes.slow.gone, 25);
  await server[Symbol.asyncDispose]();
  equal(server.inFlight, 0);
  const counted = Map.groupBy(await Promise.all(outcomes), (name) => name);
  deepEqual(
    [...counted].map(([name, all]) => [name, all.length]).toSorted(),
    [["AbortError", 25], ["TypeError", 75]],
  );
});

eachEngine.test("disposal closes connections in flight without a byte, never with an early response", async () => {
  const server = await createPerfmock({
    routes: [SLOW, { ...QUICK, serviceTime: "45ms" }],
  });
  const clients = [
    ...await rawRequests(server, "/slow", 10),
    await raw(server, "/quick"),
  ];
  await until(() => server.inFlight === 11);
  await server[Symbol.asyncDispose]();
  for (const client of clients) {
    equal((await client.answer).text, "");
    client[Symbol.dispose]();
  }
});

eachEngine.test("an exchange that is cut in the turn of its arrival is closed without a byte", async () => {
  const arrived = Promise.withResolvers<void>();
  const server = await createPerfmock({ routes: [SLOW] }, {
    plugins: [hooks("bell", {
      degrade: () => {
        arrived.resolve();
        return 0;
      },
    })],
  });
  using client = await raw(server, "/slow");
  await arrived.promise;
  await server[Symbol.asyncDispose]();
  equal((await client.answer).text, "");
});

eachEngine.test("during a drain, exchanges in flight end on time, new requests receive 503, control API and metrics answer", async () => {
  const server = await createPerfmock({
    server: { drainTimeout: "20s" },
    routes: [{ ...QUICK, serviceTime: "300ms" }],
  });
  const pending = get(server, "/quick");
  await until(() => server.inFlight === 1);
  const drained = server.drain();
  const refused = await get(server, "/quick");
  deepEqual([refused.status, refused.headers.get("connection")], [
    503,
    "close",
  ]);
  equal(
    (await refused.json()).detail,
    "Requests under way are still answered; new ones are not taken",
  );
  for (
    const [path, status] of [
      ["/_perfmock/health", 503],
      ["/_perfmock/health/live", 200],
      ["/_perfmock/health/ready", 503],
      ["/_perfmock/stats", 200],
      ["/metrics", 200],
      ["/nowhere", 503],
    ] as const
  ) {
    const response = await get(server, path);
    equal(response.status, status, path);
    await response.body?.cancel();
  }
  equal(server.inFlight, 1, "all of that happened meanwhile");
  const answer = await pending;
  equal(answer.status, 200);
  await answer.body?.cancel();
  await drained;
  const { arrivals, answered, early } = server.stats().routes.quick;
  deepEqual([arrivals, answered, early], [1, 1, 0]);
  await get(server, "/quick").then(
    () => ok(false, "it still listens"),
    (error) => equal(error.name, "TypeError"),
  );
});

eachEngine.test("exchanges that are left after drainTimeout are cut without a byte", async () => {
  const server = await createPerfmock({
    server: { drainTimeout: "100ms" },
    routes: [SLOW, QUICK],
  });
  const [slow] = await rawRequests(server, "/slow", 1);
  const quick = await raw(server, "/quick");
  await until(() => server.inFlight === 2);
  const begin = performance.now();
  await server.drain();
  ok(performance.now() - begin >= 100);
  equal((await slow.answer).text, "");
  match((await quick.answer).text, /^HTTP\/1\.1 200 OK\r\n/);
  const { routes } = server.stats();
  deepEqual([routes.slow.answered, routes.quick.answered], [0, 1]);
  slow[Symbol.dispose]();
  quick[Symbol.dispose]();
});

eachEngine.test("disposal during a drain ends both", async () => {
  const server = await createPerfmock({ routes: [SLOW] });
  const [client] = await rawRequests(server, "/slow", 1);
  const drained = server.drain();
  await server[Symbol.asyncDispose]();
  await drained;
  equal((await client.answer).text, "");
  client[Symbol.dispose]();
});

eachEngine.test("plugins are disposed after the last exchange, when queues are empty and leases released", async () => {
  const diary: string[] = [];
  let held = 0;
  const lease: Lease = { release: () => held-- };
  const pool = plugin("pool", {
    route: () => ({
      admit: (x) => {
        if (x.sequence === 1) return { leave: () => diary.push("left queue") };
        held++;
        return lease;
      },
      observe: (x) => void diary.push(`observed ${x.outcome}`),
    }),
    [Symbol.asyncDispose]: () => {
      diary.push(`disposed, ${held} held`);
      return Promise.resolve();
    },
  });
  const server = await createPerfmock({ routes: [SLOW] }, { plugins: [pool] });
  const [first] = await rawRequests(server, "/slow", 1);
  const second = await raw(server, "/slow");
  await until(() => server.inFlight === 2);
  await server[Symbol.asyncDispose]();
  deepEqual(diary, [
    "left queue",
    "observed cut",
    "observed cut",
    "disposed, 0 held",
  ]);
  for (const client of [first, second]) {
    equal((await client.answer).text, "");
    client[Symbol.dispose]();
  }
});

eachEngine.test("idle connections do not delay the end", async () => {
  const server = await createPerfmock({ routes: [{ path: "/" }] });
  using client = await raw(server, "/");
  await until(() => server.stats().routes["get-root"].answered === 1);
  const begin = performance.now();
  await server[Symbol.asyncDispose]();
  ok(performance.now() - begin < 900, "not the limit for flushing");
  match((await client.answer).text, /^HTTP\/1\.1 200 OK\r\n/);
});
