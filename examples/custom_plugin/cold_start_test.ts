import { deepEqual, equal, rejects } from "node:assert/strict";
import { createPluginServer } from "@perfmock/perfmock/testing";
import plugin from "./cold_start.ts";

const route = { id: "orders", coldStart: { after: "10m", takes: "1.2s" } };

Deno.test("the first request and one after ten minutes are cold, others are not", async () => {
  await using test = await createPluginServer(plugin, { route });
  const durations: number[] = [];
  for (const minutes of [0, 1, 9, 10, 0]) {
    test.clock.advance(minutes * 60_000);
    durations.push((await test.request()).duration);
  }
  deepEqual(durations, [1200, 0, 0, 1200, 0]);
  equal(test.metric("cold_starts_total", "orders"), 2);
});

Deno.test("the control call lets all routes start cold", async () => {
  await using test = await createPluginServer(plugin, { route });
  await test.request();
  equal((await test.request()).duration, 0);
  equal((await test.control("POST /cool")).status, 200);
  equal((await test.request()).duration, 1200);
});

Deno.test("the time comes on top of the service time", async () => {
  await using test = await createPluginServer(plugin, {
    beside: ["distributions"],
    route: { ...route, serviceTime: "5ms" },
  });
  equal((await test.request()).duration, 1205);
});

Deno.test("a wrong route key is an error with its place", async () => {
  const wrong = { coldStart: { after: 0, takes: "soon" } };
  await rejects(createPluginServer(plugin, { route: wrong }), (error: {
    readonly issues?: readonly { readonly path: string }[];
  }) => {
    deepEqual(error.issues?.map(({ path }) => path), [
      "/routes/0/coldStart/after",
      "/routes/0/coldStart/takes",
    ]);
    return true;
  });
});
