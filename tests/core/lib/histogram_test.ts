import { deepEqual, equal, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import { Histogram } from "../../../core/lib/histogram.ts";

const TINY = 2 ** -20;
const options = { seed: 42, numRuns: 300 };
const duration = fc.double({ min: 0, max: 1e9, noNaN: true });
const usual = fc.double({ min: -5, max: 6, noNaN: true }).map((x) => 10 ** x);
const durations = fc.array(fc.oneof(duration, usual), {
  minLength: 1,
  maxLength: 300,
});

function histogramOf(values: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

Deno.test("Histogram.quantile() stays within 0.4 % of the nearest rank in sorted data", () => {
  fc.assert(
    fc.property(
      durations,
      fc.integer({ min: 0, max: 1000 }),
      (values, mill) => {
        const sorted = Float64Array.from(values).sort();
        const rank = Math.max(1, Math.ceil(mill * sorted.length / 1000));
        const exact = sorted[rank - 1];
        const found = histogramOf(values).quantile(mill / 1000);
        ok(
          Math.abs(found - exact) <= Math.max(exact * 0.004, TINY),
          `p${mill / 10}: ${found} for ${exact}`,
        );
      },
    ),
    options,
  );
});

Deno.test("Histogram.quantile() uses the rank of exact arithmetic, not one above", () => {
  const histogram = new Histogram();
  for (let value = 1; value <= 100; value++) histogram.record(value);
  // 0.07 * 100 is 7.000000000000001 in doubles.
  ok(Math.abs(histogram.quantile(0.07) - 7) <= 7 * 0.004);
  ok(Math.abs(histogram.quantile(0.55) - 55) <= 55 * 0.004);
});

Deno.test("Histogram keeps count, sum, least and greatest value exactly", () => {
  fc.assert(
    fc.property(durations, (values) => {
      const histogram = histogramOf(values);
      equal(histogram.count, values.length);
      equal(histogram.sum, values.reduce((sum, value) => sum + value, 0));
      equal(histogram.min, Math.min(...values) + 0);
      equal(histogram.max, Math.max(...values) + 0);
      equal(histogram.quantile(0), histogram.min);
      equal(histogram.quantile(1), histogram.max);
    }),
    options,
  );
});

Deno.test("Histogram.buckets() are ascending, do not overlap and contain each value once", () => {
  fc.assert(
    fc.property(durations, (values) => {
      let end = 0;
      let total = 0;
      for (const { lower, upper, count } of histogramOf(values).buckets()) {
        ok(lower >= end && upper > lower);
        const inside = values.filter((value) =>
          value >= lower && value < upper
        );
        equal(count, inside.length);
        end = upper;
        total += count;
      }
      equal(total, values.length);
    }),
    options,
  );
});

Deno.test("Histogram.merge() equals recording all values in one histogram", () => {
  fc.assert(
    fc.property(durations, durations, (left, right) => {
      const merged = histogramOf(left);
      const other = histogramOf(right);
      const before = [...other.buckets()];
      merged.merge(other);
      const whole = histogramOf([...left, ...right]);
      deepEqual([...merged.buckets()], [...whole.buckets()]);
      equal(merged.count, whole.count);
      equal(merged.min, whole.min);
      equal(merged.max, whole.max);
      ok(Math.abs(merged.sum - whole.sum) <= whole.sum * 1e-12);
      deepEqual([...other.buckets()], before);
    }),
    options,
  );
});

Deno.test("Histogram.merge() of an empty histogram changes nothing, and into an empty one copies", () => {
  const histogram = histogramOf([0, 3, 70]);
  histogram.merge(new Histogram());
  const copy = new Histogram();
  copy.merge(histogram);
  deepEqual([...copy.buckets()], [...histogram.buckets()]);
  deepEqual([copy.count, copy.min, copy.max, copy.sum], [3, 0, 70, 73]);
});

Deno.test("Histogram.record() puts all values below a nanosecond into one bucket", () => {
  const histogram = new Histogram();
  deepEqual([0, -0, 1e-9, 5e-324].map((value) => histogram.record(value)), [
    0,
    0,
    0,
    0,
  ]);
  deepEqual([...histogram.buckets()], [{ lower: 0, upper: TINY, count: 4 }]);
  equal(histogram.quantile(0.5), 0);
  ok(histogram.record(TINY) > 0);
  equal([...histogram.buckets()].length, 2);
});

Deno.test("Histogram.record() refuses negative and infinite values and NaN, and counts them separately", () => {
  const histogram = histogramOf([5]);
  for (const value of [-1e-300, -5, NaN, Infinity, -Infinity]) {
    equal(histogram.record(value), -1);
  }
  equal(histogram.refused, 5);
  deepEqual([histogram.count, histogram.sum], [1, 5]);
  const merged = histogramOf([NaN]);
  merged.merge(histogram);
  equal(merged.refused, 6);
});

Deno.test("Histogram.record() accepts the greatest number", () => {
  const histogram = histogramOf([Number.MAX_VALUE, 1]);
  equal(histogram.max, Number.MAX_VALUE);
  equal(histogram.quantile(0.6), Number.MAX_VALUE);
});

Deno.test("Histogram.reset() removes all values, and recording continues", () => {
  const histogram = histogramOf([0, 1, 1000, NaN]);
  histogram.reset();
  deepEqual([histogram.count, histogram.sum, histogram.refused], [0, 0, 0]);
  deepEqual([...histogram.buckets()], []);
  histogram.record(7);
  equal(histogram.quantile(0.5), 7);
});

Deno.test("Histogram returns NaN if nothing was recorded", () => {
  const histogram = new Histogram();
  ok(Number.isNaN(histogram.quantile(0.5)));
  ok(Number.isNaN(histogram.min) && Number.isNaN(histogram.max));
});

Deno.test("Histogram.quantile() throws if the argument is not a probability", () => {
  for (const p of [-0.1, 1.1, NaN, 95]) {
    throws(() => new Histogram().quantile(p), { code: "ARGUMENT_INVALID" });
  }
});

Deno.test("Histogram.quantiles() returns the same as quantile() for each probability", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { maxLength: 80 }),
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 }),
      (values, unsorted) => {
        const histogram = new Histogram();
        for (const value of values) histogram.record(value);
        const ps = unsorted.sort((a, b) => a - b);
        deepEqual(
          histogram.quantiles(ps),
          ps.map((p) => histogram.quantile(p)),
        );
        if (values.length === 0) return;
        const sorted = values.sort((a, b) => a - b);
        for (const p of ps) {
          const rank = Math.ceil(p * sorted.length * (1 - 2 ** -50));
          const exact = sorted[Math.max(0, rank - 1)];
          const found = histogram.quantile(p);
          ok(
            Math.abs(found - exact) <= exact / 256 + 2 ** -20,
            `${p}: ${found} instead of ${exact}`,
          );
        }
      },
    ),
    { seed: 42, numRuns: 300 },
  );
});

Deno.test("Histogram.quantiles() throws if the probabilities do not ascend", () => {
  const histogram = new Histogram();
  histogram.record(1);
  throws(
    () => histogram.quantiles([0.5, 0.25]),
    /must ascend to 1 at most, received 0.25 after 0.5/,
  );
  throws(() => histogram.quantiles([0.5, 1.5]), /received 1.5 after 0.5/);
  throws(() => histogram.quantiles([-1]), /between 0 and 1, received -1/);
  throws(() => histogram.quantiles([NaN]), /received NaN/);
});

Deno.test("Histogram.summary() returns the same as the single figures, rounded", () => {
  const histogram = new Histogram();
  for (let i = 1; i <= 1000; i++) histogram.record(i / 3);
  const round = (value: number) => Math.round(value * 100) / 100;
  deepEqual(histogram.summary(2), {
    min: round(histogram.min),
    mean: round(histogram.sum / 1000),
    p50: round(histogram.quantile(0.5)),
    p90: round(histogram.quantile(0.9)),
    p95: round(histogram.quantile(0.95)),
    p99: round(histogram.quantile(0.99)),
    p999: round(histogram.quantile(0.999)),
    max: round(histogram.max),
  });
});

Deno.test("Histogram.summary() of an empty histogram is null in each figure", () => {
  const figures = Object.values(new Histogram().summary(2));
  deepEqual(figures, new Array(8).fill(null));
});

Deno.test("Histogram.recordMany() equals recording each value", () => {
  const many = new Histogram();
  const each = new Histogram();
  for (
    const [value, count] of [[3.5, 4], [0, 3], [-1, 2], [2 ** -30, 2], [900, 1]]
  ) {
    const key = many.recordMany(value, count);
    for (let i = 0; i < count; i++) equal(each.record(value), key);
  }
  deepEqual([...many.buckets()], [...each.buckets()]);
  deepEqual(many.summary(6), each.summary(6));
  equal(many.count, 10);
  equal(many.refused, 2);
});

Deno.test("Histogram.copy() is not changed by later records", () => {
  const histogram = histogramOf([1, 5, 0]);
  const copy = histogram.copy();
  histogram.record(1000);
  deepEqual(copy.summary(6), histogramOf([1, 5, 0]).summary(6));
  deepEqual([...copy.buckets()], [...histogramOf([1, 5, 0]).buckets()]);
});

Deno.test("Histogram.since() has the buckets of what was recorded after the copy, and quantiles within 0.4 % of theirs", () => {
  const some = fc.array(fc.oneof(duration, usual, fc.constant(30)));
  fc.assert(
    fc.property(some, some, (before, after) => {
      const histogram = histogramOf(before);
      const copy = histogram.copy();
      for (const value of after) histogram.record(value);
      const growth = histogram.since(copy);
      const alone = histogramOf(after);
      deepEqual([...growth.buckets()], [...alone.buckets()]);
      equal(growth.count, after.length);
      ok(Math.abs(growth.sum - alone.sum) <= 1e-9 * histogram.sum);
      const ps = [0, 0.01, 0.5, 0.99, 1];
      const sorted = after.toSorted((a, b) => a - b);
      for (const [index, got] of growth.quantiles(ps).entries()) {
        if (after.length === 0) ok(Number.isNaN(got));
        else {
          const rank = Math.ceil(ps[index] * sorted.length - 1e-9);
          const exact = sorted[Math.max(1, rank) - 1];
          ok(Math.abs(got - exact) <= exact * 0.004 + TINY, `${got}, ${exact}`);
        }
      }
    }),
    options,
  );
});

Deno.test("Histogram.since() is exact where the extremes are new, and where all values are equal", () => {
  const histogram = histogramOf([30, 30]);
  const copy = histogram.copy();
  histogram.record(30);
  deepEqual(histogram.since(copy).quantiles([0, 0.5, 1]), [30, 30, 30]);
  histogram.record(1.234);
  histogram.record(777.7);
  const { min, max } = histogram.since(copy);
  deepEqual([min, max], [1.234, 777.7]);
});

Deno.test("Histogram.flaw() finds none in data of a histogram, and says what is wrong with any other value", () => {
  const histogram = new Histogram();
  equal(Histogram.flaw(histogram.data()), undefined);
  for (const value of [0, 1e-9, 3, 3, 900, Number.MAX_VALUE, -1]) {
    histogram.record(value);
  }
  const data = histogram.data();
  equal(Histogram.flaw(JSON.parse(JSON.stringify(data))), undefined);
  const counts = "Its counts are not whole numbers from 0, or it has no sum";
  const keys = "The keys of its buckets do not ascend, or are none";
  const range = "Its least and greatest values are missing or reversed";
  for (
    const [value, expected] of [
      [undefined, counts],
      ["text", counts],
      [{ ...data, count: 1.5 }, counts],
      [{ ...data, sum: null }, counts],
      [{ ...data, sum: -1 }, counts],
      [{ ...data, refused: -1 }, counts],
      [{ ...data, tiny: undefined }, counts],
      [
        { ...data, buckets: undefined },
        "Its buckets are not keys and counts in turn",
      ],
      [
        { ...data, buckets: [1] },
        "Its buckets are not keys and counts in turn",
      ],
      [{ ...data, buckets: [5, 1, 5, 1] }, keys],
      [{ ...data, buckets: [1e9, 1] }, keys],
      [{ ...data, buckets: [0, 1] }, keys],
      [{ ...data, buckets: [5, "1"] }, keys],
      [{ ...data, count: 4 }, "Its buckets do not add up to its count"],
      [{ ...data, range: undefined }, range],
      [{ ...data, range: [3, 1] }, range],
      [{ ...new Histogram().data(), range: [1, 2] }, range],
    ] as const
  ) {
    equal(Histogram.flaw(value), expected, JSON.stringify(value));
  }
});
