import { equal, ok } from "node:assert/strict";
import {
  assertFollows,
  createTestServer,
  familySuite,
} from "@perfmock/perfmock/testing";
import plugin from "./slower_of_two.ts";

// Typical parameters, and those at the limits.
const tests = familySuite({
  family: "slower-of-two",
  plugin,
  valid: [{ mean: "40ms" }, { mean: "1us" }, { mean: "1h" }, { mean: 2.5 }],
  invalid: [{}, { mean: 0 }, { mean: "-1ms" }, { mean: "soon" }, { median: 4 }],
});
for (const { name, test } of tests) Deno.test(name, test);

Deno.test("response times follow the distribution", async () => {
  await using server = await createTestServer({
    seed: 1,
    routes: [{ path: "/", serviceTime: { "slower-of-two": { mean: "40ms" } } }],
  }, { plugins: [plugin] });
  const times = await server.measure("/", 1000);
  const { notices } = await assertFollows(times, "slower-of-two(mean=40ms)", {
    plugins: [plugin],
  });
  // So many values would show times that are 20 % longer.
  ok(notices.slower !== null && notices.slower < 0.2, `${notices.slower}`);
});

Deno.test("two look-ups take half as long again as one", async () => {
  await using server = await createTestServer({
    routes: [{ path: "/", serviceTime: "slower-of-two(mean=40ms)" }],
  }, { plugins: [plugin] });
  const times = await server.measure("/", 4000);
  const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
  equal(Math.round(mean / 40 * 10) / 10, 1.5);
});
