// Runs without the profiler: computes much.
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { createPerfmock, type PerfmockInput } from "../../../mod.ts";
import { PerfmockError, WHOLE } from "../../../core/plugin.ts";
import { priceOf } from "../../../plugins/limiter/division.ts";
import { queueFigures } from "../../../plugins/limiter/queueing.ts";
import { poissonArrivals, simulate } from "../../support/simulation.ts";
import { near } from "./_queueing.ts";

/** Returns the warnings about one pool, and the figures of its share. */
async function divided(pool: Record<string, unknown>, segment: string) {
  await using server = await createPerfmock({
    plugins: { limiter: { pools: { db: pool } } },
    routes: [{ path: "/a", limiter: "db", serviceTime: "10ms" }],
  }, { listen: false, segment, log: () => {} });
  const { limiter } = server.stats().plugins as unknown as {
    limiter: { pools: { concurrency: number; queue: number }[] };
  };
  return {
    warnings: server.warnings.map(({ message }) => message),
    pool: limiter.pools[0],
  };
}

async function issuesOf(config: PerfmockInput, segment: string) {
  try {
    await using _server = await createPerfmock(config, {
      listen: false,
      segment,
      log: () => {},
    });
  } catch (error) {
    if (error instanceof PerfmockError) return error.issues;
    throw error;
  }
  return [];
}

Deno.test("each replica has its share of places and of the queue", async () => {
  for (const [index, places] of [[0, 3], [1, 3], [2, 2], [3, 2]]) {
    const { pool } = await divided(
      { concurrency: 10, queue: 50 },
      `${index}/4`,
    );
    deepEqual([pool.concurrency, pool.queue], [places, index < 2 ? 13 : 12]);
  }
});

Deno.test("a pool and a rate limit that are too small for the replicas are refused, with the largest number and the way out", async () => {
  const issues = await issuesOf({
    plugins: {
      limiter: {
        pools: {
          db: { concurrency: 2 },
          api: { rateLimit: { rate: "10/s", burst: 6, cost: 2 } },
        },
      },
    },
    routes: [{ path: "/a", limiter: ["db", "api"] }],
  }, "0/4");
  deepEqual(
    issues.map(({ path, message, allowed, suggestion }) => [
      path,
      message,
      allowed,
      suggestion,
    ]),
    [[
      "/plugins/limiter/pools/db/concurrency",
      'Cannot divide pool "db" among 4 replicas: it has 2 places, and each replica needs one',
      "at least 4, or at most 2 replicas",
      'shared: { "redis": "redis://…" } keeps one for all replicas',
    ], [
      "/plugins/limiter/pools/api/rateLimit/burst",
      'Cannot divide the rate limit of pool "api" among 4 replicas: 6 tokens at once and 2 for each request leave a replica with too few for one',
      "at least 8, or at most 3 replicas",
      'shared: { "redis": "redis://…" } keeps one for all replicas',
    ]],
  );
  const own = await issuesOf({
    routes: [{ path: "/a", id: "a", limiter: { concurrency: 1 } }],
  }, "1/2");
  deepEqual(own.map(({ path }) => path), ["/routes/0/limiter/concurrency"]);
});

Deno.test("the price of a division is named for the load of a background, or else at three utilisations", async () => {
  const { warnings: [known] } = await divided({
    concurrency: 4,
    queue: "unbounded",
    background: {
      rate: "30/s",
      serviceTime: { exponential: { mean: "100ms" } },
    },
  }, "1/4");
  // M/M/4 and M/M/1 at λ = 30/s and 7.5/s, μ = 10/s.
  equal(
    known,
    'Pool "db" is divided among 4 replicas: replica 1/4 has 1 of its 4 places; under its background of 30/s alone the mean wait is 300 ms, not 51 ms; that is for exponential service times and requests dealt out at random',
  );
  const { warnings: [unknown] } = await divided({ concurrency: 4 }, "0/2");
  match(
    unknown,
    /at 50 % utilisation 20 % are refused, not 9.5 %; at 80 % utilisation 33 %/u,
  );
  const { warnings: [both] } = await divided(
    { concurrency: 4, queue: 4 },
    "0/2",
  );
  match(
    both,
    /at 95 % utilisation the mean wait is .* service times, not .* service times, and .* % are refused, not/u,
  );
  const { warnings: [uneven] } = await divided({
    concurrency: 10,
    queue: "unbounded",
  }, "0/4");
  match(
    uneven,
    /at 95 % utilisation the mean wait is without end, not 1.7 service times/u,
  );
  const { warnings: [limit] } = await divided({
    rateLimit: { rate: "100/s", burst: 10 },
  }, "0/4");
  match(limit, /it lets 25 of 100 requests per second pass, 3 of 10 at once/u);
  const { warnings: none } = await divided({ concurrency: 4 }, "0/1");
  deepEqual(none, []);
});

Deno.test("one replica costs nothing, and pools of equal shares cost as much as one of them", () => {
  const pool = { concurrency: 12, queue: 24 };
  const { whole, divided } = priceOf(pool, 9, 1);
  near(divided.wait, whole.wait, 1e-12);
  const price = priceOf(pool, 9, 4);
  const part = queueFigures({ servers: 3, queue: 6, offered: 2.25 });
  near(price.divided.wait, part.wait, 1e-12);
  near(price.divided.loss, part.loss, 1e-12);
  ok(price.divided.wait > price.whole.wait);
});

for (const [queue, offered] of [[0, 6], [6, 7], [Infinity, 6.4]]) {
  Deno.test(`the price of dividing 8 places and a queue of ${queue} among 4 replicas is that of their simulation`, async () => {
    const requests = 120_000;
    let lost = 0;
    let admitted = 0;
    let waited = 0;
    for (let index = 0; index < 4; index++) {
      await simulate({
        // Each replica gets a Poisson process of its own, as from a balancer that deals requests out at random.
        seed: index,
        segment: { index, count: 4 },
        share: WHOLE,
        config: {
          plugins: {
            limiter: {
              pools: {
                db: {
                  concurrency: 8,
                  queue: queue === Infinity ? "unbounded" : queue,
                },
              },
            },
          },
          routes: [{
            path: "/",
            limiter: "db",
            serviceTime: { exponential: { mean: 10 } },
          }],
        },
        scenarios: {
          load: poissonArrivals({ rate: offered / 4 * 100, requests }),
        },
        observe({ outcome, arrival, start }) {
          if (outcome !== "answered") return void lost++;
          admitted++;
          waited += start - arrival;
        },
      });
    }
    const { divided } = priceOf({ concurrency: 8, queue }, offered, 4);
    near(lost / (lost + admitted), divided.loss, 0.02, "loss");
    near(waited / admitted / 10, divided.wait, 0.03, "wait");
  });
}

Deno.test("requests that are refused have consumed their numbers, and no draw moves", async () => {
  const drawn = async (count: number) => {
    const found: [number, string, number][] = [];
    for (let index = 0; index < count; index++) {
      await simulate({
        segment: { index, count },
        share: { index, count },
        config: {
          plugins: { limiter: { pools: { db: { concurrency: 4, queue: 4 } } } },
          routes: [{
            path: "/",
            limiter: "db",
            serviceTime: { lognormal: { median: "50ms", p99: "400ms" } },
          }],
        },
        scenarios: { load: poissonArrivals({ rate: 100, requests: 400 }) },
        observe: ({ sequence, outcome, service }) =>
          found.push([sequence, outcome, service]),
      });
    }
    return found.toSorted(([a], [b]) => a - b);
  };
  const whole = await drawn(1);
  ok(whole.some(([, outcome]) => outcome !== "answered"));
  const times = new Map(whole.map(([number, , service]) => [number, service]));
  for (const count of [2, 4]) {
    const parts = await drawn(count);
    deepEqual(parts.map(([number]) => number), whole.map(([number]) => number));
    for (const [number, outcome, service] of parts) {
      const one = whole[number];
      if (outcome === "answered" && one[1] === "answered") {
        equal(service, times.get(number));
      }
    }
  }
});

Deno.test("a segment is refused where it is written wrongly", async () => {
  await rejects(
    createPerfmock({}, { listen: false, segment: "4/4" }),
    /Cannot use --segment/,
  );
});
