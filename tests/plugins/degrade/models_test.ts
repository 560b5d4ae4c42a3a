import { deepEqual, equal, ok } from "node:assert/strict";
import { erlangCFactor } from "../../../plugins/degrade/formulas.ts";
import { createTestServer } from "../../../core/testing.ts";
import { poissonArrivals } from "../../support/simulation.ts";
import {
  ask,
  askAlone,
  degraded,
  pass,
  report,
  simulated,
} from "./degrading.ts";

const MIB = 2 ** 20;

function close(actual: number, expected: number, by = 0.01): void {
  ok(Math.abs(actual - expected) <= by, `${actual} is not ${expected}`);
}

/** A server with one route, `r` at `/`. */
function alone(serviceTime: string, degrade: object) {
  return degraded({ routes: [{ id: "r", path: "/", serviceTime, degrade }] });
}

/** A server with a route at `/`, and another at `/hold` that keeps places of the pool `db` for an hour. */
function besideHold(concurrency: number, serviceTime: string, degrade: object) {
  return degraded({
    pools: { db: { concurrency } },
    routes: [
      { path: "/hold", limiter: "db", serviceTime: "1h" },
      { path: "/", serviceTime, degrade },
    ],
  });
}

Deno.test("processor-sharing multiplies the service time by the number of requests in service", async () => {
  await using test = await alone("10ms", { model: "processor-sharing" });
  const answers = [ask(test, "/"), ask(test, "/"), ask(test, "/")];
  await pass(test, 100);
  const seen = await Promise.all(answers);
  for (const [i, { took, degrade }] of seen.entries()) {
    close(took, 10 * (i + 1));
    close(degrade, 10 * i);
  }
  equal(report(test).backends[""].inService, 0);
});

Deno.test("processor-sharing counts requests of all routes on one backend, and of no other", async () => {
  const degrade = { model: "processor-sharing" };
  await using test = await degraded({
    routes: [
      { path: "/a", serviceTime: "10ms", degrade },
      { path: "/b", serviceTime: "10ms", degrade },
      {
        path: "/c",
        serviceTime: "10ms",
        degrade: { ...degrade, backend: "apart" },
      },
    ],
  });
  const answers = ["/a", "/b", "/c"].map((path) => ask(test, path));
  await pass(test, 100);
  const seen = await Promise.all(answers);
  deepEqual(seen.map(({ took }) => Math.round(took)), [10, 20, 10]);
});

Deno.test("a request is no longer in service after its client has left", async () => {
  await using test = await alone("1s", { model: "processor-sharing" });
  const leaving = new AbortController();
  const { signal } = leaving;
  const gone = Promise.resolve(
    test.server.fetch(new Request(new URL("/", test.server.url), { signal })),
  ).catch(() => {});
  equal(report(test).backends[""].inService, 1);
  leaving.abort();
  await pass(test, 1);
  equal(report(test).backends[""].inService, 0);
  await gone;
});

Deno.test("erlang-c reads the pool of its input, at the pool's concurrency", async () => {
  await using test = await besideHold(4, "100ms", {
    model: "erlang-c",
    input: "pool:db",
  });
  const held = [1, 2, 3].map(() => ask(test, "/hold"));
  await pass(test, 60_000);
  const { took } = await askAlone(test, "/");
  close(took, 100 + 100 * erlangCFactor(0.75, 4), 0.1);
  await pass(test, 3_600_000);
  await Promise.all(held);
});

Deno.test("erlang-c reads by default the pool that its route takes", async () => {
  await using test = await degraded({
    routes: [{
      path: "/",
      limiter: { concurrency: 2 },
      serviceTime: "1m",
      degrade: { model: "erlang-c", servers: 3 },
    }],
  });
  const first = ask(test, "/");
  await pass(test, 30_000);
  const second = ask(test, "/");
  await pass(test, 300_000);
  equal((await first).took, 60_000);
  close(
    (await second).took,
    60_000 + 60_000 * erlangCFactor(0.5, 3),
    10,
  );
});

Deno.test("erlang-c reads by default the first of several pools that its route takes", async () => {
  await using test = await degraded({
    pools: { web: { concurrency: 2 }, db: { concurrency: 9 } },
    routes: [{
      path: "/",
      limiter: ["web", "db"],
      serviceTime: "1m",
      degrade: { model: "erlang-c" },
    }],
  });
  const first = ask(test, "/");
  await pass(test, 30_000);
  const second = ask(test, "/");
  await pass(test, 300_000);
  equal((await first).took, 60_000);
  close((await second).took, 60_000 + 60_000 * erlangCFactor(0.5, 2), 10);
});

Deno.test("erlang-c does not read the time that it adds as use of the pool", async () => {
  // Requests wait 32 times as long as they are served. If that counted, they would seem to use ten places more.
  const found: number[] = [];
  for (const input of [undefined, "pool:db"]) {
    let [sum, seen] = [0, 0];
    await simulated({
      pools: { db: { concurrency: 1000 } },
      routes: [{
        path: "/",
        limiter: "db",
        serviceTime: "10ms",
        degrade: { model: "erlang-c", servers: 1, input },
      }, {
        path: "/steady",
        limiter: "db",
        serviceTime: "1s",
      }],
    }, {
      scenarios: {
        load: poissonArrivals({ rate: 30, requests: 3000 }),
        // Uses 970 places of 1000.
        steady: {
          executor: "arrival-rate",
          arrivals: "uniform",
          rate: 970,
          duration: "100s",
          maxInFlight: 10_000,
          requests: [{ path: "/steady" }],
        },
      },
      observe: ({ arrival, degradation, service }) => {
        if (service !== 10 || arrival < 10_000) return;
        sum += degradation;
        seen++;
      },
    });
    found.push(sum / seen);
  }
  const expected = 10 * erlangCFactor(0.97 + 0.0003, 1);
  for (const mean of found) close(mean, expected, 0.02 * expected);
});

Deno.test("erlang-c adds nothing by default where requests wait in a queue, and warns where waits count twice", async () => {
  const limiter = { concurrency: 2, queue: 5 };
  const route = (id: string, more: object) => ({
    id,
    path: `/${id}`,
    serviceTime: "1m",
    ...more,
  });
  await using test = await degraded({
    pools: {
      web: { concurrency: 2 },
      db: { concurrency: 9, queue: "unbounded" },
      rate: { rateLimit: { rate: "9/s" }, queue: 3 },
    },
    routes: [
      route("own", { limiter, degrade: { model: "erlang-c" } }),
      route("chain", {
        limiter: ["web", "db"],
        degrade: { model: "erlang-c", input: "load" },
      }),
      route("web", { limiter: "web", degrade: { model: "erlang-c" } }),
      route("rate", { limiter: "rate", degrade: { model: "erlang-c" } }),
      route("usl", { limiter: "db", degrade: { model: "usl" } }),
    ],
  });
  deepEqual(test.server.warnings.map(({ message }) => message), [
    '"erlang-c" adds no time: requests of route "own" wait in the queue of pool "route:own" already',
    '"erlang-c" adds the mean wait twice: requests of route "chain" wait in the queue of pool "db" as well',
  ]);
  const first = ask(test, "/own");
  await pass(test, 30_000);
  const second = ask(test, "/own");
  await pass(test, 300_000);
  deepEqual([(await first).took, (await second).took], [60_000, 60_000]);
});

Deno.test("erlang-c reads the load of its backend if its route takes no pool", async () => {
  await using test = await alone("200ms", { model: "erlang-c" });
  const { degrade } = await askAlone(test, "/");
  equal(degrade, 0, "no load was asked for before the first");
  const answers: Promise<unknown>[] = [];
  for (let i = 0; i < 200; i++) {
    answers.push(ask(test, "/"));
    await pass(test, 400);
  }
  await Promise.all(answers);
  // 200 ms of every 400 ms: ρ = ½ on average, less what the exponential average forgets within a period.
  const { took } = await askAlone(test, "/");
  ok(took > 380 && took < 420, `${took}`);
});

Deno.test("an input may name the inline pool of a later route", async () => {
  await using test = await degraded({
    routes: [
      {
        path: "/",
        serviceTime: "100ms",
        degrade: { model: "processor-sharing", input: "pool:route:late" },
      },
      {
        id: "late",
        path: "/late",
        limiter: { concurrency: 2 },
        serviceTime: "1h",
      },
    ],
  });
  deepEqual(test.server.warnings.length, 0);
  const held = ask(test, "/late");
  await pass(test, 60_000);
  close((await askAlone(test, "/")).took, 200, 0.1);
  await pass(test, 3_600_000);
  await held;
});

Deno.test("usl counts the places taken in a pool", async () => {
  await using test = await besideHold(50, "10ms", {
    model: "usl",
    input: "pool:db",
    contention: 0.05,
    coherency: 0.001,
  });
  const held = Array.from({ length: 31 }, () => ask(test, "/hold"));
  close((await askAlone(test, "/")).took, 34.3);
  await pass(test, 3_600_000);
  await Promise.all(held);
});

Deno.test("gc-pause delays requests in service, new requests, and the one that fills the heap", async () => {
  await using test = await degraded({
    routes: [
      {
        id: "r",
        path: "/",
        serviceTime: "50ms",
        degrade: {
          model: "gc-pause",
          perRequest: "1MiB",
          heap: "3MiB",
          pause: "200ms",
        },
      },
      { path: "/plain", serviceTime: "50ms" },
      {
        path: "/none",
        serviceTime: "50ms",
        degrade: { model: "usl", backend: "apart" },
      },
    ],
  });
  const answers = [ask(test, "/"), ask(test, "/plain")];
  await pass(test, 10);
  answers.push(ask(test, "/"), ask(test, "/none"));
  await pass(test, 10);
  answers.push(ask(test, "/")); // fills the heap
  await pass(test, 150);
  answers.push(ask(test, "/")); // 50 ms of the pause are left
  await pass(test, 1000);
  const seen = await Promise.all(answers);
  deepEqual(
    seen.map(({ took }) => Math.round(took)),
    [250, 250, 250, 250, 250, 100],
  );
  close(seen[0].degrade, 200);
  const { heapBytes, collections, pausedMs } = report(test).backends[""];
  deepEqual({ heapBytes, collections, pausedMs }, {
    heapBytes: MIB,
    collections: 1,
    pausedMs: 200,
  });
});

Deno.test("gc-pause on a named backend delays no other backend, and pauses more often with live data", async () => {
  await using test = await degraded({
    routes: [
      {
        path: "/",
        serviceTime: "50ms",
        degrade: {
          model: "gc-pause",
          backend: "jvm",
          input: 0.5,
          perRequest: "1MiB",
          heap: "4MiB",
          pause: "200ms",
        },
      },
      { path: "/plain", serviceTime: "50ms" },
    ],
  });
  const answers = [ask(test, "/"), ask(test, "/plain"), ask(test, "/")];
  await pass(test, 1000);
  const seen = await Promise.all(answers);
  deepEqual(seen.map(({ took }) => Math.round(took)), [250, 50, 250]);
  equal(report(test).backends.jvm.collections, 1);
});

Deno.test("pauses do not overlap: a request that waits for the end of one starts no other", async () => {
  await using test = await alone("50ms", {
    model: "gc-pause",
    perRequest: "1MiB",
    heap: "1MiB",
    pause: "200ms",
  });
  const answers = [ask(test, "/")];
  await pass(test, 100);
  answers.push(ask(test, "/"));
  await pass(test, 120);
  equal(report(test).backends[""].collections, 1);
  answers.push(ask(test, "/")); // fills the heap again, and stops the two others
  await pass(test, 1000);
  const seen = await Promise.all(answers);
  deepEqual(seen.map(({ took }) => Math.round(took)), [450, 350, 250]);
  equal(report(test).backends[""].collections, 2);
});

Deno.test("a pause of 0 ms delays no request", async () => {
  await using test = await alone("50ms", {
    model: "gc-pause",
    perRequest: "1MiB",
    heap: "1MiB",
    pause: "0ms",
  });
  close((await askAlone(test, "/")).took, 50);
  equal(report(test).backends[""].collections, 1);
});

Deno.test("leak slows down with the bytes held, fails requests, crashes at its limit, and starts cold", async () => {
  await using test = await alone("100ms", {
    model: "leak",
    perRequest: "1MiB",
    limit: "4MiB",
    overhead: 0.1,
    failures: { share: 0 },
    exhaustion: {
      action: "crash",
      at: 1,
      restart: "10s",
      coldStart: { factor: 3, over: "10s" },
    },
  });
  const took: number[] = [];
  for (let i = 0; i < 4; i++) took.push((await askAlone(test, "/")).took);
  deepEqual(took.map((ms) => Math.round(ms * 100) / 100), [
    100,
    103.33,
    110,
    130,
  ]);
  close(report(test).routes.r.level, 1);
  equal((await askAlone(test, "/")).status, 0, "the connection is reset");
  deepEqual(
    [report(test).backends[""].state, report(test).backends[""].leakedBytes],
    ["down", 0],
  );
  await pass(test, 10_000);
  equal(report(test).backends[""].state, "cold");
  close((await askAlone(test, "/")).took, 300);
  await pass(test, 4_700);
  close((await askAlone(test, "/")).took, 100 + 100 + 100 * 0.1 / 3, 0.1);
  await pass(test, 5_000);
  equal(report(test).backends[""].state, "up");
  close((await askAlone(test, "/")).took, 110);
  equal(report(test).backends[""].crashes, 1);
});

Deno.test("leak fails a share of requests that depends on its level, reproducibly from the seed", async () => {
  await using test = await degraded({
    routes: [{
      id: "r",
      path: "/",
      degrade: {
        model: "leak",
        input: 0.9,
        failures: { from: 0.8, share: 0.6, status: 507 },
      },
    }],
  });
  const statuses: number[] = [];
  for (let i = 0; i < 2000; i++) {
    statuses.push((await ask(test, "/")).status);
  }
  const failed = statuses.filter((status) => status === 507).length;
  ok(failed > 540 && failed < 660, `${failed} of 2000`);
  equal(report(test).routes.r.failed, failed);
});

Deno.test("brown-out enters and leaves its steps with hysteresis, and follows a signal", async () => {
  await using test = await alone("10ms", {
    model: "brown-out",
    input: {
      steps: [
        { at: 0, value: 0.2 },
        { at: "10s", value: 0.6 },
        { at: "20s", value: 0.9 },
        { at: "30s", value: 0.75 },
        { at: "40s", value: 0.5 },
        { at: "50s", value: 0.1 },
      ],
    },
    steps: [
      { at: 0.6, until: 0.4, delay: "5ms" },
      { at: 0.8, until: 0.7, factor: 3, delay: "5ms" },
    ],
  });
  const seen: number[] = [];
  for (let i = 0; i < 6; i++) {
    const answer = ask(test, "/");
    await pass(test, 10_000);
    seen.push(Math.round((await answer).took));
  }
  deepEqual(seen, [10, 15, 35, 35, 15, 10]);
});

Deno.test("a step of a brown-out may fail requests", async () => {
  let cpu = 0.2;
  await using test = await degraded({
    pressure: { cpu: () => cpu },
    routes: [{
      id: "r",
      path: "/",
      degrade: { model: "brown-out", steps: [{ at: 0.5, failures: 1 }] },
    }],
  });
  equal((await ask(test, "/")).status, 200);
  cpu = 0.8;
  equal((await ask(test, "/")).status, 503);
  deepEqual(report(test).routes.r, {
    model: "brown-out",
    backend: null,
    level: 0.8,
    step: 1,
    exhausted: false,
    refused: 0,
    lost: 0,
    failed: 1,
  });
});

Deno.test("erlang-c reads a signal or the stress for its number of cores", async () => {
  const route = (path: string, input: unknown) => ({
    path,
    serviceTime: "100ms",
    degrade: { model: "erlang-c", servers: 4, input },
  });
  await using test = await degraded({
    pressure: { cpu: () => 0.75 },
    routes: [
      route("/signal", 0.75),
      route("/stress", "stress"),
      route("/flight", "in-flight"),
    ],
  });
  close((await askAlone(test, "/signal")).took, 150.943);
  close((await askAlone(test, "/stress")).took, 150.943);
  const answers = [ask(test, "/flight"), ask(test, "/flight")];
  await pass(test, 1000);
  close((await answers[1]).took, 100 + 100 * erlangCFactor(1 / 5, 4));
});

Deno.test("inputs read each kind of stress, or the greater of both", async () => {
  const route = (path: string, input: string) => ({
    path,
    serviceTime: "10ms",
    degrade: { model: "processor-sharing", input },
  });
  await using test = await degraded({
    pressure: { cpu: () => 0.5, memory: () => 0.8 },
    routes: [
      route("/cpu", "stress:cpu"),
      route("/memory", "stress:memory"),
      route("/both", "stress"),
    ],
  });
  close((await askAlone(test, "/cpu")).took, 20);
  close((await askAlone(test, "/memory")).took, 50);
  close((await askAlone(test, "/both")).took, 50);
});

Deno.test("negative values of a signal count as 0", async () => {
  await using test = await alone("10ms", {
    model: "processor-sharing",
    input: { sine: { mean: 0, amplitude: 0.5, period: "40s" } },
  });
  await pass(test, 30_000);
  close((await askAlone(test, "/")).took, 10);
});

Deno.test("a model reads a stress of 0 when no plugin provides a pressure", async () => {
  await using test = await createTestServer({
    plugins: { resource_stress: false },
    routes: [{
      id: "r",
      path: "/",
      serviceTime: "10ms",
      degrade: {
        model: "brown-out",
        input: "stress",
        steps: [{ at: 0.001, factor: 2 }],
      },
    }],
  });
  equal((await askAlone(test, "/")).took, 10);
  equal(report(test).routes.r.level, 0);
});
