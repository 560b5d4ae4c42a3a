import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { RecentHistogram } from "../../../../core/observe/metrics/mod.ts";

Deno.test("RecentHistogram holds what is younger than four fifths of its window and nothing older than the window", () => {
  const event = fc.tuple(
    fc.double({ min: 0, max: 3000, noNaN: true }),
    fc.integer({ min: 1, max: 1000 }),
  );
  fc.assert(
    fc.property(fc.array(event, { minLength: 1 }), (events) => {
      const recent = new RecentHistogram(10_000);
      const times: number[] = [];
      let now = 0;
      for (const [gap, duration] of events) {
        now += gap;
        times.push(now);
        recent.record(duration, now);
        const count = recent.count(now);
        ok(count >= times.filter((time) => time >= now - 8_000).length);
        ok(count <= times.filter((time) => time >= now - 10_000).length);
      }
    }),
    { seed: 42 },
  );
});

Deno.test("RecentHistogram.quantile() speaks of the window only", () => {
  const recent = new RecentHistogram(10_000);
  for (let n = 0; n < 100; n++) recent.record(500, 0);
  for (let n = 0; n < 100; n++) recent.record(20, 9_000);
  equal(recent.quantile(0.9, 9_500), 500);
  equal(recent.quantile(0.9, 15_000), 20);
  equal(recent.count(15_000), 100);
});

Deno.test("RecentHistogram is empty after a pause longer than its window", () => {
  const recent = new RecentHistogram(10_000);
  recent.record(5, 100);
  equal(recent.count(1_000_000), 0);
  ok(Number.isNaN(recent.quantile(0.5, 1_000_000)));
});

Deno.test("RecentHistogram counts a time before the latest one as the latest", () => {
  const recent = new RecentHistogram(10_000);
  recent.record(5, 60_000);
  recent.record(6, 10);
  equal(recent.count(60_000), 2);
  equal(recent.count(10), 2);
});

Deno.test("RecentHistogram.histogram() shows all slices at once", () => {
  const recent = new RecentHistogram(5_000);
  for (const time of [0, 1_000, 2_000]) recent.record(time + 1, time);
  const { count, min, max } = recent.histogram(2_500);
  deepEqual([count, min, max], [3, 1, 2_001]);
});

Deno.test("RecentHistogram.span() says how far the figures reach back", () => {
  const recent = new RecentHistogram(10_000);
  equal(recent.span(100_000), 8_000);
  equal(recent.span(101_500), 9_500);
  equal(recent.span(102_000), 8_000);
});

Deno.test("RecentHistogram.reset() forgets everything", () => {
  const recent = new RecentHistogram(10_000);
  recent.record(5, 0);
  recent.reset();
  equal(recent.count(0), 0);
});
