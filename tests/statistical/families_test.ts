import assert from "node:assert/strict";
import fc from "fast-check";
import { families } from "../../plugins/distributions/families.ts";
import { familySuite } from "../../core/testing.ts";

/** A finite number between two numbers, inclusive. */
function between(min: number, max: number): fc.Arbitrary<number> {
  return fc.double({ min, max, noNaN: true, noDefaultInfinity: true });
}

const time = between(0.001, 1e6);
const share = between(0, 1);

/** Values that are not valid times. */
const wrong = fc.constantFrom<unknown>(
  ...[-1, -0.001, NaN, Infinity, -Infinity, "", "12", "soon", "-5ms"],
  ...[null, true, [], {}],
);

/** Values that are not valid parameters of any family. */
const nothing = fc.constantFrom<unknown>({}, [], null, 12, "12ms", { min: 1 }, {
  unknown: 1,
});

const simple = fc.oneof(
  time.map((value) => ({ constant: { value } })),
  time.map((mean) => ({ exponential: { mean } })),
  fc.record({ median: time, sigma: between(0.05, 3) })
    .map((lognormal) => ({ lognormal })),
  fc.record({ min: time, width: time })
    .map(({ min, width }) => ({ uniform: { min, max: min + width } })),
);

/** Valid and invalid parameters of every family. */
const parameters: Readonly<
  Record<string, readonly [fc.Arbitrary<unknown>, fc.Arbitrary<unknown>]>
> = {
  constant: [
    fc.record({ value: fc.oneof(time, fc.constantFrom(0, "250us", "1h")) }),
    fc.oneof(nothing, fc.record({ value: wrong })),
  ],
  uniform: [
    fc.tuple(time, time).filter(([a, b]) => a !== b)
      .map(([a, b]) => ({ min: Math.min(a, b), max: Math.max(a, b) })),
    fc.oneof(
      nothing,
      fc.record({ min: time, max: wrong }),
      time.map((min) => ({ min, max: min / 2 })),
      time.map((min) => ({ min, max: min })),
    ),
  ],
  normal: [
    fc.oneof(
      fc.record({ mean: time, sd: time }),
      fc.tuple(time, time, between(0, 3), between(0.1, 9)).map(
        ([mean, sd, low, width]) => ({
          mean,
          sd,
          min: Math.max(0, mean + (low - 2) * sd),
          max: Math.max(0, mean + (low - 2) * sd) + width * sd,
        }),
      ).filter(({ mean, sd, max }) => mean < max + 30 * sd),
    ),
    fc.oneof(
      nothing,
      fc.record({ mean: wrong, sd: time }),
      fc.record({ mean: time, sd: fc.oneof(wrong, fc.constant(0)) }),
      fc.record({
        mean: time,
        sd: time,
        min: fc.constant(5),
        max: fc.constant(4),
      }),
      time.map((sd) => ({ mean: 10, sd, min: 10 + 50 * sd })),
    ),
  ],
  lognormal: [
    fc.oneof(
      fc.record({ mu: between(-5, 10), sigma: between(0.01, 5) }),
      fc.tuple(time, between(1.01, 100)).map(([median, factor]) => ({
        median,
        p99: median * factor,
      })),
      fc.record({ median: time, sigma: between(0.01, 5) }),
      fc.tuple(time, between(0.01, 10)).map(([mean, cv]) => ({
        mean,
        sd: mean * cv,
      })),
    ),
    fc.oneof(
      nothing,
      fc.record({ mu: time }),
      fc.record({ mu: time, p99: time }),
      fc.record({ mu: time, sigma: time, median: time }),
      fc.tuple(time, share).map(([median, part]) => ({
        median,
        p99: part * median,
      })),
      fc.record({ median: time, sigma: wrong }),
    ),
  ],
  exponential: [
    fc.oneof(
      fc.record({ mean: time }),
      fc.record({ rate: fc.oneof(time, fc.constant("30/m")) }),
    ),
    fc.oneof(
      nothing,
      fc.record({ mean: time, rate: time }),
      fc.record({ mean: fc.oneof(wrong, fc.constant(0)) }),
    ),
  ],
  poisson: [
    fc.record({ mean: between(1e-3, 5000), unit: time }, {
      requiredKeys: ["mean"],
    }),
    fc.oneof(
      nothing,
      fc.record({ mean: fc.oneof(wrong, fc.constantFrom(0, 1_000_001)) }),
      fc.record({ mean: time, unit: wrong }),
    ),
  ],
  gamma: [
    fc.oneof(
      fc.record({ shape: between(0.05, 5000), scale: time }),
      fc.tuple(time, between(0.02, 4)).map(([mean, cv]) => ({
        mean,
        sd: mean * cv,
      })),
    ),
    fc.oneof(
      nothing,
      fc.record({ shape: fc.constantFrom(0, 0.009, 100_001), scale: time }),
      fc.record({ shape: time, sd: time }),
      fc.tuple(time, between(11, 1000)).map(([mean, cv]) => ({
        mean,
        sd: mean * cv,
      })),
      fc.tuple(time, between(1e-6, 0.003)).map(([mean, cv]) => ({
        mean,
        sd: mean * cv,
      })),
    ),
  ],
  erlang: [
    fc.record({ k: fc.integer({ min: 1, max: 1000 }), mean: time }),
    fc.oneof(
      nothing,
      fc.record({ k: fc.constantFrom(0, 1.5, -1, 100_001, NaN), mean: time }),
      fc.record({ k: fc.constant(2), mean: wrong }),
    ),
  ],
  weibull: [
    fc.record({ shape: between(0.1, 100), scale: time }),
    fc.oneof(nothing, fc.record({ shape: wrong, scale: time })),
  ],
  pareto: [
    fc.record({ alpha: between(0.2, 100), min: time }),
    fc.oneof(nothing, fc.record({ alpha: wrong, min: time })),
  ],
  triangular: [
    fc.tuple(time, time, time).filter(([a, b, c]) => a !== b || b !== c)
      .map((times) => times.sort((a, b) => a - b))
      .map(([min, mode, max]) => ({ min, mode, max })),
    fc.oneof(
      nothing,
      fc.record({ min: fc.constant(5), mode: wrong, max: fc.constant(6) }),
      time.map((t) => ({ min: t, mode: t, max: t })),
      time.map((t) => ({ min: t, mode: 3 * t, max: 2 * t })),
      time.map((t) => ({ min: 2 * t, mode: t, max: 3 * t })),
    ),
  ],
  bimodal: [
    fc.record({ fast: simple, slow: simple, slowShare: share }),
    fc.oneof(
      nothing,
      fc.record({ fast: simple, slow: simple, slowShare: wrong }),
      fc.record({ fast: wrong, slow: simple, slowShare: share }),
    ),
  ],
  mixture: [
    fc.array(fc.record({ weight: between(0.001, 100), of: simple }), {
      minLength: 1,
      maxLength: 5,
    }),
    fc.oneof(
      fc.constantFrom<unknown>([], {}, null, [{}]),
      fc.array(fc.record({ weight: fc.constant(0), of: simple })),
      fc.array(fc.record({ weight: wrong, of: simple }), { minLength: 1 }),
    ),
  ],
  percentiles: [
    fc.tuple(time, between(1, 5), between(1, 5), between(1, 5)).map(
      ([p50, a, b, c]) => ({
        p50,
        p90: p50 * a,
        p99: p50 * a * b,
        "p99.9": p50 * a * b * c,
      }),
    ),
    fc.oneof(
      nothing,
      time.map((p50) => ({ p50 })),
      time.map((p50) => ({ p50, p90: p50 / 2 })),
      time.map((p50) => ({ p50, p100: 2 * p50 })),
      time.map((p0) => ({ p0, p50: 2 * p0 })),
      time.map((p50) => ({ p50, "p50.0": p50 })),
      time.map((p50) => ({ p50, x90: p50 })),
      fc.record({ p50: wrong, p90: time }),
    ),
  ],
  empirical: [
    fc.record({ values: fc.array(time, { minLength: 1 }) }),
    fc.oneof(
      nothing,
      fc.constantFrom({ values: [] }, { file: "missing.csv" }, { file: "" }, {
        values: [1],
        file: "missing.csv",
      }),
      fc.record({ values: fc.array(wrong, { minLength: 1 }) }),
    ),
  ],
  histogram: [
    fc.record({
      unit: time,
      buckets: fc.tuple(
        fc.uniqueArray(fc.integer({ min: 1, max: 1000 }), { minLength: 1 }),
        fc.integer({ min: 1, max: 1000 }),
      ).map(([boundaries, count]) =>
        boundaries.sort((a, b) => a - b).map((le, i) => ({
          le,
          count: i % 3 === 1 ? 0 : count + i,
        }))
      ),
    }),
    fc.oneof(
      nothing,
      fc.constantFrom<unknown>(
        { buckets: [] },
        { buckets: [{ le: 10, count: 0 }] },
        { buckets: [{ le: "+Inf", count: 1 }] },
        { buckets: [{ le: 0, count: 1 }] },
        { buckets: [{ le: 10, count: 1 }, { le: 10, count: 1 }] },
        {
          cumulative: true,
          buckets: [{ le: 1, count: 2 }, { le: 2, count: 1 }],
        },
        { file: "missing.csv" },
      ),
      fc.record({
        buckets: fc.array(fc.record({ le: wrong, count: share }), {
          minLength: 1,
        }),
      }),
      fc.record({
        buckets: fc.array(fc.record({ le: time, count: wrong }), {
          minLength: 1,
        }),
      }),
    ),
  ],
  fitted: [
    fc.record({ of: simple, from: fc.string(), queueing: fc.boolean() }),
    fc.oneof(
      nothing,
      fc.record({ of: simple, queueing: fc.constantFrom("no", 0) }),
    ),
  ],
  shift: [
    fc.record({ by: between(-1e4, 1e4), of: simple }),
    fc.oneof(
      nothing,
      fc.record({ by: fc.constantFrom("x", null, NaN), of: simple }),
    ),
  ],
  scale: [
    fc.record({ by: between(1e-3, 1e3), of: simple }),
    fc.oneof(
      nothing,
      fc.record({ by: fc.oneof(wrong, fc.constant(0)), of: simple }),
    ),
  ],
  clamp: [
    fc.tuple(time, time, simple).map(([min, width, of]) => ({
      min,
      max: min + width,
      of,
    })),
    fc.oneof(
      nothing,
      simple.map((of) => ({ of })),
      fc.record({
        min: fc.constant(5),
        max: fc.constantFrom(4, 5),
        of: simple,
      }),
      fc.record({ max: wrong, of: simple }),
    ),
  ],
  truncate: [
    fc.tuple(time, between(0.05, 0.8), between(1.5, 20)).map(
      ([mean, low, high]) => ({
        min: mean * low,
        max: mean * high,
        of: { exponential: { mean } },
      }),
    ),
    fc.oneof(
      nothing,
      simple.map((of) => ({ of })),
      fc.record({ min: fc.constant(5), max: fc.constant(4), of: simple }),
      time.map((value) => ({ min: value * 2, of: { constant: { value } } })),
      time.map((value) => ({ max: value / 2, of: { constant: { value } } })),
    ),
  ],
};

/** Parameters of each property: the same in every run. */
const RUN = { seed: 20_240_601, numRuns: 40 };

for (const [family, [valid, invalid]] of Object.entries(parameters)) {
  const suite = {
    family,
    valid: fc.sample(valid, RUN),
    invalid: fc.sample(invalid, RUN),
  };
  for (const { name, test } of familySuite(suite)) Deno.test(name, test);
}

Deno.test("The property suite covers every built-in family", () => {
  assert.deepEqual(
    families.map(({ name }) => name).filter((name) => !(name in parameters)),
    [],
  );
});
