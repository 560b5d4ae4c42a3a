// Runs without the profiler: computes much.
/** `server.simulate()` as a user calls it: the configuration in virtual time under a load script. */
import { deepEqual, equal, notDeepEqual, ok } from "node:assert/strict";
import { createPerfmock } from "../../../../mod.ts";
import { hooks } from "../../../support/plugins.ts";
import {
  closedUsers,
  poissonArrivals,
  simulate,
} from "../../../support/simulation.ts";

const LOGNORMAL = { lognormal: { median: "20ms", p99: "80ms" } };

/** A configuration of one route, "r". */
function route(
  serviceTime: unknown,
  more: Readonly<Record<string, unknown>> = {},
) {
  return { routes: [{ id: "r", path: "/", serviceTime, ...more }] };
}

/** Every exchange of an open and a closed scenario, as text. */
async function log(seed: number, serverSeed: number): Promise<string[]> {
  const seen: string[] = [];
  const summary = await simulate({
    config: { seed: serverSeed, ...route(LOGNORMAL) },
    seed,
    scenarios: {
      open: poissonArrivals({ rate: 100, requests: 500 }),
      closed: closedUsers({
        users: 5,
        requests: 500,
        think: { exponential: { mean: "30ms" } },
      }),
    },
    observe: ({ sequence, arrival, start, end, outcome }) =>
      seen.push([sequence, arrival, start, end, outcome].join()),
  });
  return [...seen, JSON.stringify(summary)];
}

Deno.test("a simulation is the same for the same seeds, and another for another seed of script or server", async () => {
  const first = await log(7, 1);
  deepEqual(await log(7, 1), first);
  notDeepEqual(await log(8, 1), first);
  notDeepEqual(await log(7, 2), first);
});

Deno.test("the server's seed does not affect the arrivals of a script", async () => {
  const arrivals = async (seed: number) => {
    const times: number[] = [];
    await simulate({
      config: { seed, ...route(LOGNORMAL) },
      scenarios: { s: poissonArrivals({ rate: 100, requests: 100 }) },
      observe: ({ sequence, arrival }) => times[sequence] = arrival,
    });
    return times;
  };
  deepEqual(await arrivals(1), await arrivals(2));
});

Deno.test("simulated service times are those that the server draws", async () => {
  const config = route(LOGNORMAL);
  const seen: number[] = [];
  await simulate({
    config,
    scenarios: { s: poissonArrivals({ rate: 100, requests: 50 }) },
    observe: ({ sequence, arrival, service, end }) => {
      seen[sequence] = service;
      equal(end, arrival + service);
    },
  });
  await using server = await createPerfmock(config, { listen: false });
  ok(seen.length > 25);
  deepEqual(seen, seen.map((_, sequence) => server.draw("r", sequence)));
});

Deno.test("a second simulation begins afresh, and neither is counted by the server", async () => {
  await using server = await createPerfmock(route(LOGNORMAL), {
    listen: false,
  });
  const script = {
    scenarios: { s: poissonArrivals({ rate: 100, requests: 100 }) },
  };
  deepEqual(await server.simulate(script), await server.simulate(script));
  equal(server.stats().routes.r.arrivals, 0);
});

Deno.test("a scenario lasts as long as its duration, whatever it sends", async () => {
  const { duration, scenarios: { s } } = await simulate({
    config: route(0),
    scenarios: {
      s: {
        executor: "arrival-rate",
        rate: 0,
        duration: "5s",
        requests: [{ path: "/" }],
      },
    },
  });
  deepEqual([duration, s.scheduled], [5000, 0]);
});

Deno.test("every outcome is counted: answers, refusals, failing hooks, and hanging requests", async () => {
  const outcomes = hooks("outcomes", {
    admit: ({ sequence }) => {
      switch (sequence % 5) {
        case 1:
          return { reason: "full", status: 503 };
        case 2:
          return { leave: () => {} };
        case 3:
          return { reason: "full", status: 503, action: "hang" };
        default:
          return { release: () => {} };
      }
    },
    degrade: ({ sequence }) => {
      if (sequence % 5 === 4) throw new Error("broken");
      return 1;
    },
  });
  const { scenarios: { s } } = await simulate({
    config: { ...route(1), plugins: { outcomes: {} } },
    plugins: [outcomes],
    scenarios: {
      s: {
        ...closedUsers({ users: 10, requests: 10 }),
        gracefulStop: "1s",
        duration: "5s",
      },
    },
  });
  deepEqual([s.scheduled, s.started, s.completed, s.failed, s.cut], [
    ...[10, 10, 2, 4, 4],
  ]);
  deepEqual(s.failures, { 500: 2, 503: 2 });
});

Deno.test("arrivals at an unlimited server find as many requests as in M/G/∞", async () => {
  for (const serviceTime of [LOGNORMAL, { exponential: { mean: "30ms" } }]) {
    let [found, squares, inFlight, sojourn, requests] = [0, 0, 0, 0, 0];
    let [area, last] = [0, 0];
    const move = (by: number, now: number) => {
      area += inFlight * (now - last);
      last = now;
      inFlight += by;
    };
    const counting = hooks("counting", {
      admit: ({ arrival }) => {
        found += inFlight;
        squares += inFlight * inFlight;
        move(1, arrival);
        return { release: (_, at) => move(-1, at) };
      },
    });
    await simulate({
      config: { ...route(serviceTime), plugins: { counting: {} } },
      plugins: [counting],
      scenarios: { s: poissonArrivals({ rate: 1000, requests: 200_000 }) },
      observe: ({ arrival, end }) => {
        requests++;
        sojourn += end - arrival;
      },
    });
    // Little's law.
    ok(Math.abs(area / sojourn - 1) < 1e-9, `${area}, ${sojourn}`);
    // The number of requests that an arrival finds is Poisson, with mean and variance λ·E[S] for any distribution.
    const mean = found / requests;
    const variance = squares / requests - mean * mean;
    ok(Math.abs(mean / (area / last) - 1) < 0.01, `${mean}`);
    ok(Math.abs(variance / mean - 1) < 0.05, `${variance}`);
  }
});

Deno.test("users think independently of each other", async () => {
  const first: number[] = [];
  await simulate({
    config: route(0),
    scenarios: {
      s: closedUsers({
        users: 1000,
        requests: 2000,
        think: { exponential: { mean: 100 } },
      }),
    },
    observe: ({ arrival }) => {
      if (arrival > 0) first.push(arrival);
    },
  });
  equal(first.length, 1000);
  equal(new Set(first).size, 1000);
  const mean = first.reduce((sum, time) => sum + time, 0) / 1000;
  // The first thousand of all returns: a Poisson process of 10 per ms, or close to it.
  ok(Math.abs(mean - 50) < 5, `${mean}`);
});

Deno.test("users before an unlimited server send users / (think + service) requests a second", async () => {
  let sojourn = 0;
  const { duration, scenarios: { s } } = await simulate({
    config: route({ exponential: { mean: "50ms" } }),
    scenarios: {
      s: closedUsers({
        users: 100,
        requests: 100_000,
        think: { exponential: { mean: 450 } },
      }),
    },
    observe: ({ arrival, end }) => void (sojourn += end - arrival),
  });
  equal(s.completed, 100_000);
  const rate = s.started / duration;
  ok(Math.abs(rate / (100 / 500) - 1) < 0.01, `${rate}`);
  ok(Math.abs(sojourn / duration / 10 - 1) < 0.02, `${sojourn / duration}`);
});

Deno.test("a scenario's rate begins at the scenario's own start and ends with its duration", async () => {
  const times: number[] = [];
  await simulate({
    config: route(0),
    scenarios: {
      s: {
        executor: "arrival-rate",
        arrivals: "uniform",
        start: "5s",
        rate: { ramp: { from: 0, to: 100, over: "1s" } },
        duration: "1s",
        requests: [{ path: "/" }],
      },
    },
    observe: ({ arrival }) => times.push(arrival),
  });
  equal(times.length, 50);
  // The integral of 100 t per second is ½ after 0.1 s.
  ok(Math.abs(times[0] - 5100) < 1e-6);
});

Deno.test("gaps between Poisson arrivals are independent of their neighbours", async () => {
  const times: number[] = [];
  await simulate({
    config: route(0),
    scenarios: { s: poissonArrivals({ rate: 1000, requests: 100_000 }) },
    observe: ({ arrival }) => times.push(arrival),
  });
  const gaps = times.map((time, i) => time - (times[i - 1] ?? 0));
  const n = gaps.length - 1;
  let sum = 0;
  for (let i = 0; i < n; i++) sum += (gaps[i] - 1) * (gaps[i + 1] - 1);
  ok(Math.abs(sum / Math.sqrt(n)) < 3.29);
});
