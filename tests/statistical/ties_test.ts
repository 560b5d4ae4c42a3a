// Runs without the profiler: computes much.
/** Quantiles and probabilities at ties: where a probability is that of an atom or a gap. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { compile } from "../plugins/distributions/_compile.ts";
import { continuous, discrete, searched } from "./_cases.ts";
import { atomAt, lattices, totalOf } from "./_lattices.ts";

const RUN = { seed: 20_261_128, numRuns: 15 };

/** Numbers of equal parts of 1 whose fractions people ask for. */
const PARTS = [8, 10, 100, 200];

for (const [name, arbitrary] of Object.entries(lattices)) {
  Deno.test(`Quantiles of a ${name} are the smallest times that reach any fraction, from either end`, () => {
    fc.assert(
      fc.property(arbitrary, ({ atoms, written }) => {
        const { quantile, survivalQuantile } = compile(written);
        for (const parts of [...PARTS, totalOf(atoms)]) {
          for (let of = 1; of < parts; of++) {
            const wanted = atomAt(atoms, { of, parts });
            const place = `at ${of}/${parts}`;
            assertClose(quantile?.(of / parts), wanted, place);
            assertClose(survivalQuantile?.(1 - of / parts), wanted, place);
            assertClose(
              survivalQuantile?.((parts - of) / parts),
              wanted,
              place,
            );
          }
        }
      }),
      RUN,
    );
  });

  Deno.test(`Probabilities of a ${name} are its fractions at every atom, and add up to 1 there and beside`, () => {
    fc.assert(
      fc.property(arbitrary, ({ atoms, written }) => {
        const distribution = compile(written);
        const total = totalOf(atoms);
        let below = 0;
        for (const { x, weight } of atoms) {
          const beside = x * (1 - 1e-9) - 1e-9;
          assertShare(distribution.cdf(beside), below / total, `below ${x}`);
          assertSum(distribution, beside);
          below += weight;
          assertShare(distribution.cdf(x * (1 + 1e-14)), below / total, `${x}`);
          assertSum(distribution, x);
          assertSum(distribution, x + 1e-9);
        }
      }),
      RUN,
    );
  });

  Deno.test(`Mean and standard deviation of a ${name} are those of its atoms`, () => {
    fc.assert(
      fc.property(arbitrary, ({ atoms, written }) => {
        const distribution = compile(written);
        const total = totalOf(atoms);
        const mean = atoms.reduce((sum, { x, weight }) => sum + x * weight, 0) /
          total;
        const variance = atoms.reduce(
          (sum, { x, weight }) => sum + (x - mean) ** 2 * weight,
          0,
        ) / total;
        const scale = Math.max(mean, Math.sqrt(variance));
        assert.ok(
          Math.abs(distribution.mean - mean) <= 1e-8 * scale,
          `${distribution.mean} is not ${mean}`,
        );
        const { standardDeviation } = distribution;
        assert.ok(
          Math.abs(standardDeviation ** 2 - variance) <= 1e-6 * scale ** 2,
          `${standardDeviation}² is not ${variance}`,
        );
      }),
      RUN,
    );
  });
}

for (const { name, written } of [...continuous, ...searched, ...discrete]) {
  Deno.test(`No time shorter than a quantile of ${name} reaches its probability, not even by rounding`, () => {
    const { quantile = () => NaN, ...distribution } = compile(written);
    const atoms = Array.from(
      { length: 50 },
      (_, i) => distribution.cdf(quantile((i + 0.5) / 50)),
    ).filter((u) => u < 1);
    for (const u of [...fractions(200), ...fractions(1000), ...atoms]) {
      const x = quantile(u);
      assert.ok(
        distribution.cdf(x * (1 + 1e-13)) >= u - 1e-12,
        `${x} at ${u}`,
      );
      const shorter = distribution.cdf(x * (1 - 1e-6) - Number.MIN_VALUE);
      assert.ok(shorter < u - 2 ** -52 * u, `${shorter} before ${x} at ${u}`);
    }
  });
}

for (
  const written of [
    { normal: { mean: 100, sd: 10, max: 20 } },
    { normal: { mean: 100, sd: 10, min: 180 } },
    { normal: { mean: 100, sd: 10, min: 99.9, max: 100.1 } },
    { normal: { mean: 100, sd: 10, max: 150 } },
    { normal: { mean: 0, sd: 10, min: 80, max: 81 } },
    { truncate: { max: 1, of: { exponential: { mean: 1e6 } } } },
    { truncate: { min: 900, max: 901, of: { exponential: { mean: 30 } } } },
    { truncate: { min: 5, max: 12, of: { poisson: { mean: 10 } } } },
    { truncate: { max: 2, of: { poisson: { mean: 40 } } } },
    { truncate: { min: 90, of: { poisson: { mean: 40 } } } },
    { clamp: { max: 12, of: { poisson: { mean: 10 } } } },
    { clamp: { min: 20, max: 100, of: { exponential: { mean: 50 } } } },
    { clamp: { max: 20, of: { normal: { mean: 100, sd: 10 } } } },
    { shift: { by: -20, of: { exponential: { mean: 50 } } } },
  ]
) {
  Deno.test(`Probabilities of ${JSON.stringify(written)} add up to 1 everywhere, and rise from 0 to 1`, () => {
    const { quantile = () => NaN, ...distribution } = compile(written);
    const [from, to] = [quantile(1e-9), quantile(1 - 1e-9)];
    const width = to - from;
    let before = 0;
    for (let i = -20; i <= 220; i++) {
      const x = from + i / 200 * width;
      assertSum(distribution, x);
      const below = distribution.cdf(x);
      assert.ok(below >= before && below <= 1, `${below} at ${x}`);
      before = below;
    }
    assert.ok(before > 1 - 1e-8);
  });
}

// mpmath, 40 digits: (Φ(−8.1) − Φ(−10)) / (Φ(−8) − Φ(−10))
Deno.test("The probabilities of a normal distribution that is cut far below its mean are right", () => {
  const { cdf, survival } = compile({ normal: { mean: 100, sd: 10, max: 20 } });
  const ratio = 0.44172589056798928;
  assert.ok(Math.abs(cdf(19) - ratio) < 1e-12, `${cdf(19)}`);
  assert.ok(Math.abs(survival(19) - (1 - ratio)) < 1e-12, `${survival(19)}`);
});

Deno.test("Moments of a clamped Poisson distribution are those of the distribution", () => {
  for (let mean = 0.37; mean < 3000; mean *= 1.21) {
    const clamped = compile({
      clamp: { max: "1h", of: { poisson: { mean } } },
    });
    const error = Math.abs(clamped.mean / mean - 1);
    assert.ok(error < 1e-8, `mean ${clamped.mean}, not ${mean}`);
    const variance = clamped.standardDeviation ** 2;
    assert.ok(Math.abs(variance / mean - 1) < 1e-6, `${variance}, not ${mean}`);
  }
});

Deno.test("Moments of a Poisson distribution with thousands of atoms are right to a millionth", () => {
  const { mean, standardDeviation } = compile({
    clamp: { max: "1h", of: { poisson: { mean: 1_000_000 } } },
  });
  assert.ok(Math.abs(mean / 1_000_000 - 1) < 1e-6, `${mean}`);
  assert.ok(Math.abs(standardDeviation / 1000 - 1) < 1e-3);
});

function fractions(parts: number): readonly number[] {
  return Array.from({ length: parts - 1 }, (_, i) => (i + 1) / parts);
}

function assertClose(
  actual: number | undefined,
  wanted: number,
  place: string,
): void {
  assert.ok(
    actual !== undefined && Math.abs(actual - wanted) <= 1e-13 * wanted,
    `${actual} is not ${wanted} ${place}`,
  );
}

function assertShare(actual: number, wanted: number, place: string): void {
  assert.ok(
    Math.abs(actual - wanted) <= 1e-14,
    `${actual} is not ${wanted} at ${place}`,
  );
}

function assertSum(
  { cdf, survival }: {
    cdf(x: number): number;
    survival(x: number): number;
  },
  x: number,
): void {
  const sum = cdf(x) + survival(x);
  assert.ok(Math.abs(sum - 1) <= 1e-14, `${sum} at ${x}`);
}
