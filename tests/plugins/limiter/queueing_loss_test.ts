// Runs without the profiler: computes much.
/**
 * The limiter against closed forms: Erlang B and M/M/c/K. The expected figures are those of
 * tests/reference/queueing.json; tolerances follow the relative deviation of a simulation with as many arrivals. Seeds are fixed.
 * `observe` checks Little's law on the figures of every run.
 */
import { exponential, near, observe, poisson } from "./_queueing.ts";
import reference from "../../reference/queueing.json" with { type: "json" };

for (const { c, offeredLoad, loss } of reference.erlangB) {
  Deno.test(`M/M/${c}/${c} with offered load ${offeredLoad} loses the share given by Erlang B`, async () => {
    const found = await observe({
      c,
      serviceTime: exponential(100),
      ...poisson(
        offeredLoad * 10,
        offeredLoad === 3 || c > 10 ? 1_000_000 : 200_000,
      ),
    });
    // Rare losses come in bursts: over eight seeds the deviation is 1.3 % with 50 servers, far less with fewer.
    near(found.loss, loss, c > 10 ? 0.02 : 0.01);
  });
}

for (
  const [name, serviceTime] of [
    ["deterministic", "100ms"],
    ["lognormal", { lognormal: { mean: 100, sd: 130 } }],
  ] as const
) {
  Deno.test(`Erlang B depends on the mean service time only: ${name}`, async () => {
    const { c, offeredLoad, loss } = reference.erlangB[1];
    const found = await observe({
      c,
      serviceTime,
      ...poisson(offeredLoad * 10, 300_000),
    });
    near(found.loss, loss, 0.01);
  });
}

for (const { c, lambda, mu, K, ...expected } of reference.mmck) {
  Deno.test(`M/M/${c}/${K} at λ = ${lambda}: loss, wait, throughput and utilisation`, async () => {
    const found = await observe({
      c,
      queue: K - c,
      serviceTime: exponential(1000 / mu),
      ...poisson(lambda, 400_000),
    });
    near(found.loss, expected.loss, 0.02, "loss");
    near(found.meanWait, expected.meanWaitAcceptedMs, 0.02, "mean wait");
    near(found.waited, expected.pWaitAccepted, 0.02, "probability of waiting");
    near(found.throughput, expected.throughput, 0.02, "throughput");
    near(found.utilisation, expected.utilisation, 0.02, "utilisation");
  });
}
