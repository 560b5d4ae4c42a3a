import { deepEqual, equal, ok } from "node:assert/strict";
import type { TestServer } from "../../../core/testing.ts";
import { ask, askAlone, degraded, pass, report } from "./degrading.ts";

/** A level with steps of 10 s. */
function levels(...values: readonly number[]): unknown {
  return {
    steps: values.map((value, i) => ({ at: `${i * 10}s`, value })),
  };
}

/** Statuses of requests that are sent every 10 s. */
async function everyTenSeconds(
  test: TestServer,
  count: number,
): Promise<number[]> {
  const statuses: number[] = [];
  for (let i = 0; i < count; i++) {
    const answer = ask(test, "/");
    await pass(test, 10_000);
    statuses.push((await answer).status);
  }
  return statuses;
}

Deno.test("a backend refuses from exhaustion to recovery, with status and Retry-After", async () => {
  await using test = await degraded({
    routes: [{
      id: "r",
      path: "/",
      degrade: {
        model: "none",
        input: levels(0.5, 0.9, 0.8, 0.65, 0.8, 0.95),
        exhaustion: {
          action: "refuse",
          at: 0.9,
          until: 0.7,
          status: 507,
          retryAfter: "2s",
        },
      },
    }],
  });
  deepEqual(
    await everyTenSeconds(test, 5),
    [200, 507, 507, 200, 200],
  );
  const { status, retryAfter } = await ask(test, "/");
  deepEqual([status, retryAfter], [507, "2"]);
  const { refused, exhausted } = report(test).routes.r;
  deepEqual([refused, exhausted], [3, true]);
  const metrics = await test.server.fetch(
    new Request(new URL("/metrics", test.server.url)),
  );
  ok(
    (await metrics.text()).includes(
      'perfmock_faults_total{route="r",fault="exhausted"} 3\n',
    ),
  );
});

Deno.test("by default an exhausted backend refuses with 503, from level 0.95 to 0.76", async () => {
  await using test = await degraded({
    routes: [{
      path: "/",
      degrade: {
        model: "brown-out",
        input: levels(0.94, 0.95, 0.77, 0.75),
        steps: [{ at: 2 }],
        exhaustion: { action: "refuse" },
      },
    }],
  });
  deepEqual(await everyTenSeconds(test, 4), [200, 503, 503, 200]);
});

Deno.test("a backend resets connections while it is exhausted", async () => {
  await using test = await degraded({
    routes: [{
      path: "/",
      degrade: {
        model: "none",
        exhaustion: {
          action: "connection-reset",
          input: levels(0.5, 1, 0.5),
        },
      },
    }],
  });
  deepEqual(await everyTenSeconds(test, 3), [200, 0, 200]);
});

Deno.test("a crash resets exchanges in service, empties queues, and refuses until the restart is over", async () => {
  await using test = await degraded({
    pools: { db: { concurrency: 1, queue: 10 } },
    routes: [
      {
        id: "a",
        path: "/a",
        limiter: "db",
        serviceTime: "5s",
        degrade: {
          model: "none",
          input: levels(0, 1, 0),
          exhaustion: {
            action: "crash",
            restart: "4s",
            coldStart: { factor: 2, over: "100s" },
          },
        },
      },
      {
        path: "/b",
        serviceTime: "10s",
        degrade: { model: "gc-pause", heap: "1GiB" },
      },
      {
        path: "/c",
        serviceTime: "10s",
        degrade: { model: "usl", backend: "apart" },
      },
      { path: "/plain", serviceTime: "10s" },
    ],
  });
  await pass(test, 9_000);
  const paths = ["/a", "/a", "/a", "/b", "/c", "/plain"];
  const answers = paths.map((path) => ask(test, path));
  await pass(test, 2_000);
  const crashing = ask(test, "/a");
  await pass(test, 1_000);
  const down = ask(test, "/a");
  const neighbour = ask(test, "/b");
  await pass(test, 30_000);
  const seen = await Promise.all([...answers, crashing, down, neighbour]);
  deepEqual(seen.map(({ status }) => status), [
    0, // was in service
    0, // waited, and found the backend down
    0,
    200, // its route cannot reset: left alone
    200, // another backend
    200, // none of this
    0, // found it exhausted
    0, // found it down
    503, // on the same backend, which is down
  ]);
  equal(seen[0].took, 2000);
  equal(seen[1].took, 2000);
  equal(seen[8].retryAfter, "3");
  equal(report(test).backends[""].crashes, 1);
  equal(report(test).backends[""].inService, 0);
  deepEqual(report(test).routes.a.lost, 4);
});

Deno.test("a crash with a status answers with Retry-After: the rest of the restart, or the setting", async () => {
  const crash = {
    action: "crash",
    input: levels(1, 0),
    restart: "20s",
    coldStart: { factor: 1 },
    status: 502,
  };
  await using test = await degraded({
    routes: [
      { path: "/", degrade: { model: "none", exhaustion: crash } },
      {
        path: "/told",
        degrade: {
          model: "none",
          backend: "b",
          exhaustion: { ...crash, retryAfter: "7s" },
        },
      },
    ],
  });
  const first = await ask(test, "/");
  deepEqual([first.status, first.retryAfter], [502, "20"]);
  await pass(test, 5_000);
  equal((await ask(test, "/")).retryAfter, "15");
  equal((await ask(test, "/told")).retryAfter, "7");
  await pass(test, 21_000);
  equal((await ask(test, "/")).status, 200);
  equal(report(test).backends[""].state, "up");
});

Deno.test("a backend that is exhausted after its restart crashes again", async () => {
  await using test = await degraded({
    routes: [{
      path: "/",
      degrade: {
        model: "none",
        input: 1,
        exhaustion: { action: "crash", restart: "5s" },
      },
    }],
  });
  deepEqual(await everyTenSeconds(test, 3), [0, 0, 0]);
  equal(report(test).backends[""].crashes, 3);
});

Deno.test("a cold start multiplies service times by a factor that falls to 1", async () => {
  await using test = await degraded({
    routes: [{
      path: "/",
      serviceTime: "100ms",
      degrade: {
        model: "none",
        exhaustion: {
          action: "crash",
          input: levels(1, 0),
          restart: "10s",
          coldStart: { factor: 5, over: "20s" },
        },
      },
    }],
  });
  await ask(test, "/");
  const took: number[] = [];
  for (const wait of [10_000, 4_500, 4_700, 4_800, 10_000]) {
    await pass(test, wait);
    took.push((await askAlone(test, "/")).took);
  }
  equal(took[0], 500);
  ok(took[1] > 380 && took[1] < 410, `${took}`);
  ok(took[2] > 280 && took[2] < 310, `${took}`);
  equal(took[4], 100);
  deepEqual(took, took.toSorted((a, b) => b - a));
});

Deno.test("real stress exhausts: a scenario at its limit counts as 1, and its restart as a crash", async () => {
  let atLimit = false;
  let restarts = 3;
  await using test = await degraded({
    pressure: {
      memory: () => 0.4,
      exhausted: () => atLimit,
      restarts: () => restarts,
    },
    routes: [
      {
        path: "/",
        degrade: { model: "none", exhaustion: { action: "refuse" } },
      },
      {
        path: "/crash",
        degrade: {
          model: "processor-sharing",
          backend: "b",
          input: "stress:memory",
          exhaustion: { action: "crash", status: 503 },
        },
      },
      {
        path: "/cpu",
        degrade: {
          model: "processor-sharing",
          backend: "c",
          input: "stress:cpu",
          exhaustion: { action: "crash", status: 503 },
        },
      },
    ],
  });
  const statuses = async () => [
    (await ask(test, "/")).status,
    (await ask(test, "/crash")).status,
    (await ask(test, "/cpu")).status,
  ];
  deepEqual(await statuses(), [200, 200, 200]);
  restarts = 4;
  deepEqual(await statuses(), [200, 503, 200]);
  await pass(test, 11_000);
  deepEqual(await statuses(), [200, 200, 200]);
  atLimit = true;
  deepEqual(await statuses(), [503, 503, 200]);
});

Deno.test("exhaustion reads the input of the model by default", async () => {
  await using test = await degraded({
    routes: [
      {
        path: "/",
        serviceTime: "1s",
        degrade: {
          model: "processor-sharing",
          exhaustion: { action: "refuse", at: 0.8, until: 0.5 },
        },
      },
      {
        path: "/twin",
        degrade: {
          model: "none",
          exhaustion: { action: "refuse", at: 0.5, input: "in-flight" },
        },
      },
      {
        path: "/gc",
        degrade: {
          model: "gc-pause",
          backend: "jvm",
          exhaustion: { action: "refuse", at: 0.5 },
        },
      },
    ],
  });
  // Four in service are ρ = 0.8 on one core.
  equal((await ask(test, "/twin")).status, 200);
  const answers = [1, 2, 3, 4, 5, 6].map(() => ask(test, "/"));
  equal((await ask(test, "/twin")).status, 503);
  await pass(test, 10_000);
  deepEqual(
    (await Promise.all(answers)).map(({ status }) => status),
    [200, 200, 200, 200, 503, 503],
  );
  equal((await ask(test, "/gc")).status, 200, "no live data occupies the heap");
});

Deno.test("a crash refuses a queue of 20 000 at once, and releases every place", async () => {
  await using test = await degraded({
    pools: { db: { concurrency: 3, queue: "unbounded" } },
    routes: [{
      id: "r",
      path: "/",
      limiter: "db",
      serviceTime: "1s",
      degrade: {
        model: "none",
        input: { steps: [{ at: 0, value: 0 }, { at: "500ms", value: 1 }] },
        exhaustion: { action: "crash", restart: "1h" },
      },
    }],
  });
  const answers = Array.from({ length: 20_000 }, () => ask(test, "/"));
  await pass(test, 600);
  answers.push(ask(test, "/"));
  const statuses = (await Promise.all(answers)).map(({ status }) => status);
  equal(statuses.length, 20_001);
  ok(statuses.every((status) => status === 0 || status === 503));
  ok(test.clock.now() < 1000, "no request was served to its end");
  const { pools: [db] } = test.server.stats().plugins.limiter as {
    pools: { busy: number; queued: number }[];
  };
  deepEqual([db.busy, db.queued], [0, 0]);
  equal(report(test).backends[""].inService, 0);
});
