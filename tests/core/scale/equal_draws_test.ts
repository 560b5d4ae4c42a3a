// Runs without the profiler: computes much.
import { deepEqual, equal, notDeepEqual } from "node:assert/strict";
import type { PerfmockInput } from "../../../mod.ts";
import { createTestServer } from "../../../core/testing.ts";

/** Every kind of number that depends on the place of a request: each route is asked as often as the others. */
const CONFIG: PerfmockInput = {
  seed: 7,
  routes: [
    {
      id: "service",
      path: "/service",
      serviceTime: { lognormal: { median: "12ms", p99: "80ms" } },
      scale: 2,
      response: { text: "{{sequence}} {{uuid}} {{uuid}}" },
    },
    {
      id: "mixture",
      path: "/mixture",
      serviceTime: {
        mixture: [
          { weight: 3, of: { empirical: { values: [1, 2, 5, 9] } } },
          { weight: 1, of: { pareto: { alpha: 2.5, min: "4ms" } } },
          { weight: 1, of: { bimodal: { fast: 3, slow: 90, slowShare: 0.2 } } },
          { weight: 1, of: { percentiles: { p50: 10, p90: 20, p99: 70 } } },
        ],
      },
    },
    {
      id: "exact",
      path: "/exact",
      serviceTime: { gamma: { shape: 2, scale: "5ms" } },
      sampling: { scheme: "exact", block: 20 },
    },
    {
      id: "keyed",
      path: "/keyed",
      serviceTime: { weibull: { shape: 0.8, scale: "20ms" } },
      sampling: { key: "header:X-Request-Id" },
    },
    {
      id: "faults",
      path: "/faults",
      serviceTime: { uniform: { min: 1, max: 4 } },
      faults: [
        { first: 4, status: 502 },
        { share: 0.2, status: 500 },
        { share: 0.1, status: 429, retryAfter: "1s" },
      ],
    },
    {
      id: "turns",
      path: "/turns",
      turns: { end: "repeat" },
      serviceTimes: [{ times: 2, of: "30ms" }, {
        times: 3,
        of: { exponential: { mean: "4ms" } },
      }],
      responses: [{ status: 200, text: "a{{uuid}}" }, { status: 201 }, {
        status: 404,
      }],
    },
    {
      id: "degraded",
      path: "/degraded",
      serviceTime: { exponential: { mean: "10ms" } },
      degrade: {
        model: "brown-out",
        input: 0.9,
        steps: [{
          at: 0.8,
          until: 0.7,
          factor: 3,
          delay: "2ms",
          failures: 0.3,
        }],
      },
    },
    {
      id: "paced",
      path: "/paced",
      wire: { gap: { exponential: { mean: "3ms" } } },
      response: { events: { count: 4, data: "{{index}} {{uuid}}" } },
    },
  ],
};

const ROUTES = (CONFIG.routes ?? []).map(({ id }) => id ?? "");

/** Number of requests to each route; no multiple of the numbers of replicas. */
const REQUESTS = 101;

/** Asks every route of a replica for its part of the requests. Returns all that can be seen of each, by route and number. */
async function seenBy(index: number, count: number) {
  await using test = await createTestServer(CONFIG, {
    segment: { index, count },
  });
  const seen = new Map<string, unknown>();
  for (const route of ROUTES) {
    for (let number = index; number < REQUESTS; number += count) {
      const start = test.clock.now();
      const { response, duration } = await test.request(`/${route}`, {
        // Every seventh has no key: the number takes its place.
        headers: number % 7 === 0 ? {} : { "x-request-id": `key ${number}` },
      });
      let text = "";
      let ended = false;
      const body = response.text().then((whole) => {
        text = whole;
        ended = true;
      });
      while (!ended) {
        await new Promise((resolve) => setImmediate(resolve));
        if (!ended) test.clock.runNext();
      }
      await body;
      equal(response.headers.get("perfmock-sequence"), `${number}`);
      seen.set(`${route} ${number}`, {
        status: response.status,
        retryAfter: response.headers.get("retry-after"),
        // Differences of times lose the last bits.
        duration: duration.toFixed(6),
        end: (test.clock.now() - start).toFixed(6),
        text,
      });
    }
  }
  for (const entry of test.server.requests()) {
    const key = `${entry.route} ${entry.sequence}`;
    seen.set(key, { ...seen.get(key) as object, drawn: entry.drawnMs });
  }
  return seen;
}

const whole = await seenBy(0, 1);

for (const count of [2, 3, 4, 5, 6, 7]) {
  Deno.test(`${count} replicas together make the draws of one server, bit for bit`, async () => {
    const parts = await Promise.all(
      Array.from({ length: count }, (_, index) => seenBy(index, count)),
    );
    const together = new Map(parts.flatMap((part) => [...part]));
    equal(parts.reduce((sum, { size }) => sum + size, 0), whole.size);
    for (const [key, value] of whole) deepEqual(together.get(key), value, key);
  });
}

Deno.test("the requests of a route differ from one another in all that is drawn", () => {
  for (const route of ROUTES) {
    const values = Array.from(
      { length: REQUESTS },
      (_, number) => JSON.stringify(whole.get(`${route} ${number}`)),
    );
    notDeepEqual(new Set(values).size, 1, route);
  }
});

Deno.test("replicas of another seed draw other times", async () => {
  const [a, b] = await Promise.all([42, 43].map(async (seed) => {
    await using test = await createTestServer({ ...CONFIG, seed }, {
      segment: "1/3",
    });
    return test.server.draw("service", 4);
  }));
  notDeepEqual(a, b);
});
