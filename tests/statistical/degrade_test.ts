/** Degradation models against their closed forms, in virtual time and with fixed seeds. */
import { equal, ok } from "node:assert/strict";
import type { Exchange } from "../../core/plugin.ts";
import type { Source } from "../../core/simulation/mod.ts";
import { constant } from "../../core/signals/mod.ts";
import queueing from "../reference/queueing.json" with { type: "json" };
import {
  type Setting,
  simulated,
} from "../plugins/resource_stress/degrade/degrading.ts";

interface Means {
  readonly response: number;
  readonly service: number;
  readonly degradation: number;
  /** Answers per second. */
  readonly throughput: number;
}

/** Sends requests to the route "r" and averages over those answered after a start-up phase. */
async function means(
  setting: Omit<Setting, "routes"> & { readonly route: object },
  source: Source,
  requests: number,
): Promise<Means> {
  await using simulation = await simulated({
    ...setting,
    routes: [{ id: "r", path: "/", ...setting.route }],
  });
  const skipped = requests / 10;
  const sums = { response: 0, service: 0, degradation: 0 };
  let seen = 0;
  let from = 0;
  let to = 0;
  await simulation.run({
    seed: 1,
    exchanges: requests,
    sources: [{
      ...source,
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
    }],
  });
  const counted = seen - skipped;
  return {
    response: sums.response / counted,
    service: sums.service / counted,
    degradation: sums.degradation / counted,
    throughput: counted / (to - from) * 1000,
  };
}

function poisson(rate: number): Source {
  return {
    name: "poisson",
    arrivals: "poisson",
    rate: constant(rate),
    targets: [{ route: "r" }],
  };
}

function users(count: number): Source {
  return {
    name: "users",
    users: count,
    think: { draw: () => 0 },
    targets: [{ route: "r" }],
  };
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
        200_000,
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
    // Many short requests, so that the load is known well: the wait is that of the reference in units of the service time.
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

Deno.test("gc-pause adds what the reference says: those in service and those who come wait for its end", async () => {
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

Deno.test("gc-pause with pauses by chance adds (E[P²] / 2 + E[S]·E[P]) / cycle", async () => {
  const requests = 200;
  const { degradation } = await means(
    {
      route: {
        serviceTime: { exponential: { mean: "20ms" } },
        degrade: {
          model: "gc-pause",
          perRequest: 1000,
          heap: 1000 * requests,
          pause: { uniform: { min: 0, max: "20ms" } },
        },
      },
    },
    poisson(1000),
    1_000_000,
  );
  const [pause, square, service, cycle] = [10, 400 / 3, 20, requests];
  // Beyond the formula, the request that fills the heap waits for the whole pause.
  within(
    degradation,
    (square / 2 + service * pause) / cycle + pause / requests,
    0.03,
  );
});
