import { deepEqual, equal, ok } from "node:assert/strict";
import { createStream } from "../../../core/lib/random/mod.ts";
import {
  justBelow,
  ksCritical,
  ksTest,
  quantileTest,
} from "../../../core/testing/goodness.ts";

const STREAM = createStream([7, 21], "goodness");

/** Uniform numbers of one set. */
function uniforms(set: number, n: number): number[] {
  return Array.from({ length: n }, (_, i) => STREAM.uniform(set * 10_000 + i));
}

const exponential = {
  cdf: (x: number) => x <= 0 ? 0 : -Math.expm1(-x / 50),
  quantile: (u: number) => -50 * Math.log1p(-u),
};

/** 4 ms nine times in ten, else 400 ms. */
const atoms = {
  cdf: (x: number) => x < 4 ? 0 : x < 400 ? 0.9 : 1,
  quantile: (u: number) => u <= 0.9 ? 4 : 400,
};

function draws(
  { quantile }: { readonly quantile: (u: number) => number },
  set: number,
  n: number,
): Float64Array {
  return Float64Array.from(uniforms(set, n), quantile).sort();
}

Deno.test("justBelow() is less than the time, by rounding only", () => {
  for (const x of [-3, 0, 1e-300, 0.1, 120, 1e9]) {
    ok(justBelow(x) < x, `${x}`);
    ok(justBelow(x) >= x - Math.abs(x) * 1e-15 - 1e-300, `${x}`);
  }
});

Deno.test("ksTest() finds the largest distance, as a comparison at every time does", () => {
  for (const source of [exponential, atoms]) {
    for (let set = 0; set < 20; set++) {
      const sorted = draws(source, set, 37);
      const { distance, at, measured, expected } = ksTest(sorted, source, {
        level: 0.01,
        tolerance: 0,
      });
      let largest = 0;
      for (const x of sorted) {
        for (const t of [justBelow(x), x]) {
          const share = sorted.filter((y) => y <= t).length / 37;
          largest = Math.max(largest, Math.abs(share - source.cdf(t)));
        }
      }
      ok(Math.abs(distance - largest) < 1e-12, `${distance}, ${largest}`);
      ok(Math.abs(Math.abs(measured - expected) - distance) < 1e-12);
      ok(sorted.includes(at));
    }
  }
});

Deno.test("ksTest() grants a tolerance to each value, in both directions", () => {
  const late = Float64Array.from([120.4, 120.9]);
  const early = Float64Array.from([119.2, 119.9]);
  const constant = { cdf: (x: number) => x < 120 ? 0 : 1 };
  for (const sorted of [late, early]) {
    const of = (tolerance: number) =>
      ksTest(sorted, constant, { level: 0.01, tolerance }).distance;
    deepEqual([of(0), of(0.5), of(1)], [1, 0.5, 0]);
  }
});

Deno.test("ksTest() gives a chance of 1 at most, and figures at the first time where nothing differs", () => {
  const sorted = Float64Array.from([5, 5]);
  const { chance, distance, at, critical } = ksTest(sorted, {
    cdf: (x) => x < 5 ? 0 : 1,
  }, { level: 0.05, tolerance: 0 });
  deepEqual([chance, distance, at], [1, 0, 5]);
  equal(critical, ksCritical(2, 0.05));
  ok(Math.abs(ksCritical(100, 0.001) - 0.19495) < 1e-5);
});

Deno.test("quantileTest() counts the values above a percentile, and its chance is binomial", () => {
  const sorted = Float64Array.from({ length: 200 }, (_, i) => i + 0.5);
  const source = {
    cdf: (x: number) => x / 100,
    quantile: (u: number) => 100 * u,
  };
  const found = quantileTest(sorted, source, {
    p: 0.5,
    level: 0.01,
    tolerance: 0,
  });
  deepEqual(
    [found.expected, found.measured, found.above, found.p, found.level],
    [50, 99.5, 0.75, 0.5, 0.01],
  );
  ok(found.chance < 1e-10);
  const same = quantileTest(sorted.map((x) => x / 2), source, {
    p: 0.5,
    level: 0.01,
    tolerance: 0,
  });
  equal(same.chance, 1);
});

Deno.test("quantileTest() at a jump refuses too many and too few values at the atoms", () => {
  const times = (slow: number) =>
    Float64Array.from({ length: 1000 }, (_, i) => i < 1000 - slow ? 4 : 400);
  const chance = (slow: number) =>
    quantileTest(times(slow), atoms, { p: 0.9, level: 0.01, tolerance: 0 })
      .chance;
  equal(chance(100), 1);
  ok(chance(200) < 1e-10);
  // The 90th percentile is 4 ms: no value below it is expected, so that too few slow ones show at a greater percentile only.
  equal(chance(0), 1);
  equal(
    quantileTest(times(0), atoms, { p: 0.95, level: 0.01, tolerance: 0 })
      .chance < 1e-10,
    true,
  );
});

for (const [name, source] of Object.entries({ exponential, atoms })) {
  Deno.test(`Of sets from a distribution (${name}), no more are refused than the level says, whatever their size`, () => {
    const level = 0.05;
    for (const n of [5, 40, 300]) {
      const sets = 1000;
      let refused = { ks: 0, quantile: 0 };
      for (let set = 0; set < sets; set++) {
        const sorted = draws(source, set, n);
        const { distance, critical } = ksTest(sorted, source, {
          level,
          tolerance: 0,
        });
        const { chance } = quantileTest(sorted, source, {
          p: 0.9,
          level,
          tolerance: 0,
        });
        refused = {
          ks: refused.ks + Number(distance > critical),
          quantile: refused.quantile + Number(chance <= level),
        };
      }
      // Three standard deviations of the number that is expected at most.
      const most = sets * level + 3 * Math.sqrt(sets * level * (1 - level));
      ok(refused.ks <= most, `${n}: ${refused.ks}`);
      ok(refused.quantile <= most, `${n}: ${refused.quantile}`);
    }
  });
}
