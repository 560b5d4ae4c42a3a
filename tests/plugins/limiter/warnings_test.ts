import { deepEqual, match } from "node:assert/strict";
import { createTestServer } from "../../../core/testing.ts";

/** What the limiter warns of. */
async function warned(
  route: Readonly<Record<string, unknown>>,
  db: unknown = { concurrency: 2 },
): Promise<[path: string, message: string][]> {
  await using test = await createTestServer({
    plugins: {
      limiter: { pools: { db } },
      distributions: {
        profiles: { measured: { percentiles: { p50: 10, p90: 30, p99: 80 } } },
      },
    },
    routes: [{ id: "r", path: "/r", limiter: "db", ...route }],
  });
  return test.server.warnings
    .filter(({ path }) => path.startsWith("/plugins/limiter"))
    .map(({ path, message }) => [path, message]);
}

const FITTED: readonly [string, unknown][] = [
  ["percentiles", "measured"],
  ["empirical", { empirical: { values: ["1ms", "2ms", "3ms"] } }],
  ["histogram", {
    histogram: {
      unit: "1s",
      cumulative: true,
      buckets: [{ le: 0.1, count: 5 }, { le: 0.2, count: 8 }, {
        le: "+Inf",
        count: 8,
      }],
    },
  }],
];

for (const [family, serviceTime] of FITTED) {
  Deno.test(`a service time of ${family} that meets a pool is warned of`, async () => {
    const warnings = await warned({ serviceTime });
    deepEqual(warnings.map(([path]) => path), ["/plugins/limiter/pools/db"]);
    match(warnings[0][1], new RegExp(`^Route "r" draws .* from ${family} and`));
  });
}

Deno.test("exact samples that meet a pool are warned of, a route's own pool too", async () => {
  const sampling = { scheme: "exact", block: 200 };
  const limiter = { concurrency: 2 };
  const serviceTime = { exponential: { mean: 10 } };
  const [, [path, message]] = await warned({ serviceTime, sampling, limiter });
  deepEqual(path, "/plugins/limiter");
  match(message, /^Route "r" samples exactly and takes the pool "route:r"/);
});

Deno.test("a rate limit alone, and a plain service time, are no reason to warn", async () => {
  const limit = { rateLimit: { rate: "5/s" } };
  const limited = await warned({
    serviceTime: { exponential: { mean: 10 } },
    sampling: { scheme: "exact", block: 200 },
  }, limit);
  deepEqual(limited, []);
  deepEqual(await warned({ serviceTime: "10ms" }), []);
  deepEqual(await warned({}), []);
});
