/** Four replicas on hosts of their own behind a real haproxy, with a real Redis: the same backend as one server. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { Health } from "../../core/control/builtin_endpoints.ts";
import { Histogram } from "../../core/lib/histogram.ts";
import { createPerfmock, type PerfmockInput } from "../../mod.ts";
import type { PoolReport } from "../../plugins/limiter/merged_pools.ts";
import type { Stats } from "../../core/observe/stats.ts";
import type { JournalEntry } from "../../core/plugin.ts";
import { until } from "../support/wait.ts";
import { Cluster, type RunningReplica } from "./_replicas.ts";
import { required } from "./_software.ts";

const REPLICAS = 4;

/** Places of each shared pool. */
const PLACES = 4;

/** Mean service time of their routes, in ms. */
const SERVICE = 40;

const CONFIG: PerfmockInput = {
  seed: 23,
  journal: { capacity: 10_000 },
  plugins: {
    limiter: {
      pools: {
        db: { concurrency: PLACES, queue: 1000 },
        tight: { concurrency: PLACES, queue: 4 },
      },
    },
  },
  routes: [
    {
      id: "free",
      path: "/free",
      serviceTime: { lognormal: { median: "2ms", p99: "9ms" } },
    },
    {
      id: "work",
      path: "/work",
      limiter: "db",
      serviceTime: { exponential: { mean: `${SERVICE}ms` } },
    },
    {
      id: "tight",
      path: "/tight",
      limiter: "tight",
      serviceTime: { exponential: { mean: `${SERVICE}ms` } },
    },
    { id: "held", path: "/held", limiter: "db", serviceTime: "20s" },
  ],
};

const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Asserts that a figure is within four standard deviations of what single runs of the model have. */
function inside(name: string, figure: number, model: readonly number[]): void {
  const centre = mean(model);
  const deviation = Math.sqrt(
    mean(model.map((value) => (value - centre) ** 2)),
  );
  ok(
    Math.abs(figure - centre) < 4 * deviation,
    `${name}: ${figure}, of one server ${centre} ± ${deviation}`,
  );
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** The journal of all replicas, whichever is asked. */
async function journals(cluster: Cluster): Promise<JournalEntry[]> {
  const { json } = await cluster.control<
    { requests: JournalEntry[]; complete: boolean }
  >(cluster.replicas[0], "GET requests?limit=10000");
  equal(json.complete, true);
  return json.requests;
}

/** The health of one replica. */
async function health(
  cluster: Cluster,
  replica: RunningReplica,
): Promise<Health> {
  const path = `GET health?replica=${replica.name}`;
  return (await cluster.control<Health>(replica, path)).json;
}

/** Figures of all replicas, or of one of them. */
async function stats(
  cluster: Cluster,
  replica: RunningReplica,
  query = "",
): Promise<Stats> {
  return (await cluster.control<Stats>(replica, `GET stats${query}`)).json;
}

/**
 * Greatest number of places that were taken at once, by the clock that all hosts share; 2 ms at each end may be rounding. A service ends at
 * its target, where that of the next in the queue begins, however late the machine sends the answer.
 */
function mostAtOnce(entries: readonly JournalEntry[]): number {
  const events = entries.flatMap(({ time, queueMs, drawnMs }) => {
    const arrived = Date.parse(time);
    const from = arrived + queueMs + 2;
    const to = arrived + queueMs + drawnMs - 2;
    return from < to ? [[from, 1], [to, -1]] : [];
  }).toSorted(([a, x], [b, y]) => a - b || x - y);
  let taken = 0;
  let most = 0;
  for (const [, change] of events) most = Math.max(most, taken += change);
  return most;
}

/** Sends requests with exponential pauses through the balancer; returns the status of each, 0 for none. */
async function traffic(
  cluster: Cluster,
  path: string,
  { rate, seconds }: { readonly rate: number; readonly seconds: number },
): Promise<number[]> {
  const sent: Promise<number>[] = [];
  const url = new URL(path, cluster.url);
  const start = performance.now();
  // Pauses of a fixed sequence, as even as those of a golden ratio.
  let at = 0;
  for (let i = 1; at < seconds * 1000; i++) {
    at += -Math.log(1 - (i * 0.6180339887498949) % 1) * 1000 / rate;
    await pause(Math.max(0, start + at - performance.now()));
    sent.push(
      fetch(url, { signal: AbortSignal.timeout(15_000) }).then(
        async (response) => {
          await response.body?.cancel();
          return response.status;
        },
        () => 0,
      ),
    );
  }
  return await Promise.all(sent);
}

Deno.test(
  "Four replicas make the draws of one server, and have its waits and its places",
  {
    ignore: !required,
  },
  async () => {
    await using cluster = await Cluster.start(REPLICAS, CONFIG);
    await using one = await createPerfmock(CONFIG, { listen: false });

    const numbers: number[] = [];
    for (let i = 0; i < 200; i++) {
      const response = await fetch(new URL("/free", cluster.url));
      await response.body?.cancel();
      numbers.push(Number(response.headers.get("perfmock-sequence")));
    }
    deepEqual(
      numbers.toSorted((a, b) => a - b),
      Array.from({ length: 200 }, (_, i) => i),
    );
    const drawn = (await journals(cluster)).filter(({ route }) =>
      route === "free"
    );
    equal(drawn.length, 200);
    for (const { sequence, drawnMs } of drawn) {
      equal(drawnMs, Number(one.draw("free", sequence).toFixed(4)));
    }

    await using loader = await createPerfmock({
      plugins: { load_engine: { targets: [cluster.url.origin] } },
    });
    // M/M/4 at a utilisation of 0.75, and M/M/4/8 at an offered load of 5.
    for (const [route, rate] of [["work", 75], ["tight", 125]] as const) {
      const script = {
        scenarios: {
          all: {
            executor: "arrival-rate",
            arrivals: "poisson",
            rate: `${rate}/s`,
            duration: "9s",
            requests: [{ path: `/${route}` }],
          },
        },
      };
      const target = cluster.url.href;
      const { scenarios } = await loader.load({ ...script, target });
      const { completed, failed, scheduled } = scenarios.all;
      equal(completed + failed, scheduled);
      const entries = (await journals(cluster)).filter((entry) =>
        entry.route === route
      );
      equal(entries.length, scheduled);
      const served = entries.filter(({ status }) => status === 200);
      // All places are taken at times, and never more.
      equal(mostAtOnce(served), PLACES);
      // The same number of requests in simulated runs of one server, with other seeds.
      const runs: Awaited<ReturnType<typeof one.simulate>>[] = [];
      for (let seed = 0; seed < 40; seed++) {
        runs.push(await one.simulate({ ...script, seed }));
      }
      if (route === "work") {
        inside(
          "mean wait in ms",
          mean(served.map(({ queueMs }) => queueMs)),
          runs.map(({ scenarios }) =>
            Number(scenarios.all.responseTime.mean) - SERVICE
          ),
        );
      } else {
        inside(
          "share of refused requests",
          1 - served.length / entries.length,
          runs.map(({ scenarios: { all } }) => all.failed / all.started),
        );
      }
    }
  },
);

Deno.test(
  "Redis killed, paused, cut off and empty: no request waits for ever, and health says what happens",
  {
    ignore: !required,
  },
  async () => {
    await using cluster = await Cluster.start(REPLICAS, CONFIG);
    const { redis, replicas } = cluster;
    const losses: Record<string, [() => unknown, () => unknown]> = {
      killed: [() => redis.kill(), () => redis.restart()],
      paused: [() => redis.pause(), () => redis.resume()],
      "cut off": [
        () => redis.host.connect(false),
        () => redis.host.connect(true),
      ],
    };
    for (const [name, [lose, find]] of Object.entries(losses)) {
      const running = traffic(cluster, "/work", { rate: 40, seconds: 4 });
      await pause(700);
      const lost = Date.now();
      await lose();
      for (const replica of replicas) {
        await until(async () => {
          const { reasons, shared } = await health(cluster, replica);
          return shared?.connected === false &&
            reasons.some((reason) =>
              /^Redis at .* cannot be used/.test(reason)
            );
        });
      }
      const refused = await cluster.control<{ code: string }>(
        replicas[0],
        "PATCH config",
        { seed: 99 },
      );
      deepEqual([refused.status, refused.json.code], [
        503,
        "SHARED_STATE_LOST",
      ]);
      await find();
      for (const replica of replicas) {
        await until(async () =>
          (await health(cluster, replica)).shared?.connected === true
        );
      }
      const found = Date.now();
      const statuses = await running;
      deepEqual(
        statuses.filter((status) => status === 0),
        [],
        `${name}: requests were not answered`,
      );
      // Each replica uses its share meanwhile, and what has a place already keeps it.
      const work = (await journals(cluster)).filter(({ route }) =>
        route === "work"
      );
      ok(mostAtOnce(work) < 2 * PLACES, `${name}: ${mostAtOnce(work)} places`);
      const promised = [
        work.filter(({ time }) => Date.parse(time) < lost),
        work.filter(({ time }) => Date.parse(time) > found),
      ];
      for (const part of promised) {
        ok(part.length > 0 && mostAtOnce(part) <= PLACES, `${name}: too many`);
      }
      // One call resets all, once all have joined again.
      await until(async () =>
        (await cluster.control(replicas[1], "POST reset")).status === 204 &&
        (await stats(cluster, replicas[2])).complete === true
      );
      equal((await stats(cluster, replicas[3])).routes.work.answered, 0);
    }
    // All agree again, and have the same configuration.
    await until(async () =>
      (await cluster.control(replicas[1], "PATCH config", { seed: 5 }))
        .status ===
        200
    );
    for (const replica of replicas) {
      await until(async () =>
        (await cluster.control<{ seed: number }>(replica, "GET config")).json
          .seed === 5
      );
    }
  },
);

Deno.test(
  "The figures of four replicas are those of all, whichever is asked, and say whom they lack",
  {
    ignore: !required,
  },
  async () => {
    await using cluster = await Cluster.start(REPLICAS, CONFIG);
    const { replicas } = cluster;
    const statuses = await traffic(cluster, "/work", { rate: 60, seconds: 4 });
    await until(async () => (await stats(cluster, replicas[0])).inFlight === 0);
    const parts: Stats[] = [];
    for (const { name } of replicas) {
      // Each is asked through another one.
      parts.push(await stats(cluster, replicas[1], `?replica=${name}`));
    }
    const requests = await journals(cluster);
    equal(requests.length, statuses.length);
    const histogram = new Histogram();
    for (const { totalMs } of requests) histogram.record(totalMs);
    for (const replica of replicas) {
      const { complete, plugins, replicas: named, routes: { work } } =
        await stats(cluster, replica);
      equal(complete, true);
      deepEqual(
        named?.map(({ name }) => name),
        replicas.map(({ name }) => name).toSorted(),
      );
      equal(work.answered, statuses.length);
      equal(
        work.answered,
        parts.reduce((sum, { routes }) => sum + routes.work.answered, 0),
      );
      equal(work.responseTime.count, statuses.length);
      // Percentiles of all requests, to the width of a bucket.
      for (const [name, share] of [["p50", 0.5], ["p95", 0.95]] as const) {
        const exact = histogram.quantile(share);
        ok(
          Math.abs(Number(work.responseTime[name]) / exact - 1) < 0.01,
          `${name}: ${work.responseTime[name]}, of the journal ${exact}`,
        );
      }
      const { pools: [db] } = plugins.limiter as {
        readonly pools: readonly PoolReport[];
      };
      deepEqual([db.arrivals, db.concurrency], [statuses.length, PLACES]);
    }
    // One that stands still is named, and so is one that has died.
    const [asked, , still] = replicas;
    await still.kill("SIGSTOP");
    const without = await stats(cluster, asked);
    await still.kill("SIGCONT");
    equal(without.complete, false);
    deepEqual(without.replicas?.filter(({ answered }) => !answered), [{
      name: still.name,
      answered: false,
      error: "it did not answer within 2 s",
    }]);
    equal(
      without.routes.work.answered,
      statuses.length - parts[2].routes.work.answered,
    );
    await until(async () => (await stats(cluster, asked)).complete === true);
    await still.kill("SIGKILL");
    await until(async () =>
      (await stats(cluster, asked)).replicas?.at(-1)?.name === still.name
    );
    await cluster.add(still.host, still.segment);
    await until(async () =>
      (await stats(cluster, asked)).replicas?.find(({ name }) =>
        name === still.name
      )?.answered === true
    );
    equal((await stats(cluster, asked)).complete, false);
  },
);

Deno.test(
  "The places of a killed replica return, its segment is taken over, and a rolling restart loses no request",
  {
    ignore: !required,
  },
  async () => {
    await using cluster = await Cluster.start(REPLICAS, CONFIG);
    const [victim, other] = cluster.replicas;
    const held = [1, 2, 3, 4].map(() =>
      fetch(`http://${victim.host.address}:8080/held`).then(
        (response) => response.body?.cancel(),
        () => {},
      )
    );
    await until(async () =>
      (await cluster.control<{ pools: { name: string; busy: number }[] }>(
        victim,
        "GET limiter/pools",
      ))
        .json.pools.find(({ name }) => name === "db")?.busy === PLACES
    );
    const waiting = fetch(`http://${other.host.address}:8080/work`);
    await pause(300);
    const start = performance.now();
    await victim.kill("SIGKILL");
    const response = await waiting;
    await response.body?.cancel();
    equal(response.status, 200);
    const took = performance.now() - start;
    // A lease ends within its time to live of 2 s.
    ok(took > 500 && took < 4000, `${took} ms`);
    await Promise.all(held);
    const again = await cluster.add(victim.host, victim.segment);
    equal((await health(cluster, again)).segment, victim.segment);

    const running = traffic(cluster, "/free", { rate: 60, seconds: 14 });
    for (const replica of [...cluster.replicas]) {
      await cluster.route(replica, "drain");
      await pause(150);
      await replica.kill("SIGTERM");
      match(replica.log(), /^$|perfmock/);
      const back = await cluster.add(replica.host, replica.segment);
      await cluster.route(back, "ready");
    }
    const statuses = await running;
    deepEqual(statuses.filter((status) => status !== 200), []);
  },
);
