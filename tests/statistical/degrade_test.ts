// Runs without the profiler: computes much.
/** Degradation models against their closed forms, in virtual time and with fixed seeds. */
import { equal, ok } from "node:assert/strict";
import type { Exchange } from "../../core/plugin.ts";
import queueing from "../reference/queueing.json" with { type: "json" };
import { goodness, KS_CRITICAL } from "./_goodness.ts";
import { type Setting, simulated } from "../plugins/degrade/degrading.ts";
import {
  closedUsers,
  poissonArrivals,
  type Scenario,
} from "../support/simulation.ts";

interface Means {
  readonly response: number;
  readonly service: number;
  readonly degradation: number;
  /** Answers per second. */
  readonly throughput: number;
}

/** Sends requests to a route and averages over those answered after a start-up phase. */
async function means(
  setting: Omit<Setting, "routes"> & { readonly route: object },
  load: (requests: number) => Scenario,
  requests: number,
): Promise<Means> {
  const skipped = requests / 10;
  const sums = { response: 0, service: 0, degradation: 0 };
  let seen = 0;
  let from = 0;
  let to = 0;
  await simulated({ ...setting, routes: [{ path: "/", ...setting.route }] }, {
    scenarios: { load: load(requests) },
    observe(x: Exchange) {
      equal(x.outcome, "answered");
      if (seen++ < skipped) {
        from = x.end;
        return;
      }
      to = x.end;
      sums.response += x.end - x.arrival;
      sums.service += x.service;
      sums.degradation += x.degradation;
    },
  });
  const counted = seen - skipped;
  return {
    response: sums.response / counted,
    service: sums.service / counted,
    degradation: sums.degradation / counted,
    throughput: counted / (to - from) * 1000,
  };
}

/** Poisson arrivals at an average rate. */
function poisson(rate: number): (requests: number) => Scenario {
  return (requests) => poissonArrivals({ rate, requests });
}

/** Requests of a number of users without think time. */
function users(count: number): (requests: number) => Scenario {
  return (requests) => closedUsers({ users: count, requests });
}

function within(actual: number, expected: number, relative: number): void {
  ok(
    Math.abs(actual / expected - 1) <= relative,
    `${actual} is not within ${relative} of ${expected}`,
  );
}

const SERVICES: readonly [name: string, distribution: unknown][] = [
  ["constant", "10ms"],
  ["exponential", { exponential: { mean: "10ms" } }],
  ["lognormal", { lognormal: { mean: "10ms", sd: "10ms" } }],
];

for (const [name, serviceTime] of SERVICES) {
  for (const rho of [0.3, 0.75]) {
    Deno.test(`processor sharing by the requests in service has the mean of M/G/1-PS: ${name}, ρ = ${rho}`, async () => {
      const { response } = await means(
        { route: { serviceTime, degrade: { model: "processor-sharing" } } },
        poisson(100 * rho),
        // The deviation of the mean grows without bound towards ρ = 1.
        rho > 0.5 ? 600_000 : 200_000,
      );
      within(response, 10 / (1 - rho), 0.02);
    });
  }
}

Deno.test("processor sharing by a signal of ρ is S / (1 − ρ) for every request", async () => {
  const { response } = await means(
    {
      route: {
        serviceTime: "50ms",
        degrade: { model: "processor-sharing", input: 0.75 },
      },
    },
    poisson(10),
    1000,
  );
  within(response, 200, 1e-9);
});

for (const { c, lambda, mu, meanWaitMs } of queueing.mmc) {
  const rho = lambda / (c * mu);
  Deno.test(`erlang-c by its load adds the mean wait of M/M/${c} at ρ = ${rho}`, async () => {
    // Many short requests, so that the load is known precisely. The reference's wait is in units of the service time.
    const { degradation, service } = await means(
      {
        route: {
          serviceTime: { exponential: { mean: "1ms" } },
          degrade: { model: "erlang-c", input: "load", servers: c },
        },
      },
      poisson(1000 * c * rho),
      400_000,
    );
    within(service, 1, 0.01);
    within(degradation, meanWaitMs * mu / 1000, rho > 0.85 ? 0.06 : 0.03);
  });
}

for (const { gamma, alpha, beta, N, throughput, responseMs } of queueing.usl) {
  Deno.test(`usl holds ${N} users to the throughput of the reference`, async () => {
    const figures = await means(
      {
        route: {
          serviceTime: { exponential: { mean: `${1000 / gamma}ms` } },
          degrade: { model: "usl", contention: alpha, coherency: beta },
        },
      },
      users(N),
      200_000,
    );
    within(figures.response, responseMs, 0.01);
    within(figures.throughput, throughput, 0.01);
  });
}

Deno.test("gc-pause adds the reference's delay: requests in service and new requests wait for its end", async () => {
  const { heapCycleUptimeMs, pauseMs, serviceMs, meanExtraMs } =
    queueing.gcPause;
  const perSecond = 2000;
  const requests = (heapCycleUptimeMs + pauseMs) / 1000 * perSecond;
  const { degradation } = await means(
    {
      route: {
        serviceTime: serviceMs,
        degrade: {
          model: "gc-pause",
          perRequest: 1000,
          heap: 1000 * requests,
          pause: pauseMs,
        },
      },
    },
    poisson(perSecond),
    30 * requests,
  );
  within(degradation, meanExtraMs, 0.02);
});

for (
  const { k, rate, service, longest, requests } of [
    { k: 200, rate: 1000, service: 20, longest: 20, requests: 1_000_000 },
    // A fifth, and six sevenths, of the mean is that of the request that fills the heap.
    { k: 50, rate: 20, service: 200, longest: 40, requests: 1_000_000 },
    { k: 5, rate: 1, service: 100, longest: 200, requests: 200_000 },
  ]
) {
  Deno.test(`gc-pause with random pauses adds (E[P²] / 2 + E[S]·E[P]) / cycle + E[P] / k: k = ${k}`, async () => {
    const { degradation } = await means(
      {
        route: {
          serviceTime: { exponential: { mean: service } },
          degrade: {
            model: "gc-pause",
            perRequest: 1000,
            // Not a whole number of requests.
            heap: 1000 * k - 500,
            pause: { uniform: { min: 0, max: longest } },
          },
        },
      },
      poisson(rate),
      requests,
    );
    const [pause, square] = [longest / 2, longest ** 2 / 3];
    const cycle = k / rate * 1000;
    const expected = (square / 2 + service * pause) / cycle + pause / k;
    within(degradation, expected, 0.03);
  });
}

/** Response times in ms of requests that arrived in one phase, and the number of requests without a response. */
interface Phase {
  readonly times: Float64Array;
  readonly unanswered: number;
}

/** Sends 500 requests a second with exponential service times of 10 ms, and groups the results by phase of arrival. */
async function phases(
  setting: Omit<Setting, "routes"> & { readonly degrade: object },
  bounds: readonly (readonly [from: number, to: number])[],
  ended: (exchange: Exchange) => void = () => {},
): Promise<Phase[]> {
  const times: number[][] = bounds.map(() => []);
  const unanswered = bounds.map(() => 0);
  const duration = Math.max(...bounds.map(([, to]) => to));
  await simulated({
    ...setting,
    routes: [{
      path: "/",
      serviceTime: { exponential: { mean: "10ms" } },
      degrade: setting.degrade,
    }],
  }, {
    seed: 3,
    scenarios: {
      load: poissonArrivals({ rate: 500, requests: duration / 2 }),
    },
    observe(x: Exchange) {
      ended(x);
      bounds.forEach(([from, to], phase) => {
        if (x.arrival < from || x.arrival >= to) return;
        if (x.outcome === "answered") times[phase].push(x.end - x.arrival);
        else unanswered[phase]++;
      });
    },
  });
  return times.map((all, phase) => ({
    times: Float64Array.from(all),
    unanswered: unanswered[phase],
  }));
}

/** √n·D of response times compared with the undisturbed service times. */
function distance({ times }: Phase): number {
  return goodness(
    times,
    (x) => [-Math.expm1(-x / 10), Math.exp(-x / 10)],
  ).ks;
}

/** √(nm / (n + m))·D of two samples. */
function apart(a: Float64Array, b: Float64Array): number {
  a.sort();
  b.sort();
  let [i, j, d] = [0, 0, 0];
  while (i < a.length && j < b.length) {
    if (a[i] <= b[j]) i++;
    else j++;
    d = Math.max(d, Math.abs(i / a.length - j / b.length));
  }
  return d * Math.sqrt(a.length * b.length / (a.length + b.length));
}

const SECOND = 1000;

/** Quiet for 60 s, exhausted for 60 s, quiet again. */
const SURGE = {
  steps: [
    { at: "0s", value: 0 },
    { at: "60s", value: 0.97 },
    { at: "120s", value: 0 },
  ],
};

const BEFORE = [0, 60 * SECOND] as const;
const DURING = [60 * SECOND, 120 * SECOND] as const;
const AFTER = [120 * SECOND, 220 * SECOND] as const;

for (
  const degrade of [
    { model: "processor-sharing", input: SURGE },
    { model: "erlang-c", servers: 4, input: SURGE },
    { model: "usl", contention: 0.3, input: { product: [SURGE, 10] } },
    {
      model: "brown-out",
      input: SURGE,
      steps: [{ at: 0.5, until: 0.1, factor: 1.5 }, { at: 0.9, delay: "5ms" }],
    },
    {
      model: "leak",
      input: SURGE,
      exhaustion: { action: "refuse", at: 0.99, until: 0.5 },
    },
  ]
) {
  Deno.test(`${degrade.model}: after release response times are those before the pressure`, async () => {
    const [before, during, after] = await phases(
      { degrade },
      [BEFORE, DURING, AFTER],
    );
    ok(before.times.length > 25_000 && after.times.length > 45_000);
    ok(distance(before) < KS_CRITICAL, `before: ${distance(before)}`);
    ok(distance(during) > 3 * KS_CRITICAL, `during: ${distance(during)}`);
    ok(distance(after) < KS_CRITICAL, `after: ${distance(after)}`);
    equal(before.unanswered + after.unanswered, 0);
  });
}

Deno.test("exhaustion rejects all requests while it lasts, and none afterwards", async () => {
  const [before, during, after] = await phases(
    {
      degrade: {
        model: "none",
        input: SURGE,
        exhaustion: { action: "refuse", status: 507 },
      },
    },
    [BEFORE, DURING, AFTER],
  );
  equal(during.times.length, 0);
  equal(before.unanswered + after.unanswered, 0);
  ok(distance(after) < KS_CRITICAL, `after: ${distance(after)}`);
});

Deno.test("after a crash, its restart and its cold start, response times are those before it", async () => {
  const [before, down, cold, after] = await phases(
    {
      degrade: {
        model: "none",
        input: {
          steps: [{ at: 0, value: 0 }, { at: "60s", value: 1 }, {
            at: "61s",
            value: 0,
          }],
        },
        exhaustion: {
          action: "crash",
          restart: "10s",
          coldStart: { factor: 4, over: "50s" },
        },
      },
    },
    [
      [0, 59 * SECOND],
      [60.1 * SECOND, 70 * SECOND],
      [70.1 * SECOND, 120 * SECOND],
      [120.1 * SECOND, 220 * SECOND],
    ],
  );
  ok(distance(before) < KS_CRITICAL, `before: ${distance(before)}`);
  equal(down.times.length, 0);
  equal(cold.unanswered + after.unanswered, 0);
  ok(distance(cold) > 3 * KS_CRITICAL, `cold: ${distance(cold)}`);
  ok(distance(after) < KS_CRITICAL, `after: ${distance(after)}`);
});

Deno.test("after a scenario of real stress has released its memory, response times are those before it", async () => {
  let held = 0;
  const setting = {
    pressure: { memory: () => held, exhausted: () => held > 0.9 },
    degrade: {
      model: "processor-sharing",
      input: "stress:memory",
      exhaustion: { action: "refuse", at: 0.95, until: 0.5 },
    },
  };
  // The memory held by the scenario changes with the clock, which the requests read.
  const scenario = ({ arrival }: Exchange) => {
    held = arrival < DURING[0] || arrival >= DURING[1] - 2 * SECOND
      ? 0
      : arrival < 90 * SECOND
      ? 0.5
      : 0.97;
  };
  const [before, slow, full, after] = await phases(
    setting,
    [
      [0, DURING[0] - SECOND],
      [DURING[0] + 2 * SECOND, 89 * SECOND],
      [92 * SECOND, DURING[1] - 4 * SECOND],
      AFTER,
    ],
    scenario,
  );
  ok(distance(before) < KS_CRITICAL, `before: ${distance(before)}`);
  ok(distance(slow) > 3 * KS_CRITICAL, `slow: ${distance(slow)}`);
  equal(full.times.length, 0);
  equal(after.unanswered, 0);
  ok(distance(after) < KS_CRITICAL, `after: ${distance(after)}`);
});

for (
  const degrade of [
    { model: "processor-sharing", input: "in-flight" },
    { model: "usl", contention: 0.9 },
  ]
) {
  Deno.test(`${degrade.model}: after a rush response times are those of a day without it`, async () => {
    // 40 requests a second are ρ = 0.4; for 10 s there are 80.
    const quiet = poissonArrivals({ rate: 40, requests: 40_000 });
    const rush = {
      ...poissonArrivals({ rate: 40, requests: 400 }),
      start: 60 * SECOND,
    };
    const sample = async (scenarios: Readonly<Record<string, Scenario>>) => {
      const during: number[] = [];
      const after: number[] = [];
      await simulated({
        routes: [{
          path: "/",
          serviceTime: { exponential: { mean: "10ms" } },
          degrade,
        }],
      }, {
        seed: 5,
        scenarios,
        observe(x: Exchange) {
          const time = x.end - x.arrival;
          if (x.arrival >= 62 * SECOND && x.arrival < 70 * SECOND) {
            during.push(time);
          }
          if (x.arrival >= 80 * SECOND) after.push(time);
        },
      });
      return {
        during: Float64Array.from(during),
        after: Float64Array.from(after),
      };
    };
    const usual = await sample({ quiet });
    const rushed = await sample({ quiet, rush });
    ok(
      apart(usual.during, rushed.during) > KS_CRITICAL,
      `during: ${apart(usual.during, rushed.during)}`,
    );
    ok(
      apart(usual.after, rushed.after) < KS_CRITICAL,
      `after: ${apart(usual.after, rushed.after)}`,
    );
  });
}
