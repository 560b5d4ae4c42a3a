import { deepEqual, equal } from "node:assert/strict";
import { createPerfmock } from "@perfmock/perfmock";
import {
  assertMannered,
  assertNoUnexpected,
  assertWithinBudget,
} from "@perfmock/perfmock/testing";
import { countProducts, order } from "./shop.ts";

const products = { path: "/products", response: { json: [{ id: 1 }] } };

Deno.test("a slow backend: the shop gives up after 300 ms", async () => {
  await using backend = await createPerfmock({
    routes: [{ ...products, serviceTime: "10s" }],
  });
  equal(await countProducts(backend.url), null);
  equal(backend.stats().routes["get-products"].arrivals, 1);
});

Deno.test("a usual backend: the catalogue is there in time", async () => {
  await using backend = await createPerfmock({
    seed: 1,
    routes: [{ ...products, serviceTime: "lognormal(median=4ms, p99=15ms)" }],
  });
  const times: number[] = [];
  for (let i = 0; i < 100; i++) {
    const start = performance.now();
    equal(await countProducts(backend.url), 1);
    times.push(performance.now() - start);
  }
  assertWithinBudget(times, { p95: "200ms" });
  assertNoUnexpected(backend);
});

Deno.test("a limited backend: refused orders wait as long as they are told", async () => {
  await using backend = await createPerfmock({
    plugins: { limiter: { client: "header:Idempotency-Key" } },
    routes: [{
      method: "POST",
      path: "/orders",
      serviceTime: "20ms",
      limiter: {
        concurrency: 2,
        queue: 0,
        onFull: { status: 503, retryAfter: "1s" },
      },
      response: { status: 201 },
    }],
  });
  const attempts = await Promise.all(
    ["a", "b", "c", "d"].map((key) => order(backend.url, key)),
  );
  equal(attempts.filter((n) => n === 1).length, 2);
  await assertMannered(backend, { retries: true });
});

Deno.test("a failing backend: the third attempt succeeds", async () => {
  await using backend = await createPerfmock({
    routes: [{
      method: "POST",
      path: "/orders",
      faults: [{ first: 2, per: "header:Idempotency-Key", status: 503 }],
      response: { status: 201 },
    }],
  });
  equal(await order(backend.url, "a"), 3);
  deepEqual(backend.stats().routes["post-orders"].faults, { "503": 2 });
});
