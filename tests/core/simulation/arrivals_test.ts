import { deepEqual, equal, ok } from "node:assert/strict";
import { constant } from "../../../core/lib/signals/mod.ts";
import { simulate } from "../../../core/simulation/mod.ts";
import type { Exchange, Signal } from "../../../core/plugin.ts";
import { signal } from "../lib/signals/_signals.ts";
import { open, route } from "./_traffic.ts";

/** When the exchanges of an open source arrive. */
async function arrivals(
  rate: Signal,
  kind: "uniform" | "poisson",
  { duration = 100_000, seed = 1 } = {},
): Promise<number[]> {
  const times: number[] = [];
  const observe = ({ arrival }: Exchange) => times.push(arrival);
  await simulate(route(), {
    seed,
    duration,
    sources: [open({ rate, arrivals: kind, observe })],
  });
  return times;
}

Deno.test("Uniform arrivals of a constant rate come at equal distances, the first after one", async () => {
  deepEqual(await arrivals(constant(100), "uniform", { duration: 50 }), [
    10,
    20,
    30,
    40,
  ]);
});

Deno.test("Uniform arrivals are those of the rate's integral, to less than one", async () => {
  const rate = signal({
    sum: [
      { ramp: { from: 10, to: 90, over: "30s" } },
      { sine: { mean: 0, amplitude: 60, period: "7s" } },
    ],
  });
  const times = await arrivals(rate, "uniform");
  for (let t = 0; t <= 100_000; t += 617) {
    const come = times.filter((time) => time <= t).length;
    const expected = rate.integral(t) / 1000;
    ok(come <= expected + 1e-6 && come > expected - 1 - 1e-6, `${t}`);
  }
});

Deno.test("Arrivals end with a rate that falls to 0", async () => {
  const rate = signal({ ramp: { from: 10, to: 0, over: "2s" } });
  equal((await arrivals(rate, "uniform")).length, 10);
});

Deno.test("Poisson arrivals have exponential gaps (Kolmogorov–Smirnov)", async () => {
  const times = await arrivals(constant(1000), "poisson");
  const gaps = times.map((time, i) => time - (times[i - 1] ?? 0));
  ok(ks(gaps.map((gap) => -Math.expm1(-gap))) < 1.9495);
  // They are independent of each other: no correlation of neighbours.
  const n = gaps.length - 1;
  let sum = 0;
  for (let i = 0; i < n; i++) sum += (gaps[i] - 1) * (gaps[i + 1] - 1);
  ok(Math.abs(sum / Math.sqrt(n)) < 3.29);
});

Deno.test("Poisson arrivals of a changing rate are exponential in the rate's integral (Kolmogorov–Smirnov)", async () => {
  const rate = signal({
    product: [
      { sine: { mean: 500, amplitude: 450, period: "10s" } },
      { square: { low: 0, high: 2, period: "3s" } },
    ],
  });
  const times = await arrivals(rate, "poisson", { seed: 2 });
  const areas = times.map((time) => rate.integral(time) / 1000);
  const gaps = areas.map((area, i) => area - (areas[i - 1] ?? 0));
  ok(gaps.length > 40_000);
  ok(ks(gaps.map((gap) => -Math.expm1(-gap))) < 1.9495);
});

Deno.test("A source has a start and a duration of its own, and its rate begins with it", async () => {
  const times: number[] = [];
  const rate = signal({ ramp: { from: 0, to: 100, over: "1s" } });
  await simulate(route(), {
    duration: 10_000,
    sources: [open({
      rate,
      start: 5000,
      duration: 1000,
      observe: ({ arrival }) => times.push(arrival),
    })],
  });
  equal(times.length, 49);
  deepEqual(times[0], 5000 + rate.inverse(1000));
});

Deno.test("Arrivals beyond maxInFlight are dropped and counted", async () => {
  const { sources, routes } = await simulate(route("25ms"), {
    duration: 1000,
    sources: [open({ maxInFlight: 2 })],
  });
  // Of each three arrivals, 10 ms apart, the third finds both places taken.
  const { scheduled, started, dropped, answered } = sources.s;
  deepEqual([scheduled, started, dropped, answered], [99, 66, 33, 66]);
  equal(routes.r.arrivals, 66);
});

/** √n times the largest distance of an empirical distribution from the uniform one. */
function ks(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const n = sorted.length;
  let distance = 0;
  for (const [i, value] of sorted.entries()) {
    distance = Math.max(distance, (i + 1) / n - value, value - i / n);
  }
  return Math.sqrt(n) * distance;
}
