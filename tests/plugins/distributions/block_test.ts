/** Times of a block in exact sampling. */
import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import type { Distribution } from "../../../core/plugin.ts";
import * as block from "../../../plugins/distributions/_block.ts";
import { continuous, searched } from "../../statistical/_cases.ts";
import { lattices, totalOf } from "../../statistical/_lattices.ts";
import { compile } from "./_compile.ts";

/** Further kinds of smooth distributions: heavy tails, peaks at 0, narrow ones, and mixtures. */
const SMOOTH: readonly Readonly<Record<string, unknown>>[] = [
  ...[...continuous, ...searched].map(({ written }) => written),
  ...[0.05, 0.3, 1, 2, 3].map((sigma) => ({
    lognormal: { median: 120, sigma },
  })),
  ...[1.05, 1.1, 1.5, 2, 4, 50].map((alpha) => ({
    pareto: { alpha, min: 10 },
  })),
  ...[0.1, 0.5, 1, 2, 20, 1000].map((shape) => ({
    gamma: { shape, scale: 15 },
  })),
  ...[0.3, 0.5, 1, 3, 100].map((shape) => ({ weibull: { shape, scale: 100 } })),
  ...[0, 1, 5, 9, 10].map((mode) => ({
    triangular: { min: 0, mode, max: 10 },
  })),
  { uniform: { min: 0, max: 1000 } },
  { normal: { mean: 10, sd: 20 } },
  { normal: { mean: 100, sd: 10, max: 20 } },
  { percentiles: { p50: 120, p90: 300, p95: 450, p99: 800 } },
  { percentiles: { p1: 10, p50: 100, p90: 100, p95: 200 } },
  { clamp: { min: 20, max: 100, of: { exponential: { mean: 50 } } } },
  { truncate: { min: 5000, of: { exponential: { mean: 50 } } } },
  {
    bimodal: {
      fast: "5ms",
      slow: { uniform: { min: 50, max: 90 } },
      slowShare: 0.2,
    },
  },
];

/** Percentiles that tools print, of which a block of 200 has whole ranks. */
const PRINTED = [
  ...[0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.66, 0.75, 0.8, 0.9],
  ...[0.95, 0.975, 0.98, 0.99, 0.995],
];

function blockValues(of: Distribution, size: number): Float64Array {
  ok(of.quantile);
  return block.blockValues(of.quantile, of, size);
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, x) => sum + x, 0) / values.length;
}

for (const written of SMOOTH) {
  const name = JSON.stringify(written).slice(0, 80);
  const distribution = compile(written);
  const { quantile = () => NaN, mean } = distribution;

  Deno.test(`A block of 200 has the mean and the percentiles of ${name}`, () => {
    for (const size of [100, 200, 1000]) {
      const values = blockValues(distribution, size);
      const error = meanOf(values) / mean - 1;
      ok(Math.abs(error) < 0.001, `${error} at ${size}`);
      for (const p of PRINTED) {
        const rank = p * size;
        if (!Number.isInteger(rank)) continue;
        equal(values[rank - 1], quantile(rank / size), `p${100 * p}`);
      }
    }
  });

  Deno.test(`Each time of a block of ${name} lies in the cell of its rank`, () => {
    for (const size of [2, 7, 8, 10, 200]) {
      const values = blockValues(distribution, size);
      values.forEach((x, rank) => {
        const place = `${x} at ${rank} of ${size}`;
        const least = rank === 0 ? 0 : quantile(rank / size);
        ok(x >= least * (1 - 1e-12), place);
        if (rank < size - 1) ok(x <= quantile((rank + 1) / size), place);
        else ok(x < Infinity, place);
      });
    }
  });
}

for (const [name, arbitrary] of Object.entries(lattices)) {
  Deno.test(`A block of a ${name} deals each atom as often as its share of the block, if that is a whole number`, () => {
    fc.assert(
      fc.property(
        arbitrary,
        fc.constantFrom(1, 2, 3),
        ({ atoms, written }, times) => {
          const size = times * totalOf(atoms);
          if (size < 2) return;
          const values = blockValues(compile(written), size);
          const wanted = atoms.flatMap(({ x, weight }) =>
            Array<number>(times * weight).fill(x)
          );
          values.forEach((x, rank) =>
            ok(Math.abs(x - wanted[rank]) <= 1e-13 * x, `${x} at ${rank}`)
          );
        },
      ),
      { seed: 17, numRuns: 10 },
    );
  });

  Deno.test(`A block of a ${name} deals each atom by its share of the block, to within one, and nothing else`, () => {
    fc.assert(
      fc.property(arbitrary, ({ atoms, written }) => {
        const values = blockValues(compile(written), 200);
        const total = totalOf(atoms);
        let left = values.length;
        for (const { x, weight } of atoms) {
          const count = values.filter((value) =>
            Math.abs(value - x) <= 1e-12 * x
          ).length;
          const share = 200 * weight / total;
          // A share of 10.5 from 0.75 on covers ten cells, and parts of two.
          ok(count > share - 2 && count < share + 2, `${count}, not ${share}`);
          left -= count;
        }
        equal(left, 0);
      }),
      { seed: 17, numRuns: 10 },
    );
  });
}

Deno.test("A block has the mean of measured times, however many there are", () => {
  for (const count of [77, 200, 400, 1000, 1001, 12_345]) {
    const values = Array.from(
      { length: count },
      (_, i) => -100 * Math.log1p(-(i + 0.5) / count),
    );
    const distribution = compile({ empirical: { values } });
    const dealt = blockValues(distribution, 200);
    const error = meanOf(dealt) / distribution.mean - 1;
    ok(Math.abs(error) < 0.001, `${error} of ${count}`);
    ok(dealt.every((x) => values.includes(x)), "only what was measured");
  }
});

Deno.test("A block has the mean of counts", () => {
  for (const mean of [0.5, 3, 10, 10.09, 137, 5000]) {
    const distribution = compile({ poisson: { mean } });
    const error = meanOf(blockValues(distribution, 200)) - mean;
    // Half a count of one rank.
    ok(Math.abs(error) <= 0.5 / 200 + 1e-9, `${error} of ${mean}`);
  }
});

Deno.test("A block whose share of an atom is no whole number has the nearest count", () => {
  const slow = (slowShare: number) =>
    blockValues(compile({ bimodal: { fast: 4, slow: 400, slowShare } }), 200)
      .filter((x) => x === 400).length;
  deepEqual([0.1, 0.102, 0.104, 0.111, 0.113].map(slow), [20, 21, 21, 22, 23]);
});

Deno.test("A block of a distribution with an infinite mean has its percentiles", () => {
  const distribution = compile({ pareto: { alpha: 0.9, min: 10 } });
  const values = blockValues(distribution, 200);
  for (const p of PRINTED) {
    equal(values[Math.round(p * 200) - 1], distribution.quantile?.(p));
  }
  equal(values[199], distribution.quantile?.(1 - 0.5 / 200));
  equal(new Set(values).size, 200);
});

Deno.test("A block whose ranks are all printed keeps them, and comes as near to the mean as its last rank allows", () => {
  const uniform = compile({ uniform: { min: 0, max: 1000 } });
  const values = blockValues(uniform, 4);
  deepEqual([...values.slice(0, 3)], [250, 500, 750]);
  ok(values[3] > 750 && values[3] < 775);
  const exponential = compile({ exponential: { mean: 30 } });
  const error = meanOf(blockValues(exponential, 10)) / 30 - 1;
  ok(Math.abs(error) < 0.001, `${error}`);
});
