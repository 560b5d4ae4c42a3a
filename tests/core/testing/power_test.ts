import { equal, ok } from "node:assert/strict";
import { createStream } from "../../../core/lib/random/mod.ts";
import type { Distribution } from "../../../core/plugin.ts";
import { compareTimes, compileDistribution } from "../../../core/testing.ts";
import {
  noticeable,
  type PowerConditions,
  valuesFor,
} from "../../../core/testing/power.ts";

const KS = { p: undefined, level: 0.001, slack: 0 };

function conditions(more: Partial<PowerConditions> = {}): PowerConditions {
  return { tests: [KS], tolerance: 0, power: 0.9, ...more };
}

const exponential = await compileDistribution("exponential(mean=50ms)");
const WRITTEN: readonly unknown[] = [
  "exponential(mean=50ms)",
  "lognormal(median=120ms, p99=800ms)",
  { bimodal: { fast: "5ms", slow: "exponential(mean=100ms)", slowShare: 0.3 } },
  "uniform(min=10ms, max=20ms)",
];

/** Share of 200 sets with a factor on their times that compareTimes() refuses. */
async function refusedShare(
  distribution: Distribution,
  n: number,
  factor: number,
): Promise<number> {
  const stream = createStream([3, 5], "power");
  let refused = 0;
  for (let set = 0; set < 200; set++) {
    const times = Array.from(
      { length: n },
      (_, i) => factor * distribution.draw(stream, set * n + i),
    );
    const { follows } = await compareTimes(times, distribution);
    refused += Number(!follows);
  }
  return refused / 200;
}

for (const written of WRITTEN) {
  Deno.test(`A deviation that a report says it notices is refused as often as promised: ${JSON.stringify(written)}`, async () => {
    const distribution = await compileDistribution(written);
    const n = 200;
    const stream = createStream([1, 2], "report");
    const times = Array.from(
      { length: n },
      (_, i) => distribution.draw(stream, i),
    );
    const { notices, follows } = await compareTimes(times, distribution);
    equal(follows, true);
    const { slower, faster } = notices;
    ok(slower !== null && faster !== null);
    // Three standard deviations of a share of 200.
    const least = 0.9 - 3 * Math.sqrt(0.9 * 0.1 / 200);
    const longer = await refusedShare(distribution, n, 1 + slower);
    ok(longer >= least, `${slower} slower: ${longer}`);
    const shorter = await refusedShare(distribution, n, 1 / (1 + faster));
    ok(shorter >= least, `${faster} faster: ${shorter}`);
    // The promise is a lower bound, and no empty one: a third of the deviation is mostly not noticed.
    if (slower > 0.01) {
      ok(await refusedShare(distribution, n, 1 + slower / 3) < 0.9);
    }
  });
}

Deno.test("valuesFor() and noticeable() are inverse, in both directions", () => {
  for (const deviation of [0.5, 0.1, 0.03]) {
    const n = valuesFor(deviation, exponential, conditions()) ?? NaN;
    const found = (["slower", "faster"] as const).map((direction) =>
      noticeable(n, exponential, direction, conditions()) ?? NaN
    );
    const worst = Math.max(...found);
    ok(
      worst <= deviation * 1.02 && worst > deviation * 0.95,
      `${n} values for ${deviation}: ${found}`,
    );
  }
});

Deno.test("More values, a greater level and less power notice less deviation; a smaller one needs more values", () => {
  const of = (n: number, more?: Partial<PowerConditions>) =>
    noticeable(n, exponential, "slower", conditions(more)) ?? NaN;
  const base = of(500);
  ok(of(2000) < 0.6 * base);
  ok(of(500, { tests: [{ ...KS, level: 0.05 }] }) < base);
  ok(of(500, { power: 0.5 }) < base);
  const needed = [0.4, 0.2, 0.1].map((deviation) =>
    valuesFor(deviation, exponential, conditions()) ?? NaN
  );
  ok(needed[0] < needed[1] && needed[1] < needed[2], `${needed}`);
  // The number grows with the inverse square of the deviation.
  ok(needed[2] / needed[1] > 3 && needed[2] / needed[1] < 5, `${needed}`);
});

Deno.test("A percentile of a few values notices longer times and no shorter ones", () => {
  const tests = [{ p: 0.99, level: 0.001, slack: 0 }];
  const of = (direction: "slower" | "faster") =>
    noticeable(50, exponential, direction, conditions({ tests }));
  ok((of("slower") ?? NaN) > 0.5);
  equal(of("faster"), null);
});

Deno.test("A deviation within the tolerance is noticed by no number of values", async () => {
  const constant = await compileDistribution("100ms");
  const within = conditions({ tolerance: 20 });
  equal(valuesFor(0.1, constant, within), null);
  ok((noticeable(10, constant, "slower", within) ?? NaN) > 0.2);
  const exact = conditions();
  ok((noticeable(100, constant, "slower", exact) ?? NaN) < 0.001);
  ok((noticeable(100, constant, "faster", exact) ?? NaN) < 0.001);
  equal(
    noticeable(1, constant, "slower", exact),
    null,
    "one value shows nothing",
  );
});

Deno.test("A distribution without quantiles has a power from its shares alone", () => {
  const { cdf, mean, draw } = exponential;
  const sampled = {
    ...exponential,
    quantile: undefined,
    survivalQuantile: undefined,
    cdf,
    mean,
    draw,
  };
  const whole = noticeable(500, exponential, "slower", conditions()) ?? NaN;
  const shares = noticeable(500, sampled, "slower", conditions()) ?? NaN;
  ok(shares < 1.3 * whole, `${shares}, ${whole}`);
  const tests = [{ p: 0.5, level: 0.001, slack: 0 }];
  equal(noticeable(500, sampled, "slower", conditions({ tests })), null);
});
