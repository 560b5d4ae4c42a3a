import { deepEqual, equal, match } from "node:assert/strict";
import fc from "fast-check";
import { createTestServer } from "../../../core/testing.ts";
import { ChainOrder } from "../../../plugins/limiter/checks.ts";

Deno.test("ChainOrder accepts routes that agree and names the route that does not", () => {
  const order = new ChainOrder();
  equal(order.add("a", ["web", "db"]), undefined);
  equal(order.add("b", ["web", "cache", "db"]), undefined);
  equal(order.add("c", ["db"]), undefined);
  deepEqual(order.add("d", ["db", "web"]), {
    first: "db",
    second: "web",
    routes: ["a"],
  });
  equal(order.add("e", ["cache", "db", "disk"]), undefined);
});

Deno.test("ChainOrder finds a cycle over several routes", () => {
  const order = new ChainOrder();
  order.add("a", ["1", "2"]);
  order.add("b", ["2", "3"]);
  order.add("c", ["2", "4"]);
  order.add("d", ["4", "3"]);
  deepEqual(order.add("e", ["3", "1"])?.routes, ["a", "b"]);
  equal(order.add("f", ["1", "4", "3"]), undefined);
});

Deno.test("a refused chain leaves no trace in the order", () => {
  const order = new ChainOrder();
  order.add("a", ["1", "2"]);
  order.add("b", ["3", "2", "1"]);
  equal(order.add("c", ["2", "3"]), undefined);
});

Deno.test("chains are accepted if and only if one order of pools fits them all", () => {
  const chain = fc.uniqueArray(fc.integer({ min: 0, max: 4 }).map(String), {
    minLength: 1,
    maxLength: 4,
  });
  fc.assert(
    fc.property(fc.array(chain, { maxLength: 6 }), (chains) => {
      const order = new ChainOrder();
      const taken: string[][] = [];
      for (const [index, pools] of chains.entries()) {
        const fits = sortable([...taken, pools]);
        equal(order.add(`${index}`, pools) === undefined, fits);
        if (fits) taken.push(pools);
      }
    }),
    { seed: 11, numRuns: 300 },
  );
});

/** True if one order of pools fits all chains: repeatedly removes a pool that no other precedes. */
function sortable(chains: readonly (readonly string[])[]): boolean {
  let left = chains.map((chain) => [...chain]);
  while (left.some((chain) => chain.length > 0)) {
    const first = left.flatMap((chain) => chain.slice(0, 1)).find((pool) =>
      left.every((chain) => chain.indexOf(pool) <= 0)
    );
    if (first === undefined) return false;
    left = left.map((chain) => chain.filter((pool) => pool !== first));
  }
  return true;
}

/** Warnings of the limiter, as path and message. */
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
  ["fitted", { fitted: { of: { exponential: { mean: 5 } }, from: "a.csv" } }],
  ["scale", { scale: { by: 2, of: "measured" } }],
  ["shift", { shift: { by: 2, of: "measured" } }],
  ["clamp", { clamp: { max: 90, of: "measured" } }],
  ["truncate", { truncate: { max: 90, of: "measured" } }],
  ["mixture", {
    mixture: [{ weight: 1, of: "5ms" }, { weight: 1, of: "measured" }],
  }],
  ["bimodal", {
    bimodal: { fast: "5ms", slow: "measured", slowShare: 0.1 },
  }],
];

for (const [family, serviceTime] of FITTED) {
  Deno.test(`a service time of ${family} on a route with a pool causes a warning`, async () => {
    const warnings = await warned({ serviceTime });
    deepEqual(warnings.map(([path]) => path), ["/plugins/limiter/pools/db"]);
    match(warnings[0][1], new RegExp(`^Route "r" draws .* from ${family} and`));
  });
}

Deno.test("measured service times in turn, on a route with a pool, cause a warning", async () => {
  const warnings = await warned({ serviceTimes: ["5ms", "measured"] });
  deepEqual(warnings.map(([path]) => path), ["/plugins/limiter/pools/db"]);
  match(warnings[0][1], /^Route "r" draws .* from percentiles and/);
});

Deno.test("service times that were not measured, or without waiting, cause no warning", async () => {
  const exponential = { exponential: { mean: 5 } };
  for (
    const serviceTime of [
      exponential,
      { scale: { by: 2, of: exponential } },
      { fitted: { of: exponential, queueing: false } },
      { fitted: { of: "measured", queueing: false } },
    ]
  ) deepEqual(await warned({ serviceTime }), [], JSON.stringify(serviceTime));
});

Deno.test("exact samples on a route with a pool cause a warning, with a route's own pool too", async () => {
  const sampling = { scheme: "exact", block: 200 };
  const limiter = { concurrency: 2 };
  const serviceTime = { exponential: { mean: 10 } };
  const [, [path, message]] = await warned({ serviceTime, sampling, limiter });
  deepEqual(path, "/plugins/limiter");
  match(message, /^Route "r" samples exactly and takes the pool "route:r"/);
});

Deno.test("a rate limit alone and a plain service time cause no warning", async () => {
  const limit = { rateLimit: { rate: "5/s" } };
  const limited = await warned({
    serviceTime: { exponential: { mean: 10 } },
    sampling: { scheme: "exact", block: 200 },
  }, limit);
  deepEqual(limited, []);
  deepEqual(await warned({ serviceTime: "10ms" }), []);
  deepEqual(await warned({}), []);
});
