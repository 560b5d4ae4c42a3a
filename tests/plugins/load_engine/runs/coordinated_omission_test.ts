// Runs on a calm machine, without the profiler: measures long times.
import { equal, ok } from "node:assert/strict";
import { createPerfmock } from "../../../../mod.ts";
import { serve } from "../http/_orders.ts";
import { begin, finish } from "./_control.ts";

/** Time for which the server stalls, in ms. */
const STALL = 1000;

Deno.test("A server that stalls for 1 s shows in the p99 of an open model, but not in that of a closed model", async () => {
  let seen = 0;
  let still: Promise<void> | undefined;
  await using stalling = serve(async ({ url }) => {
    if (url.endsWith("/open") && ++seen === 100) {
      still = new Promise((resolve) => setTimeout(resolve, STALL));
    }
    await still;
    return new Response("ok");
  });
  await using server = await createPerfmock({}, { log: () => {} });
  const { id } = await begin(server, {
    target: `http://127.0.0.1:${stalling.port}`,
    scenarios: {
      open: {
        executor: "arrival-rate",
        arrivals: "uniform",
        rate: "100/s",
        duration: "3s",
        requests: [{ path: "/open" }],
      },
      users: {
        executor: "virtual-users",
        users: 1,
        think: "5ms",
        duration: "3s",
        requests: [{ path: "/users" }],
      },
    },
  });
  const { summary } = await finish(server, id);
  const { open, users } = summary?.scenarios ?? {};
  // A third of all arrivals fell into that second, and waited for half of it on average.
  equal(open.dropped, 0);
  equal(open.started, 300);
  ok((open.responseTime.p99 ?? 0) > STALL * 0.9);
  ok((open.responseTime.p90 ?? 0) > STALL * 0.5);
  // The user sent only one of more than a hundred requests into that second, and then waited: the omission.
  ok(users.started > 100);
  ok((users.responseTime.max ?? 0) > STALL * 0.9);
  ok((users.responseTime.p99 ?? Infinity) < STALL * 0.5);
});
