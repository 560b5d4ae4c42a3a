// Runs alone, without the profiler: compares times with a simulation.
import { deepEqual, ok } from "node:assert/strict";
import type { LoadSummary } from "../../../../core/load.ts";
import { createPerfmock } from "../../../../mod.ts";
import { begin, control, finish } from "./_control.ts";

/** Four servers of 40 ms on average, and 95 arrivals a second: a utilisation of 95 % with an occasionally full queue. */
const CONFIG = {
  seed: 3,
  plugins: { limiter: { pools: { db: { concurrency: 4, queue: 8 } } } },
  routes: [{
    id: "a",
    path: "/a",
    serviceTime: { exponential: { mean: "40ms" } },
    limiter: "db",
  }],
};
const SCRIPT = {
  name: "agree",
  seed: 11,
  scenarios: {
    open: {
      executor: "arrival-rate",
      arrivals: "poisson",
      rate: "95/s",
      duration: "4s",
      requests: [{ path: "/a" }],
    },
  },
};

/** Returns the mean response time, its 95th percentile, and the number of rejections. */
function figures(summary: LoadSummary | null) {
  const { open } = summary?.scenarios ?? {};
  return {
    started: open.started,
    refused: open.failures["503"] ?? 0,
    mean: open.responseTime.mean ?? NaN,
    p95: open.responseTime.p95 ?? NaN,
  };
}

Deno.test("A simulation and a run over HTTP of the same script agree in arrivals and draws", async () => {
  await using server = await createPerfmock(CONFIG, { log: () => {} });
  const answer = await control(server, "simulate", {
    method: "POST",
    body: JSON.stringify(SCRIPT),
  });
  const simulated = figures(await answer.json());
  const { id } = await begin(server, SCRIPT);
  const real = figures((await finish(server, id)).summary);
  const entries = server.requests({ route: "a" });
  const queued = entries.reduce((sum, { queueMs }) => sum + queueMs, 0);

  deepEqual(real.started, simulated.started);
  ok(simulated.refused > 0);
  // A request that comes slightly later may find a place where it found none: 2 % of all.
  ok(Math.abs(real.refused - simulated.refused) <= 0.02 * real.started);
  // The service times are the same draws, so that the means differ by the mean queue time and the cost of a socket.
  ok(queued > 0);
  ok(Math.abs(real.mean - simulated.mean) <= 5 + 0.1 * simulated.mean);
  ok(Math.abs(real.p95 - simulated.p95) <= 10 + 0.1 * simulated.p95);
});
