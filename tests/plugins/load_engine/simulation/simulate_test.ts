// Runs without the profiler: computes much.
import { BUILTIN } from "../../../../core/builtin.ts";
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import type { LoadProgress } from "../../../../core/load.ts";
import { createVirtualWorld } from "../../../../core/world/virtual_world.ts";
import {
  simulate,
  type SimulationTools,
} from "../../../../plugins/load_engine/simulation/simulate.ts";
import { host } from "../_scripts.ts";

const ROUTES = [
  { id: "quick", path: "/quick", serviceTime: "20ms" },
  { id: "zero", path: "/zero/:id" },
  {
    id: "pooled",
    path: "/pooled",
    serviceTime: { exponential: { mean: "50ms" } },
    limiter: { concurrency: 2, queue: 3 },
  },
  {
    id: "hang",
    path: "/hang",
    limiter: { concurrency: 1 },
    faults: [{ share: 1, action: "hang" }],
  },
  {
    id: "reset",
    path: "/reset",
    faults: [{ share: 1, action: "connection-reset" }],
  },
];

/** Simulates scenarios against these routes. */
async function play(
  scenarios: Record<string, unknown>,
  more: Partial<SimulationTools> & { readonly thresholds?: unknown } = {},
) {
  const { thresholds, ...tools } = more;
  const value = {
    scenarios,
    ...thresholds === undefined ? {} : { thresholds },
  };
  return (await simulate(value, {
    ...host,
    folder: "/",
    server: { stress: undefined, targets: [] },
    virtualWorld: () =>
      createVirtualWorld({
        value: { seed: 1, routes: ROUTES },
        folder: new URL("file:///"),
        builtin: BUILTIN,
        plugins: [],
      }, () => {}),
    ...tools,
  })).summary;
}

function send(path: string, more: object = {}) {
  return {
    executor: "arrival-rate",
    rate: "100/s",
    duration: "10s",
    arrivals: "uniform",
    requests: [{ path }],
    ...more,
  };
}

Deno.test("simulate() sends through the pipeline, and takes as long as the routes do", async () => {
  const { scenarios: { s }, duration, ok: kept } = await play({
    s: send("/quick"),
  }, { thresholds: { "s.responseTime": ["min==20ms", "max==20ms"] } });
  deepEqual([s.scheduled, s.completed, s.failed], [1000, 1000, 0]);
  equal(s.startLag.max, 0);
  equal(s.firstByte.max, 20);
  equal(duration, 10_015);
  equal(kept, true);
});

Deno.test("Equal seeds give equal simulations, to the last bit", async () => {
  const scenarios = {
    s: send("/pooled", { arrivals: "poisson" }),
    u: {
      executor: "virtual-users",
      users: 5,
      think: { exponential: { mean: "30ms" } },
      duration: "5s",
      requests: [{ path: "/pooled" }, { path: "/zero/{{number}}" }],
    },
  };
  deepEqual(await play(scenarios), await play(scenarios));
});

Deno.test("Requests that a pool rejects are failures by status", async () => {
  const { scenarios: { s } } = await play({ s: send("/pooled") });
  equal(s.completed + s.failed, s.started);
  deepEqual(Object.keys(s.failures), ["503"]);
  // Two servers of 20/s each: the rest of 100/s is lost.
  ok(Math.abs(s.completed / 10 - 40) < 4, `${s.completed}`);
});

Deno.test("A client that gives up leaves its place in the server", async () => {
  const { scenarios: { s } } = await play({
    s: send("/hang", {
      rate: "1/s",
      requests: [{ path: "/hang", timeout: "250ms" }],
    }),
  });
  // If the first had kept its place, the others would have been rejected.
  deepEqual(s.failures, { timeout: 10 });
  deepEqual([s.responseTime.min, s.responseTime.max], [250, 250]);
  equal(s.firstByte.max, null);
});

Deno.test("Hanging requests are cut after the graceful stop, and resets are counted", async () => {
  const { scenarios: { h, r, n }, duration } = await play({
    h: send("/hang", { rate: "1/s", duration: "2s", gracefulStop: "3s" }),
    r: send("/reset", { rate: "1/s", duration: "2500ms" }),
    n: send("/nothing", { rate: "1/s", duration: "2500ms" }),
  });
  deepEqual([h.failures, r.failures, n.failures], [
    // The first keeps the only place until it is cut.
    { 503: 1 },
    { reset: 2 },
    { 404: 2 },
  ]);
  equal(h.cut, 1);
  equal(n.refused.responseTime.max, 0);
  equal(duration, 5000);
});

Deno.test("A run that is ended early cuts active requests, including unmatched ones", async () => {
  const ending = new AbortController();
  const ticks: LoadProgress[] = [];
  const summary = await play({
    s: send("/quick", { duration: "1h" }),
    n: send("/nothing", { duration: "1h" }),
  }, {
    signal: ending.signal,
    tick: (progress) => {
      if (ticks.push(progress) === 3) ending.abort();
    },
  });
  equal(summary.aborted, "it was stopped");
  ok(summary.duration >= 3000 && summary.duration < 60_000);
  ok(summary.scenarios.s.failed <= 2);
});

Deno.test("A run that is ended before it begins sends nothing", async () => {
  const signal = AbortSignal.abort();
  const { scenarios: { s } } = await play({ s: send("/quick") }, { signal });
  equal(s.scheduled, 0);
});

Deno.test("Users without a think time on a route without a service time are reported", async () => {
  const users = {
    executor: "virtual-users",
    users: 1,
    duration: "1s",
    requests: [{ path: "/zero/1" }],
  };
  await rejects(play({ users }), (error: Error) => {
    match(error.message, /time stands still/);
    return true;
  });
  const { scenarios: { s } } = await play({
    s: { ...users, executor: "shared-iterations", iterations: 1000 },
  });
  equal(s.completed, 1000);
});

Deno.test("Rendered paths find their routes, and checks look only at the status", async () => {
  const { scenarios: { s } } = await play({
    s: send("/", {
      variables: { id: { integer: { min: 1, max: 100_000 } } },
      requests: [{
        path: "/zero/{{id}}?x={{id}}",
        check: { status: 200, body: "never seen" },
      }, { path: "/zero/%FF", check: { status: 404 } }],
    }),
  });
  equal(s.failed, 0);
  deepEqual(s.checks.passed, s.requests["GET /zero/{{id}}?x={{id}}"].started);
});

Deno.test("More paths than fit in the cache find their routes", async () => {
  const { scenarios: { s } } = await play({
    s: send("/", {
      rate: "12000/s",
      duration: "1s",
      requests: [{ path: "/zero/{{number}}" }],
    }),
  });
  deepEqual([s.started, s.completed], [12_000, 12_000]);
});

Deno.test("A simulation sets the dials of its copy, not those of the server", async () => {
  const { scenarios: { s } } = await play({
    s: send("/quick"),
    slow: {
      executor: "modulate",
      set: { route: "quick", dial: "delay" },
      to: { steps: [{ at: 0, value: 0 }, { at: "5s", value: "80ms" }] },
    },
  });
  deepEqual([s.responseTime.min, s.responseTime.max], [20, 100]);
  ok(Math.abs((s.responseTime.mean ?? 0) - 60) < 1);
});

Deno.test("Stress is checked and left out", async () => {
  const calls: unknown[] = [];
  const stress = {
    issues: (value: unknown) => {
      calls.push(value);
      return [];
    },
    start: () => Promise.reject(new Error("never started")),
  };
  const { ok: kept } = await play({
    s: send("/quick"),
    burn: { executor: "stress", scenario: { cpu: 1 } },
  }, { server: { stress, targets: [] } });
  deepEqual(calls, [{ cpu: 1 }]);
  equal(kept, true);
});

Deno.test("Other timers fire while a simulation computes", async () => {
  let turns = 0;
  const count = () => {
    turns++;
    immediate = setImmediate(count);
  };
  let immediate = setImmediate(count);
  const { scenarios: { s } } = await play({
    s: send("/quick", { rate: "2000/s" }),
  });
  clearImmediate(immediate);
  ok(s.started > 15_000);
  ok(turns > 20, `${turns}`);
});
