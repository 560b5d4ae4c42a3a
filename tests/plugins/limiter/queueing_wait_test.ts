// Runs without the profiler: computes much.
/**
 * The limiter against closed forms: Erlang C, Pollaczek–Khinchine, the machine-repairman model. The expected figures are those of
 * tests/reference/queueing.json; tolerances follow the relative deviation of a simulation with as many arrivals. Seeds are fixed.
 * `observe` checks Little's law on the figures of every run.
 */
import { closedUsers } from "../../support/simulation.ts";
import { exponential, near, observe, poisson, SPEED } from "./_queueing.ts";
import reference from "../../reference/queueing.json" with { type: "json" };

for (const { c, lambda, mu, ...expected } of reference.mmc) {
  const rho = lambda / (c * mu);
  Deno.test(`M/M/${c} at ρ = ${rho} has the mean wait of Erlang C`, async () => {
    const found = await observe({
      c,
      queue: "unbounded",
      serviceTime: exponential(1000 / mu),
      ...poisson(lambda, rho <= 0.75 ? 700_000 : 500_000),
    });
    // The deviation of a mean wait grows without bound towards ρ = 1.
    const tolerance = rho <= 0.75 ? 0.03 : 0.06;
    near(found.waited, expected.pWait, tolerance, "probability of waiting");
    near(found.meanWait, expected.meanWaitMs, tolerance, "mean wait");
    near(found.p95Wait, expected.p95WaitMs, tolerance, "95th percentile");
    near(found.meanSojourn, expected.meanSojournMs, tolerance, "mean sojourn");
    near(found.utilisation, rho, 0.01, "utilisation");
  });
}

const SERVICE: Readonly<Record<string, unknown>> = {
  deterministic: "10ms",
  "erlang-3": { erlang: { k: 3, mean: 10 } },
  "uniform(0,20ms)": { uniform: { min: 0, max: 20 } },
  exponential: exponential(10),
  "lognormal sigma=1": { lognormal: { mu: Math.log(10) - 0.5, sigma: 1 } },
};

for (const { service, lambda, meanWaitMs } of reference.mg1) {
  Deno.test(`M/G/1 with ${service} service at λ = ${lambda} has the mean wait of the Pollaczek–Khinchine formula`, async () => {
    const found = await observe({
      c: 1,
      queue: "unbounded",
      serviceTime: SERVICE[service],
      ...poisson(lambda, /^(exp|logn)/.test(service) ? 700_000 : 300_000),
    });
    near(found.meanWait, meanWaitMs, lambda > 80 ? 0.06 : 0.04);
  });
}

/** All disciplines that ignore service times have the same mean wait; the variance differs. */
for (const discipline of ["lifo", "random", "priority"] as const) {
  Deno.test(`M/M/4 has the same mean wait with ${discipline}`, async () => {
    const { c, lambda, mu, meanWaitMs } = reference.mmc[2];
    const found = await observe({
      c,
      queue: "unbounded",
      pool: { discipline },
      serviceTime: exponential(1000 / mu),
      ...poisson(lambda, 300_000),
    });
    near(found.meanWait, meanWaitMs, 0.06);
  });
}

for (const { users, c, thinkMs, serviceMs, ...expected } of reference.closed) {
  Deno.test(`${users} users before ${c} servers: throughput and sojourn of the closed network`, async () => {
    const requests = 200_000;
    const found = await observe({
      c,
      queue: "unbounded",
      serviceTime: exponential(serviceMs),
      load: closedUsers({
        users,
        requests,
        think: exponential(thinkMs / SPEED),
      }),
      requests,
    });
    near(found.throughput, expected.throughput, 0.01, "throughput");
    near(found.meanSojourn, expected.meanSojournMs, 0.02, "sojourn");
  });
}
