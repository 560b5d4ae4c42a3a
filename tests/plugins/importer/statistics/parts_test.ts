import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import type { PerfmockError } from "../../../../core/errors.ts";
import {
  DurationCollector,
  KEPT,
} from "../../../../plugins/importer/statistics/collector.ts";
import {
  durationIssues,
  type Durations,
} from "../../../../plugins/importer/statistics/durations.ts";
import { fitDurations } from "../../../../plugins/importer/statistics/fit.ts";
import { sumsOf } from "../../../../plugins/importer/statistics/estimates.ts";
import { PARAMETRIC } from "../../../../plugins/importer/statistics/families.ts";
import { probabilityWithin } from "../../../../plugins/importer/statistics/goodness.ts";
import {
  quantileOf,
  shapeOf,
} from "../../../../plugins/importer/statistics/measured.ts";
import { interpolated } from "../../../../plugins/importer/statistics/measured_values.ts";
import {
  minimise,
  minimiseWithin,
} from "../../../../plugins/importer/statistics/minimise.ts";
import {
  grouped,
  resolutionOf,
} from "../../../../plugins/importer/statistics/rounding.ts";
import { inMilliseconds } from "../../../../plugins/importer/statistics/unknown.ts";
import {
  isGoodEnough,
  reasonFor,
  shortfalls,
} from "../../../../plugins/importer/statistics/verdict.ts";
import {
  chanceInWords,
  fitInWords,
} from "../../../../plugins/importer/statistics/words.ts";
import { compile, draws, KNOWN, tools } from "../_tools.ts";

Deno.test("minimise() finds the minimum of Rosenbrock's valley, and of one number", () => {
  const [x, y] = minimise(
    ([x, y]) => (1 - x) ** 2 + 100 * (y - x * x) ** 2 + 1,
    [-1.2, 1],
  );
  ok(Math.abs(x - 1) < 1e-5 && Math.abs(y - 1) < 1e-5, `${x}, ${y}`);
  const [z] = minimise(([z]) => (z - 3) ** 4 + 2, [40]);
  ok(Math.abs(z - 3) < 1e-2, `${z}`);
  // Infinity keeps it within a range.
  const [edge] = minimise(([x]) => x < 1 ? Infinity : x + 1, [5]);
  ok(edge >= 1 && edge < 1.001, `${edge}`);
});

Deno.test("minimiseWithin() finds the minimum in a range, and at its ends", () => {
  ok(Math.abs(minimiseWithin((x) => (x - 0.3) ** 2, 0, 1) - 0.3) < 1e-7);
  ok(minimiseWithin((x) => x, 0, 1) < 1e-9);
  ok(minimiseWithin((x) => -x, 0, 1) > 1 - 1e-9);
});

Deno.test("resolutionOf() is the greatest power of ten of a ms that divides all durations", () => {
  equal(resolutionOf(Float64Array.of(1000, 3000, 0)), 1000);
  equal(resolutionOf(Float64Array.of(12, 30, 7)), 1);
  equal(resolutionOf(Float64Array.of(10, 30)), 10);
  equal(resolutionOf(Float64Array.of(0.3, 1.1)), 0.1);
  equal(resolutionOf(Float64Array.of(0.001, 12345.678)), 0.001);
  equal(resolutionOf(Float64Array.of(Math.PI)), 0);
});

Deno.test("grouped() counts in buckets where rounding matters only", () => {
  equal(grouped(Float64Array.of(3.14159265, 2.71828182)), undefined);
  equal(grouped(Float64Array.of(5, 5, 5)), undefined);
  const far = Float64Array.from({ length: 1000 }, (_, i) => 1000 + i);
  equal(grouped(far), undefined);
  deepEqual(grouped(Float64Array.of(0, 1, 1, 3)), [
    { low: 0, high: 0.5, count: 1 },
    { low: 0.5, high: 1.5, count: 2 },
    { low: 2.5, high: 3.5, count: 1 },
  ]);
  // Near, but with no spread that the step could show.
  ok(grouped(Float64Array.of(500, 500, 500, 501)));
  const zero = grouped(Float64Array.of(0, Math.PI, Math.E));
  equal(zero?.[0].low, 0);
  equal(zero?.reduce((sum, { count }) => sum + count, 0), 3);
});

Deno.test("interpolated() gives the definition 8 of Hyndman and Fan", () => {
  const sorted = Float64Array.of(1, 2, 3, 4, 5);
  equal(interpolated(sorted, 0.5), 3);
  ok(Math.abs(interpolated(sorted, 0.25) - (2 / 3 + 1)) < 1e-12);
  equal(interpolated(sorted, 0.001), 1);
  equal(interpolated(sorted, 0.999), 5);
});

Deno.test("DurationCollector keeps few durations, and counts many in buckets of 0.8 %", () => {
  const few = new DurationCollector();
  const values = draws(KNOWN.lognormal, 1000);
  for (const value of values) few.add(value);
  deepEqual(few.durations(), { kind: "values", values });
  equal(few.count, 1000);
  const many = new DurationCollector();
  const all = draws(KNOWN.lognormal, KEPT + 5000);
  for (const value of all) many.add(value);
  const durations = many.durations();
  equal(durations.kind, "buckets");
  equal(
    durations.kind === "buckets" &&
      durations.buckets.reduce((sum, { count }) => sum + count, 0),
    KEPT + 5000,
  );
  const fit = fitDurations(durations, tools);
  equal(fit.best.family, "lognormal");
  const [one, other] = [
    compile(fit.best.distribution),
    compile(KNOWN.lognormal),
  ];
  for (const u of [0.05, 0.5, 0.9, 0.99]) {
    ok(Math.abs(one.quantile(u) / other.quantile(u) - 1) < 0.015);
  }
});

Deno.test("DurationCollector keeps the rounding of many durations", () => {
  const collector = new DurationCollector();
  for (let i = 0; i < KEPT + 1000; i++) collector.add(i % 7);
  const durations = collector.durations();
  deepEqual(
    durations.kind === "buckets" &&
      durations.buckets.map(({ low, high }) => [low, high]),
    [[0, 0.5], ...[1, 2, 3, 4, 5, 6].map((i) => [i - 0.5, i + 0.5])],
  );
});

/** Messages of the errors in durations. */
function messages(durations: Durations): string[] {
  return durationIssues(durations).map(({ path, message }) =>
    `${path}: ${message}`
  );
}

Deno.test("durationIssues() lists all errors with their places", () => {
  deepEqual(messages({ kind: "values", values: new Float64Array() }), [
    ": There are no durations",
  ]);
  deepEqual(messages({ kind: "values", values: Float64Array.of(1, -2, NaN) }), [
    "/values/1: A duration is negative or no number",
  ]);
  deepEqual(
    messages({
      kind: "buckets",
      buckets: [
        { low: 0, high: 5, count: 2 },
        { low: 4, high: 8, count: -1 },
        { low: 8, high: 8, count: NaN },
      ],
    }),
    [
      "/buckets/1: A bucket begins before the end of the one before, or is empty",
      "/buckets/1/count: The count of a bucket is negative or no number",
      "/buckets/2: A bucket begins before the end of the one before, or is empty",
      "/buckets/2/count: The count of a bucket is negative or no number",
    ],
  );
  deepEqual(
    messages({ kind: "buckets", buckets: [{ low: 0, high: 5, count: 0 }] }),
    [": There are no durations"],
  );
  deepEqual(
    messages({
      kind: "percentiles",
      points: [
        { probability: 0.5, value: 10 },
        { probability: 0.9, value: 8 },
        { probability: 0.9, value: -1 },
        { probability: 1.5, value: 20 },
      ],
    }),
    [
      "/points/1: p90 is less than p50",
      "/points/2: p90 is negative or no number",
      "/points/2: p90 follows p90",
      "/points/3: A percentile is not between p0 and p100",
    ],
  );
  deepEqual(messages({ kind: "percentiles", points: [] }), [
    ": There are no durations",
  ]);
  deepEqual(
    messages({
      kind: "percentiles",
      points: [{ probability: 0.5, value: 0 }, { probability: 0.9, value: 3 }],
    }),
    [
      ": There are fewer than two percentiles between p0 and p100 that are above 0 ms",
    ],
  );
});

Deno.test("fitDurations() refuses durations with errors, and lists them", () => {
  throws(
    () => fitDurations({ kind: "values", values: new Float64Array() }, tools),
    ({ code, message, issues }: PerfmockError) =>
      code === "IMPORT_INVALID" && /There are no durations/.test(message) &&
      issues.length === 1,
  );
});

Deno.test("Any durations give candidates that compile, and a sentence", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 1e7, noNaN: true }), {
        minLength: 1,
        maxLength: 200,
      }),
      (list) => {
        const fit = fitDurations(
          { kind: "values", values: Float64Array.from(list) },
          tools,
        );
        ok(fit.best.ks >= 0 && fit.best.ks <= 1);
        for (const { distribution } of [...fit.parametric, fit.nonParametric]) {
          ok(tools.distribution(distribution).cdf(1e9) > 0.2);
        }
        ok(!/NaN|Infinity|undefined/.test(fit.reason + fitInWords(fit)));
      },
    ),
    { seed: 1, numRuns: 150 },
  );
});

Deno.test("Any counts give candidates that compile, and a sentence", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(
          fc.double({ min: 1e-3, max: 1e4, noNaN: true }),
          fc.integer({ min: 0, max: 1000 }),
        ),
        { minLength: 1, maxLength: 80 },
      ),
      fc.boolean(),
      (steps, open) => {
        let low = 0;
        const buckets = steps.map(([width, count], i) => {
          const bucket = { low, high: low + width, count };
          low = open && i % 5 === 0 ? low + 2 * width : low + width;
          return bucket;
        });
        if (open) buckets.push({ low, high: Infinity, count: 1 });
        if (buckets.every(({ count }) => count === 0)) return;
        const fit = fitDurations({ kind: "buckets", buckets }, tools);
        for (const { distribution } of [...fit.parametric, fit.nonParametric]) {
          ok(tools.distribution(distribution).cdf(1e12) > 0.2);
        }
        ok(!/NaN|undefined/.test(fit.reason + fitInWords(fit)));
      },
    ),
    { seed: 2, numRuns: 40 },
  );
});

Deno.test("inMilliseconds() rounds to three digits, and writes long durations in seconds", () => {
  equal(inMilliseconds(0.12345), "0.123 ms");
  equal(inMilliseconds(12345), "12.3 s");
});

const TAIL = { probability: 0.99, measured: 100, low: 98, high: 103 };

/** A candidate with one compared percentile. */
function fitted(family: string, value: number, ks = 0.01) {
  return {
    family,
    distribution: {},
    method: "maximum likelihood" as const,
    ks,
    tail: [{ ...TAIL, fitted: value }],
  };
}

Deno.test("A distribution is good enough if its percentiles and its distance are, or chance explains them", () => {
  ok(isGoodEnough(fitted("a", 104.9), 1000));
  ok(
    isGoodEnough({
      ...fitted("a", 120),
      tail: [{ ...TAIL, high: 130, fitted: 120 }],
    }, 1000),
  );
  deepEqual(shortfalls(fitted("a", 120), 1000), ["p99 is 20 % too high"]);
  deepEqual(shortfalls(fitted("a", 50), 1000), ["p99 is 50 % too low"]);
  deepEqual(shortfalls(fitted("a", 100, 0.1), 1000), [
    "the distribution functions differ by up to 10 %",
  ]);
  ok(isGoodEnough(fitted("a", 100, 0.1), 64));
  ok(!isGoodEnough(fitted("a", 100, 0.1), undefined));
  const chance = { low: 0.05, high: 0.1 };
  ok(isGoodEnough({ ...fitted("a", 100, 0.1), chance }, 1000));
});

Deno.test("reasonFor() says why a distribution was chosen, and why not one before it", () => {
  const [good, bad] = [fitted("good", 101), fitted("bad", 150)];
  const choice = { count: 100, constant: undefined };
  equal(
    reasonFor({ ...choice, best: good, parametric: [good, bad] }),
    "good: all compared percentiles are within 1 % of the measured ones",
  );
  equal(
    reasonFor({ ...choice, best: good, parametric: [bad, good] }),
    "good: all compared percentiles are within 1 % of the measured ones. bad is nearer on the whole, but of it p99 is 50 % too high",
  );
  const wide = { ...good, tail: [{ ...TAIL, high: 200, fitted: 150 }] };
  match(
    reasonFor({ ...choice, best: wide, parametric: [wide] }),
    /where the measurement cannot tell; the farthest one off, p99, by 50 %$/,
  );
  const none = { ...good, tail: [] };
  match(
    reasonFor({ ...choice, best: none, parametric: [none] }),
    /no percentile could be compared/,
  );
});

Deno.test("chanceInWords() writes bounds as tables are read", () => {
  equal(chanceInWords({ low: 0.25, high: 1 }), "p > 0.25");
  equal(chanceInWords({ low: 0, high: 0.005 }), "p < 0.005");
  equal(chanceInWords({ low: 0.05, high: 0.1 }), "p 0.05…0.1");
  equal(chanceInWords({ low: 0.3333, high: 0.3333 }), "p 0.33");
  equal(chanceInWords({ low: 1e-9, high: 1e-9 }), "p < 0.0001");
});

Deno.test("Families give no estimate of percentiles that do not rise, or of a normal distribution that would begin below 0", () => {
  const flat = [0.5, 0.9].map((probability) => ({ probability, value: 7 }));
  const gamma = (parameters: Readonly<Record<string, number>>) =>
    shapeOf("gamma", parameters, tools).quantile;
  const found = PARAMETRIC.filter(({ matched }) =>
    matched(flat, gamma) !== undefined
  );
  deepEqual(found.map(({ name }) => name), ["exponential"]);
  const steep = [{ probability: 0.9, value: 1 }, {
    probability: 0.99,
    value: 90,
  }];
  const normal = PARAMETRIC.find(({ name }) => name === "normal");
  equal(normal?.matched(steep, gamma), undefined);
});

Deno.test("A Pareto distribution that begins above a duration has no likelihood", () => {
  const pareto = PARAMETRIC.find(({ name }) => name === "pareto");
  const sums = sumsOf(Float64Array.of(1, 2, 3));
  equal(pareto?.logLikelihood([0, 1], sums), -Infinity);
});

Deno.test("Functions that a family or a distribution does not have give NaN", () => {
  const { cdf, survival, quantile } = shapeOf("none", {}, {
    families: new Map(),
  });
  deepEqual([cdf(1), survival(1), quantile(0.5)], [NaN, NaN, NaN]);
  equal(quantileOf({ quantile: undefined })(0.5), NaN);
});

Deno.test("Many durations beyond the last of many boundaries leave a curve, and it is said", () => {
  const buckets = Array.from({ length: 70 }, (_, i) => ({
    low: i,
    high: i + 1,
    count: 1,
  }));
  const fit = fitDurations({
    kind: "buckets",
    buckets: [...buckets, { low: 70, high: Infinity, count: 1_000_000 }],
  }, tools);
  deepEqual(fit.nonParametric.distribution, {
    percentiles: { p50: "70ms", p75: "70ms" },
  });
  match(
    fit.unknown.join(),
    /100 % of the durations lie beyond the last boundary/,
  );
  deepEqual(fit.best.tail, []);
});

Deno.test("Percentiles of 0 ms, and those of few durations, are left out, and it is said", () => {
  const fit = fitDurations({
    kind: "percentiles",
    count: 100,
    points: [
      { probability: 0.1, value: 0 },
      { probability: 0.5, value: 10 },
      { probability: 0.9, value: 20 },
      { probability: 0.99, value: 40 },
    ],
  }, tools);
  deepEqual(fit.best.tail.map(({ probability }) => probability), [0.5, 0.9]);
  const told = fit.unknown.join("\n");
  match(told, /1 of 4 percentiles are 0 ms/);
  match(told, /Below p50 and above p99 nothing was measured/);
  match(told, /Beyond p90, too few of the 100 durations/);
  const two = fitDurations({
    kind: "percentiles",
    points: [{ probability: 0.5, value: 10 }, { probability: 0.99, value: 40 }],
  }, tools);
  match(two.unknown.join(), /Two percentiles do not tell families apart/);
});

Deno.test("A bucket with most durations says which percentiles lie in it, if there are any", () => {
  const told = (count: number) =>
    fitDurations({
      kind: "buckets",
      buckets: [
        { low: 0, high: 10, count: 100 },
        { low: 10, high: 40, count },
        { low: 40, high: 41, count: 60 },
      ],
    }, tools).unknown.join("\n");
  match(
    told(10_000),
    /lie in one bucket, 10 ms to 40 ms: .*; p50, p90, p95, p99 in it are guesses/,
  );
  const rest = fitDurations({
    kind: "buckets",
    buckets: [
      { low: 1, high: 10, count: 6 },
      { low: 10, high: Infinity, count: 4 },
    ],
  }, tools).unknown.join("\n");
  match(rest, /60 % of the durations lie in one bucket, 1 ms to 10 ms/);
  match(rest, /only 10 durations/);
});

Deno.test("probabilityWithin() of the lower half is a difference of the distribution function", () => {
  const exponential = compile({ exponential: { mean: 1 } });
  const p = probabilityWithin(exponential, 0.1, 0.2);
  ok(Math.abs(p - (Math.exp(-0.1) - Math.exp(-0.2))) < 1e-15);
});
