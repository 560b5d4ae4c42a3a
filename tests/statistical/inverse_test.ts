import assert from "node:assert/strict";
import { compile } from "../plugins/distributions/_compile.ts";
import { continuous, discrete, searched } from "./_cases.ts";

const POINTS = 10_000;

for (const { name, written, probability } of [...continuous, ...searched]) {
  const {
    quantile = () => NaN,
    survivalQuantile = () => NaN,
    ...distribution
  } = compile(written);

  Deno.test(`cdf and quantile of ${name} are inverse to 1e-12, survival and its quantile too`, () => {
    for (let i = 0; i < 1000; i++) {
      const u = (i + 0.5) / 1000;
      assert.ok(
        Math.abs(distribution.cdf(quantile(u)) - u) <= 1e-12,
        `at ${u}`,
      );
      const v = 10 ** (-12 * u);
      const back = distribution.survival(survivalQuantile(v));
      assert.ok(Math.abs(back - v) <= 1e-12, `${back} at ${v}`);
    }
  });

  Deno.test(`Quantiles of ${name} agree with an independent cumulative distribution function`, () => {
    const independent = probability();
    for (const u of [1e-4, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.9999]) {
      const [below, above] = independent(quantile(u));
      assert.ok(Math.abs(below - u) < 1e-7, `${below} at ${u}`);
      assert.ok(Math.abs(above / (1 - u) - 1) < 1e-5, `${above} at 1 − ${u}`);
    }
  });
}

for (const { name, written } of [...continuous, ...searched, ...discrete]) {
  const {
    quantile = () => NaN,
    survivalQuantile = () => NaN,
    ...distribution
  } = compile(written);

  Deno.test(`Quantiles of ${name} never decrease, from either end`, () => {
    let before = 0;
    let beyond = Infinity;
    for (let i = 0; i < POINTS; i++) {
      const u = (i + 0.5) / POINTS;
      const x = quantile(u);
      assert.ok(x >= before, `${x} < ${before} at ${u}`);
      before = x;
      const y = survivalQuantile(u);
      assert.ok(y <= beyond, `${y} > ${beyond} at 1 − ${u}`);
      beyond = y;
    }
  });

  Deno.test(`Probabilities of ${name} lie in 0…1, never decrease and add up to 1`, () => {
    let before = 0;
    for (let i = -10; i < 1000; i++) {
      const x = i < 0 ? i : quantile((i + 0.5) / 1000);
      const below = distribution.cdf(x);
      assert.ok(below >= before - 1e-15 && below <= 1, `${below} at ${x}`);
      assert.ok(
        Math.abs(below + distribution.survival(x) - 1) < 1e-9,
        `at ${x}`,
      );
      before = below;
    }
    assert.equal(distribution.cdf(-1), 0);
    assert.equal(distribution.survival(-1), 1);
    assert.ok(Math.abs(distribution.cdf(Infinity) - 1) < 1e-12);
    assert.ok(distribution.survival(Infinity) < 1e-12);
  });

  Deno.test(`Quantiles of ${name} are the smallest times that reach their probability`, () => {
    for (let i = 0; i < 200; i++) {
      const u = (i + 0.371) / 200;
      const x = quantile(u);
      assert.ok(distribution.cdf(x * (1 + 1e-13)) >= u - 1e-12, `at ${u}`);
      assert.ok(
        distribution.cdf(x * (1 - 1e-12) - 1e-300) <= u + 1e-9,
        `at ${u}`,
      );
    }
  });
}
