import { deepEqual, equal, notEqual, ok } from "node:assert/strict";
import { createTestServer } from "../../../core/testing.ts";
import distributions from "../../../plugins/distributions/mod.ts";
import { errorOf, lines } from "../../support/errors.ts";
import { plugin } from "../../support/plugins.ts";

const SPREAD = { uniform: { min: 0, max: "1s" } };

async function drawn(
  route: Record<string, unknown>,
  count = 6,
  seed: number | string = 42,
): Promise<number[]> {
  await using test = await createTestServer({
    seed,
    routes: [{ id: "r", path: "/r", ...route }],
  });
  const durations: number[] = [];
  for (let n = 0; n < count; n++) {
    durations.push((await test.request("/r")).duration);
  }
  return durations.map((ms) => Number(ms.toFixed(6)));
}

async function words(serviceTime: unknown, scale?: number): Promise<string> {
  await using test = await createTestServer({
    routes: [{
      path: "/",
      serviceTime,
      ...scale !== undefined && { scale },
    }],
  }, {
    plugins: [plugin("sampled", {}, {
      contributes: {
        families: [{
          name: "coin",
          parameters: ({ z }) => z.strictObject({}),
          create: () => ({ sample: (next) => next() < 0.5 ? 1 : 3, mean: 2 }),
        }],
      },
    })],
  });
  return test.server.routes[0].does.join();
}

async function issues(...routes: Record<string, unknown>[]) {
  return lines(
    await errorOf(() =>
      createTestServer({
        routes: routes.map((route, n) => ({ path: `/${n}`, ...route })),
      })
    ),
  );
}

Deno.test("a route without a service time is answered at once", async () => {
  deepEqual(await drawn({}, 1), [0]);
});

Deno.test("serviceTime draws by the seed, the id of the route and the sequence number", async () => {
  const first = await drawn({ serviceTime: SPREAD });
  equal(new Set(first).size, 6);
  deepEqual(await drawn({ serviceTime: SPREAD }), first);
  deepEqual(
    await drawn({ serviceTime: SPREAD, path: "/r", method: "*" }),
    first,
  );
  notEqual((await drawn({ serviceTime: SPREAD }, 1, "other"))[0], first[0]);
});

Deno.test("scale multiplies the draw and leaves the uniform number unchanged", async () => {
  const plain = await drawn({ serviceTime: SPREAD });
  const scaled = await drawn({ serviceTime: SPREAD, scale: 2.5 });
  for (const [n, ms] of plain.entries()) {
    ok(Math.abs(scaled[n] - 2.5 * ms) < 1e-5, `${scaled[n]} of ${ms}`);
  }
});

Deno.test("sampling by a header gives equal draws for equal values, and falls back to the sequence number", async () => {
  await using test = await createTestServer({
    routes: [{
      path: "/",
      serviceTime: SPREAD,
      sampling: { key: "header:X-Request-Id" },
    }],
  });
  const ask = async (id?: string) => {
    const headers: Record<string, string> = id === undefined
      ? {}
      : { "x-request-id": id };
    return Number((await test.request("/", { headers })).duration.toFixed(6));
  };
  const a = await ask("a");
  const b = await ask("b");
  notEqual(a, b);
  equal(await ask("a"), a);
  const third = await ask();
  notEqual(await ask(), third, "the sequence number goes on");
});

Deno.test("exact sampling gives each block exactly the configured percentiles, and stats has the rest of the block", async () => {
  await using test = await createTestServer({
    routes: [{
      id: "r",
      path: "/",
      serviceTime: SPREAD,
      sampling: { scheme: "exact", block: 10 },
    }, { path: "/other", serviceTime: "1ms" }],
  });
  const left = () => test.server.stats().plugins.distributions;
  deepEqual(left(), { requestsLeftInBlock: { r: 0 } });
  const block = async () => {
    const found: number[] = [];
    for (let n = 0; n < 10; n++) {
      found.push(Math.round((await test.request("/")).duration));
    }
    return found;
  };
  const [first, second] = [await block(), await block()];
  for (const found of [first, second]) {
    const sorted = found.toSorted((a, b) => a - b);
    deepEqual([0, 4, 7, 8].map((rank) => sorted[rank]), [100, 500, 800, 900]);
    const sum = found.reduce((sum, x) => sum + x, 0);
    ok(Math.abs(sum - 5000) < 10, `${sum}`);
  }
  deepEqual(second.toSorted(), first.toSorted());
  ok(first.join() !== second.join(), "each block has an order of its own");
  await test.request("/");
  deepEqual(left(), { requestsLeftInBlock: { r: 9 } });
});

Deno.test("a route has a summary of its service times", async () => {
  equal(await words("120ms"), "120 ms (constant)");
  equal(
    await words({ lognormal: { median: "120ms", p99: "800ms" } }),
    "half within 120 ms, 99 % within 800 ms (lognormal)",
  );
  equal(
    await words({ lognormal: { median: "120ms", p99: "800ms" } }, 100),
    "half within 12 s, 99 % within 80 s (lognormal)",
  );
  equal(await words({ coin: {} }), "2 ms on average (coin)");
  equal(await words("333.333us"), "0.333 ms (constant)");
});

Deno.test("scale and sampling without a service time are errors", async () => {
  deepEqual(await issues({ scale: 2 }, { scale: 2, sampling: {} }), [
    '/routes/0/scale: Cannot use "scale" on a route without "serviceTime" → serviceTime',
    '/routes/1/scale: Cannot use "scale" on a route without "serviceTime" → serviceTime',
    '/routes/1/sampling: Cannot use "sampling" on a route without "serviceTime" → serviceTime',
  ]);
});

Deno.test("profiles are named distributions, or names of other profiles", async () => {
  await using test = await createTestServer({
    plugins: {
      distributions: {
        profiles: {
          base: "10ms",
          tripled: { scale: { by: 3, of: "base" } },
        },
      },
    },
    routes: [{ path: "/", serviceTime: "tripled" }],
  });
  equal((await test.request("/")).duration.toFixed(6), "30.000000");
});

Deno.test("the schema reports profiles that are not an object", async () => {
  for (const profiles of [5, null, ["1ms"]]) {
    const error = await errorOf(() =>
      createTestServer({ plugins: { distributions: { profiles } } })
    );
    deepEqual(error.issues.map(({ path }) => path), [
      "/plugins/distributions/profiles",
    ]);
  }
});

Deno.test("contributes accepts any options, as written", () => {
  const { contributes } = distributions;
  ok(typeof contributes === "function");
  for (const options of [undefined, null, 5, {}]) {
    deepEqual(contributes(options).profiles, {});
  }
  deepEqual(contributes({ profiles: { a: 1 } }).profiles, { a: 1 });
});

Deno.test("requestsLeftInBlock counts arrivals: draws that were not sent do not count, and a reset starts again", async () => {
  await using test = await createTestServer({
    routes: [{
      id: "r",
      path: "/",
      serviceTime: SPREAD,
      sampling: { scheme: "exact", block: 10 },
    }],
  });
  const left = () => test.server.stats().plugins.distributions;
  for (let n = 0; n < 3; n++) await test.request("/");
  test.server.draw("r", 8);
  deepEqual(left(), { requestsLeftInBlock: { r: 7 } });
  test.server.reset();
  deepEqual(left(), { requestsLeftInBlock: { r: 0 } });
});
