import assert from "node:assert/strict";
import { complete } from "../../../core/distribution/complete.ts";
import { createStream } from "../../../core/lib/random/mod.ts";
import { assertIssue, compile, make, shapeOf } from "./_compile.ts";

/** A family that can only be sampled: the greater of two uniform numbers below 60 ms. */
const sampled = complete("sampled", {
  sample: (next) => 60 * Math.max(next(), next()),
  warnings: ["sampled only"],
});

Deno.test("mixture normalises its weights and has exact moments", () => {
  const mixture = compile({
    mixture: [{ weight: 3, of: "10ms" }, { weight: 1, of: "50ms" }],
  });
  assert.equal(mixture.mean, 20);
  assert.equal(mixture.standardDeviation, Math.sqrt(300));
  assert.equal(mixture.cdf(10), 0.75);
  assert.equal(mixture.survival(10), 0.25);
});

Deno.test("mixture's quantiles are exact at atoms and gaps", () => {
  const { quantile = () => NaN, survivalQuantile = () => NaN } = compile({
    mixture: [
      { weight: 3, of: "10ms" },
      { weight: 1, of: { uniform: { min: 50, max: 60 } } },
    ],
  });
  assert.deepEqual([0, 0.4, 0.75, 1].map(quantile), [10, 10, 10, 60]);
  assert.deepEqual([1, 0.6, 0.25, 0].map(survivalQuantile), [10, 10, 10, 60]);
  assert.ok(quantile(0.7501) > 50 && quantile(0.7501) < 50.01);
});

Deno.test("mixture draws with one uniform number, the same for the same sequence number", () => {
  const mixture = compile({
    bimodal: {
      fast: { bimodal: { fast: "1ms", slow: "2ms", slowShare: 0.5 } },
      slow: { uniform: { min: 50, max: 60 } },
      slowShare: 0.5,
    },
  });
  const counts = new Map<number, number>();
  for (let i = 0; i < 1000; i++) {
    const u = (i + 0.5) / 1000;
    const x = mixture.draw({ uniform: () => u }, 0);
    counts.set(Math.floor(x), (counts.get(Math.floor(x)) ?? 0) + 1);
    if (u > 0.5) assert.ok(Math.abs(x - (40 + 20 * u)) < 1e-9, `${x} at ${u}`);
  }
  assert.equal(counts.get(1), 250);
  assert.equal(counts.get(2), 250);
});

Deno.test("mixture never passes 0 or 1 to a component, whatever the remainder of the uniform number", () => {
  const mixture = compile({
    mixture: Array.from({ length: 10 }, () => ({
      weight: 0.1,
      of: { exponential: { mean: 10 } },
    })),
  });
  for (
    const u of [2 ** -53, 0.1, 0.2, 0.30000000000000004, 0.9, 1 - 2 ** -53]
  ) {
    const x = mixture.draw({ uniform: () => u }, 0);
    assert.ok(x > 0 && x < Infinity, `${x} at ${u}`);
  }
});

Deno.test("mixture has infinite moments if a component has", () => {
  const heavy = (alpha: number) =>
    compile({
      bimodal: {
        fast: "1ms",
        slow: { pareto: { alpha, min: 10 } },
        slowShare: 0.1,
      },
    });
  assert.equal(heavy(1).mean, Infinity);
  assert.equal(heavy(1).standardDeviation, Infinity);
  assert.ok(heavy(1.5).mean < Infinity);
  assert.equal(heavy(1.5).standardDeviation, Infinity);
});

Deno.test("A component of weight 0 has no effect, not even on moments and warnings", () => {
  const mixture = compile({
    mixture: [
      { weight: 0, of: { pareto: { alpha: 0.5, min: 1 } } },
      { weight: 2, of: "5ms" },
    ],
  });
  assert.equal(mixture.mean, 5);
  assert.deepEqual(mixture.warnings, []);
});

Deno.test("mixture keeps the sampling and the warnings of its components", () => {
  const mixture = make("mixture", [
    { weight: 1, of: sampled },
    { weight: 1, of: compile("20ms") },
  ]);
  assert.equal(mixture.quantile, undefined);
  assert.equal(mixture.estimated, true);
  assert.deepEqual(mixture.warnings, ["sampled only"]);
  assert.ok(Math.abs(mixture.mean - 30) < 0.3, `${mixture.mean}`);
  const stream = createStream([1, 1], "service");
  assert.equal(mixture.draw(stream, 5), mixture.draw(stream, 5));
});

Deno.test("mixture refuses negative weights, weights of 0 alone, and no components", () => {
  const part = (weight: number) => ({ weight, of: "1ms" });
  assertIssue({ mixture: [part(-1), part(1)] }, "/0/weight", /at least 0/);
  assertIssue({ mixture: [part(0), part(0)] }, "", /sum above 0, received 0/);
  assertIssue({ mixture: [part(1e308), part(1e308)] }, "", /finite sum/);
  assertIssue({ mixture: [] }, "", /at least 1/);
});

Deno.test("mixture reports an error of a component with its path", () => {
  assertIssue(
    { mixture: [{ weight: 1, of: { normal: { mean: 1, sd: -1 } } }] },
    "/0/of/normal/sd",
    /greater than 0/,
  );
});

Deno.test("bimodal accepts shares of 0 and 1", () => {
  const shape = (slowShare: number) =>
    shapeOf("bimodal", {
      fast: compile("1ms"),
      slow: compile("9ms"),
      slowShare,
    });
  assert.equal(shape(0).mean, 1);
  assert.equal(shape(1).mean, 9);
  assertIssue(
    { bimodal: { fast: "1ms", slow: "9ms", slowShare: 1.1 } },
    "/slowShare",
    /1/,
  );
});
