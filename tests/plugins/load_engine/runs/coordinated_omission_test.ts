// Runs without the profiler: measures long times.
import { equal, ok } from "node:assert/strict";
import { createPerfmock } from "../../../../mod.ts";
import { serve } from "../http/_orders.ts";
import { begin, finish } from "./_control.ts";

/** How long the server stands still, in ms. */
const STALL = 1000;

Deno.test("A server that stands still for 1 s shows in an open model's p99, and not in that of users who wait for it", async () => {
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
  // A third of all arrivals fell into the second, and waited for half of it on average.
  equal(open.dropped, 0);
  ok(Math.abs(open.started - 300) <= 1);
  ok((open.responseTime.p99 ?? 0) > STALL * 0.9);
  ok((open.responseTime.p90 ?? 0) > STALL * 0.5);
  // The one user sent one request into it, of more than a hundred, and then waited: the omission.
  ok(users.started > 100);
  ok((users.responseTime.max ?? 0) > STALL * 0.9);
  ok((users.responseTime.p99 ?? Infinity) < STALL * 0.5);
});
