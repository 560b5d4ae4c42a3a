// Runs without the profiler: computes much.
import assert from "node:assert/strict";
import type { Distribution } from "../../core/plugin.ts";
import { createStream } from "../../core/lib/random/mod.ts";
import { families } from "../../plugins/distributions/families.ts";
import { compile } from "../plugins/distributions/_compile.ts";
import { continuous, discrete, searched } from "./_cases.ts";
import {
  AD_CRITICAL,
  CHI_SQUARE_CRITICAL,
  discreteKs,
  goodness,
  KS_CRITICAL,
} from "./_goodness.ts";

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];
const DRAWS = 100_000;

for (const { name, written, probability } of continuous) {
  Deno.test(`Draws of ${name} fit an independent cumulative distribution function`, () => {
    const distribution = compile(written);
    const independent = probability();
    for (const seed of SEEDS) {
      const fit = goodness(draw(distribution, seed, DRAWS), independent);
      assert.ok(fit.ks < KS_CRITICAL, `seed ${seed}: √n·D = ${fit.ks}`);
      assert.ok(fit.ad < AD_CRITICAL, `seed ${seed}: A² = ${fit.ad}`);
      assert.ok(
        fit.chiSquare < CHI_SQUARE_CRITICAL,
        `seed ${seed}: χ² = ${fit.chiSquare}`,
      );
    }
  });
}

for (const { name, written, probability } of discrete) {
  Deno.test(`Draws of ${name} fit independent probabilities, atoms included`, () => {
    const distribution = compile(written);
    const independent = probability();
    for (const seed of SEEDS) {
      const draws = draw(distribution, seed, DRAWS);
      const ks = discreteKs(draws, (x) => independent(x)[0]);
      assert.ok(ks < KS_CRITICAL, `seed ${seed}: √n·D = ${ks}`);
    }
  });
}

for (const { name, written, probability } of searched) {
  Deno.test(`A few draws of ${name} fit an independent cumulative distribution function`, () => {
    const draws = draw(compile(written), 1, 10_000);
    const fit = goodness(draws, probability());
    assert.ok(fit.ks < KS_CRITICAL, `√n·D = ${fit.ks}`);
    assert.ok(fit.ad < AD_CRITICAL, `A² = ${fit.ad}`);
  });
}

Deno.test("The cases cover every built-in family", () => {
  const covered = new Set(
    [...continuous, ...discrete].flatMap(({ written }) => Object.keys(written)),
  );
  assert.deepEqual(
    families.map(({ name }) => name).filter((name) => !covered.has(name)),
    [],
  );
});

// Power of the tests: they reject a sampler that is off by 2 %.
for (
  const name of [
    "normal",
    "exponential",
    "lognormal by median and p99",
    "bimodal",
    "weibull",
  ]
) {
  Deno.test(`The tests reject ${name} scaled by 2 %`, () => {
    const { written, probability } = continuous.find((c) => c.name === name) ??
      assert.fail(name);
    const draws = draw(compile(written), 1, 1_000_000);
    for (let i = 0; i < draws.length; i++) draws[i] *= 1.02;
    const fit = goodness(draws, probability());
    assert.ok(fit.ks > KS_CRITICAL, `√n·D = ${fit.ks}`);
    assert.ok(fit.ad > AD_CRITICAL, `A² = ${fit.ad}`);
  });
}

function draw(
  distribution: Distribution,
  seed: number,
  count: number,
): Float64Array {
  const stream = createStream([seed, 0], "goodness");
  return Float64Array.from(
    { length: count },
    (_, sequence) => distribution.draw(stream, sequence),
  );
}
