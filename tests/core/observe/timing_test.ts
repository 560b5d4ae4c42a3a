import { deepEqual, equal, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import { Histogram as PromHistogram, Registry } from "prom-client";
import type { Timing } from "../../../core/plugin.ts";
import { MetricRegistry } from "../../../core/observe/metric_registry.ts";
import {
  DURATION_BOUNDARIES,
  LATENESS_BOUNDARIES,
} from "../../../core/observe/timing.ts";

const definition = { name: "test_seconds", help: "Test" };

function timingWith(boundaries: readonly number[]): Timing {
  return new MetricRegistry().timing(definition, boundaries).series();
}

function step(value: number, by: bigint): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  view.setBigUint64(0, view.getBigUint64(0) + by);
  return view.getFloat64(0);
}

function expected(
  values: readonly number[],
  boundaries: readonly number[],
): number[] {
  return [...boundaries, Infinity].map((end) =>
    values.filter((value) => value <= end).length
  );
}

for (
  const [name, boundaries] of [
    ["durations", DURATION_BOUNDARIES],
    ["lateness", LATENESS_BOUNDARIES],
  ] as const
) {
  Deno.test(`Timing.cumulative() is exact on and beside each default boundary for ${name}`, () => {
    for (const [index, boundary] of boundaries.entries()) {
      const timing = timingWith(boundaries);
      const values = [
        step(boundary, -1n),
        boundary,
        step(boundary, 1n),
      ];
      for (const value of values) timing.record(value);
      deepEqual(timing.cumulative(), expected(values, boundaries));
      equal(timing.cumulative()[index], 2);
    }
  });
}

Deno.test("Timing.cumulative() equals a plain count for any boundaries, however close", () => {
  const boundary = fc.oneof(
    fc.double({ min: 1e-7, max: 1e7, noNaN: true }),
    fc.integer({ min: 0, max: 40 }).map((n) => 100 + n / 20),
    fc.integer({ min: 1, max: 2000 }),
  );
  fc.assert(
    fc.property(
      fc.uniqueArray(boundary, { minLength: 1, maxLength: 40 }),
      fc.array(fc.double({ min: 0, max: 1e8, noNaN: true })),
      (unsorted, others) => {
        const boundaries = unsorted.sort((a, b) => a - b);
        const values = [
          ...others,
          ...boundaries.flatMap((b) => [step(b, -1n), b, step(b, 1n)]),
        ];
        const timing = timingWith(boundaries);
        for (const value of values) timing.record(value);
        deepEqual(timing.cumulative(), expected(values, boundaries));
      },
    ),
    { seed: 42, numRuns: 300 },
  );
});

Deno.test("Timing counts 0 in the first bucket and ignores invalid values", () => {
  const timing = timingWith([1, 10]);
  for (const value of [0, 5, 1e9, NaN, -1, Infinity]) timing.record(value);
  deepEqual(timing.cumulative(), [1, 2, 3]);
  deepEqual([timing.count, timing.sum], [3, 1e9 + 5]);
});

Deno.test("Timing.quantile() is exact to within 0.4 %, whatever the boundaries", () => {
  const timing = timingWith([1000]);
  for (let value = 1; value <= 200; value++) timing.record(value);
  ok(Math.abs(timing.quantile(0.95) - 190) <= 190 * 0.004);
  ok(Number.isNaN(timingWith([1]).quantile(0.5)));
});

Deno.test("Timing.cumulative() returns a copy that later records do not change", () => {
  const timing = timingWith([1]);
  const before = timing.cumulative();
  timing.record(0.5);
  deepEqual(before, [0, 0]);
});

Deno.test("Timing.exemplar() is the latest duration of its bucket that has a trace id", () => {
  const timing = timingWith([1, 10]);
  equal(timing.exemplar(0), undefined);
  timing.record(0.5);
  timing.record(0.25, "");
  equal(timing.exemplar(0), undefined);
  timing.record(5, "a".repeat(32), 100);
  timing.record(10, "b".repeat(32), 101);
  timing.record(7);
  timing.record(11, "c".repeat(32), 102);
  deepEqual([0, 1, 2, 3].map((bucket) => timing.exemplar(bucket)), [
    undefined,
    { trace: "b".repeat(32), value: 10, at: 101 },
    { trace: "c".repeat(32), value: 11, at: 102 },
    undefined,
  ]);
});

Deno.test("Timing.exemplar() is never an invalid value, and 0 belongs to the first bucket", () => {
  const timing = timingWith([1, 10]);
  for (const value of [NaN, -1, Infinity]) timing.record(value, "t", 1);
  timing.record(0, "zero", 2);
  deepEqual([0, 1, 2].map((bucket) => timing.exemplar(bucket)?.trace), [
    "zero",
    undefined,
    undefined,
  ]);
});

Deno.test("Timing equals prom-client's histogram of the same events, and each exemplar lies in its bucket", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.oneof(
          fc.double({ min: 0, max: 2e5, noNaN: true }),
          fc.constantFrom(...DURATION_BOUNDARIES),
        ),
        { maxLength: 100 },
      ),
      async (values) => {
        const timing = timingWith(DURATION_BOUNDARIES);
        const oracle = new PromHistogram({
          ...definition,
          buckets: [...DURATION_BOUNDARIES],
          registers: [new Registry()],
        });
        for (const [i, value] of values.entries()) {
          timing.record(value, `${i}`, i);
          oracle.observe(value);
        }
        const samples = (await oracle.get()).values;
        const named = (suffix: string) =>
          samples.filter(({ metricName }) => metricName?.endsWith(suffix));
        if (values.length > 0) {
          deepEqual(
            timing.cumulative(),
            named("_bucket").map(({ value }) => value),
          );
          equal(timing.sum, named("_sum")[0].value);
        }
        const ends = [...DURATION_BOUNDARIES, Infinity];
        for (const [bucket, end] of ends.entries()) {
          const start = bucket === 0 ? -1 : ends[bucket - 1];
          const last = values.findLastIndex((value) =>
            value > start && value <= end
          );
          deepEqual(
            timing.exemplar(bucket),
            last < 0
              ? undefined
              : { trace: `${last}`, value: values[last], at: last },
          );
        }
      },
    ),
    { seed: 42, numRuns: 200 },
  );
});

Deno.test("Timing.recordMany() equals recording each duration", () => {
  const many = timingWith(DURATION_BOUNDARIES);
  const each = timingWith(DURATION_BOUNDARIES);
  for (const [value, count] of [[7, 3], [0, 2], [NaN, 5], [1e9, 1], [5, 1]]) {
    many.recordMany(value, count);
    for (let i = 0; i < count; i++) each.record(value);
  }
  deepEqual(many.cumulative(), each.cumulative());
  equal(many.count, 7);
  equal(many.sum, each.sum);
  equal(many.quantile(0.5), each.quantile(0.5));
});

Deno.test("DURATION_BOUNDARIES are at most 12 % apart from 1 ms to 10 s, LATENESS_BOUNDARIES at most 60 %", () => {
  const widest = (boundaries: readonly number[], from: number, to: number) =>
    Math.max(
      ...boundaries.slice(1).map((end, index) =>
        boundaries[index] >= from && end <= to ? end / boundaries[index] : 1
      ),
    );
  ok(DURATION_BOUNDARIES.includes(1) && DURATION_BOUNDARIES.includes(10_000));
  ok(widest(DURATION_BOUNDARIES, 1, 10_000) <= 1.12 + 1e-12);
  ok(widest(LATENESS_BOUNDARIES, 0.01, 10) <= 1.5 + 1e-12);
});

Deno.test("Timing.snapshot() is not changed by later records, and has quantiles whatever the boundaries", () => {
  const timing = timingWith([1000]);
  for (let value = 1; value <= 100; value++) timing.record(value);
  const snapshot = timing.snapshot();
  timing.record(5000);
  equal(snapshot.count, 100);
  const [p95] = snapshot.quantiles([0.95]);
  ok(Math.abs(p95 - 95) <= 95 * 0.004);
  deepEqual(timing.snapshot().since(snapshot).count, 1);
});

Deno.test("MetricRegistry.bucketDurations() changes the buckets of metrics without boundaries of their own, present and future", () => {
  const registry = new MetricRegistry();
  const before = registry.timing({ name: "a_seconds", help: "T" });
  const own = registry.timing({ name: "b_seconds", help: "T" }, [1, 2]);
  for (const value of [0, 3, 30, 299, 301, 1e6]) before.series().record(value);
  registry.bucketDurations([30, 300]);
  const after = registry.timing({ name: "c_seconds", help: "T" });
  after.series().record(200);
  deepEqual(
    [before, own, after].map(({ boundaries }) => boundaries),
    [[30, 300], [1, 2], [30, 300]],
  );
  // 30 ms lies in the middle of a bucket of the distribution that reaches beyond 30 ms.
  deepEqual(before.series().cumulative(), [2, 4, 6]);
  deepEqual(after.series().cumulative(), [0, 1, 1]);
  before.series().record(30);
  deepEqual(before.series().cumulative(), [3, 5, 7]);
  equal(registry.timing({ name: "a_seconds", help: "T" }), before);
  registry.bucketDurations();
  deepEqual(before.boundaries, DURATION_BOUNDARIES);
  equal(before.series().cumulative().at(-1), 7);
});

Deno.test("MetricRegistry.bucketDurations() puts each duration within 0.4 % of its value, and counts all", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 2e5, noNaN: true })),
      fc.uniqueArray(fc.double({ min: 1e-3, max: 1e5, noNaN: true }), {
        minLength: 1,
      }),
      (values, unsorted) => {
        const boundaries = unsorted.sort((a, b) => a - b);
        const registry = new MetricRegistry();
        const timing = registry.timing(definition).series();
        for (const value of values) timing.record(value);
        registry.bucketDurations(boundaries);
        const cumulative = timing.cumulative();
        equal(cumulative.at(-1), values.length);
        for (const [index, boundary] of boundaries.entries()) {
          const upTo = (limit: number) =>
            values.filter((value) => value <= limit).length;
          ok(cumulative[index] >= upTo(boundary * 0.996));
          ok(cumulative[index] <= upTo(boundary * 1.004));
        }
      },
    ),
    { seed: 42, numRuns: 200 },
  );
});

Deno.test("MetricRegistry.bucketDurations() keeps exemplars, of two in one bucket the latest", () => {
  const registry = new MetricRegistry();
  const timing = registry.timing(definition).series();
  timing.record(3, "a", 10);
  timing.record(20, "b", 30);
  timing.record(50, "c", 20);
  registry.bucketDurations([10, 100]);
  deepEqual([0, 1, 2].map((bucket) => timing.exemplar(bucket)), [
    { trace: "a", value: 3, at: 10 },
    { trace: "b", value: 20, at: 30 },
    undefined,
  ]);
});

Deno.test("MetricRegistry.bucketDurations() refuses boundaries that are not ascending, and changes nothing", () => {
  const registry = new MetricRegistry();
  const metric = registry.timing(definition);
  for (const boundaries of [[], [2, 1], [0], [NaN], [1, 1]]) {
    throws(
      () => registry.bucketDurations(boundaries),
      /Cannot use these buckets/,
    );
  }
  deepEqual(metric.boundaries, DURATION_BOUNDARIES);
});
