import { deepEqual, equal, ok } from "node:assert/strict";
import { cellsOf } from "../../../../plugins/importer/statistics/durations.ts";
import { sumsOf } from "../../../../plugins/importer/statistics/estimates.ts";
import { PARAMETRIC } from "../../../../plugins/importer/statistics/families.ts";
import {
  andersonDarling,
  chanceOfAnderson,
  distanceOfCells,
  distanceOfPoints,
  distanceOfValues,
  likelihoodRatio,
  probabilityWithin,
} from "../../../../plugins/importer/statistics/goodness.ts";
import { compile, draws, tools } from "../_tools.ts";

const UNIFORM = compile({ uniform: { min: 0, max: 1 } });

Deno.test("distanceOfValues() is that of the definition, for single and equal durations", () => {
  equal(distanceOfValues(Float64Array.of(0.5), UNIFORM), 0.5);
  equal(distanceOfValues(Float64Array.of(0.25, 0.75), UNIFORM), 0.25);
  equal(distanceOfValues(Float64Array.of(0.5, 0.5), UNIFORM), 0.5);
  equal(distanceOfValues(Float64Array.of(0, 0, 1, 1), UNIFORM), 0.5);
  // A distribution with the same atoms does not differ.
  const empirical = compile({ empirical: { values: [1, 1, 2, 5] } });
  equal(distanceOfValues(Float64Array.of(1, 1, 2, 5), empirical), 0);
});

Deno.test("distanceOfCells() compares at boundaries, and not at Infinity", () => {
  const cells = cellsOf([
    { low: 0, high: 0.5, count: 1 },
    { low: 0.5, high: 0.75, count: 2 },
    { low: 0.75, high: Infinity, count: 1 },
  ]);
  equal(distanceOfCells(cells, UNIFORM), 0.25);
});

Deno.test("distanceOfPoints() takes percentiles with the same time as a jump", () => {
  const point = (probability: number, value: number) => ({
    probability,
    value,
  });
  equal(
    distanceOfPoints([point(0.5, 0.4), point(0.9, 0.95)], UNIFORM).toFixed(6),
    "0.100000",
  );
  const atom = compile({
    empirical: { values: [1, 2, 2, 2, 2, 2, 2, 2, 2, 3] },
  });
  equal(
    distanceOfPoints([point(0.2, 2), point(0.5, 2), point(0.8, 2)], atom),
    0,
  );
});

/** Probabilities of rejection that a level must have, for 1000 samples: four standard deviations. */
const LEVELS = [[0.25, 0.195, 0.305], [0.1, 0.062, 0.138], [
  0.05,
  0.022,
  0.078,
]];

const SHAPES: Readonly<Record<string, unknown>> = {
  exponential: { exponential: { mean: 3 } },
  lognormal: { lognormal: { mu: 1, sigma: 0.8 } },
  normal: { normal: { mean: 100, sd: 10 } },
  weibull: { weibull: { shape: 0.7, scale: 4 } },
  gamma: { gamma: { shape: 2.5, scale: 3 } },
};

for (const [name, written] of Object.entries(SHAPES)) {
  Deno.test(`A² of ${name} with estimated parameters is as improbable as its table says`, () => {
    const family = PARAMETRIC.find((one) => one.name === name);
    ok(family);
    const size = 60;
    const samples = 1000;
    const all = draws(written, size * samples, `levels of ${name}`);
    const chances = Array.from({ length: samples }, (_, i) => {
      const sorted = all.slice(i * size, (i + 1) * size).sort();
      const vector = family.likeliest(sumsOf(sorted));
      const parameters = family.parameters(vector);
      const ad = andersonDarling(sorted, compile({ [name]: parameters }));
      const chance = chanceOfAnderson(ad, size, {
        family: name,
        shape: parameters.shape,
      });
      // Estimates of shape below 1 have no table.
      return chance ?? { low: 0.5, high: 0.5 };
    });
    for (const [level, least, most] of LEVELS) {
      const share = chances.filter(({ high }) => high <= level).length /
        samples;
      ok(share >= least && share <= most, `at ${level}: ${share}`);
    }
  });
}

Deno.test("chanceOfAnderson() knows no bounds for few durations, small shapes and other families", () => {
  const bounds = (family: string, count = 100, shape?: number) =>
    chanceOfAnderson(0.7, count, {
      family,
      ...shape !== undefined && { shape },
    });
  equal(bounds("lognormal", 9), undefined);
  equal(bounds("pareto"), undefined);
  equal(bounds("gamma", 100, 0.5), undefined);
  equal(bounds("gamma"), undefined);
  deepEqual(bounds("gamma", 100, 1e6), { low: 0.05, high: 0.1 });
  deepEqual(bounds("gamma", 100, 1), { low: 0.05, high: 0.1 });
  deepEqual(bounds("weibull"), { low: 0.05, high: 0.1 });
  deepEqual(bounds("exponential"), { low: 0.25, high: 1 });
  deepEqual(chanceOfAnderson(9, 100, { family: "normal" }), {
    low: 0,
    high: 0.005,
  });
});

Deno.test("andersonDarling() is infinite where the distribution excludes a duration", () => {
  equal(
    andersonDarling(Float64Array.of(0.5, 2), UNIFORM),
    Infinity,
  );
});

Deno.test("likelihoodRatio() is 0 for exact counts, and that of its formula for others", () => {
  const cells = (counts: readonly number[]) =>
    cellsOf(counts.map((count, i) => ({
      low: i / 4,
      high: i === 3 ? Infinity : (i + 1) / 4,
      count,
    })));
  deepEqual(likelihoodRatio(cells([25, 25, 25, 25]), UNIFORM, 1), {
    statistic: 0,
    freedom: 2,
  });
  const { statistic = NaN } =
    likelihoodRatio(cells([30, 20, 30, 20]), UNIFORM, 1) ?? {};
  const expected = 4 * (30 * Math.log(1.2) + 20 * Math.log(0.8));
  ok(Math.abs(statistic - expected) < 1e-9, `${statistic}, not ${expected}`);
});

Deno.test("likelihoodRatio() takes cells with small counts together, and knows nothing of too few", () => {
  const tiny = cellsOf(
    Array.from({ length: 100 }, (_, i) => ({
      low: i / 100,
      high: (i + 1) / 100,
      count: 1,
    })),
  );
  equal(likelihoodRatio(tiny, UNIFORM, 2)?.freedom, 20 - 1 - 2);
  const two = cellsOf([
    { low: 0, high: 0.5, count: 10 },
    { low: 0.5, high: 1, count: 10 },
  ]);
  equal(likelihoodRatio(two, UNIFORM, 1), undefined);
  const far = compile({ uniform: { min: 5, max: 6 } });
  equal(
    likelihoodRatio(cellsOf([{ low: 0, high: 1, count: 1 }]), far, 1),
    undefined,
  );
  // A cell that the distribution expects, but that is empty, counts too.
  const gap = cellsOf([
    { low: 0, high: 0.2, count: 20 },
    { low: 0.8, high: 1, count: 20 },
    { low: 1, high: 2, count: 1 },
  ]);
  equal(likelihoodRatio(gap, UNIFORM, 0)?.freedom, 1);
});

Deno.test("probabilityWithin() keeps the digits of a far tail", () => {
  const exponential = compile({ exponential: { mean: 1 } });
  const p = probabilityWithin(exponential, 100, 101);
  const expected = Math.exp(-100) * -Math.expm1(-1);
  ok(Math.abs(p / expected - 1) < 1e-12, `${p}`);
  equal(probabilityWithin(exponential, 0, Infinity), 1);
  equal(
    probabilityWithin(exponential, 50, Infinity),
    exponential.survival(50),
  );
  equal(tools.families.has("exponential"), true);
});
