import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { MetricRegistry } from "../../../core/observe/metric_registry.ts";
import {
  DeliveredCounts,
  valueOf,
} from "../../../plugins/exporters/delivered_counts.ts";

function metrics() {
  const registry = new MetricRegistry({ seriesLimit: 5000 });
  return {
    registry,
    counter: registry.counter({
      name: "c_total",
      help: "Test",
      labels: ["n"],
    }),
    timing: registry.timing({ name: "t_seconds", help: "Test" }, [10, 20]),
  };
}

Deno.test("DeliveredCounts.counter() returns the growth of a counter since its last delivery", () => {
  const series = metrics().counter.series("1");
  const delivered = new DeliveredCounts();
  equal(delivered.counter(series), undefined);
  series.add(3);
  const change = delivered.counter(series);
  ok(change !== undefined);
  equal(change.growth, 3);
  series.add(2);
  // Not marked as delivered, so it is still part of the growth.
  equal(delivered.counter(series)?.growth, 5);
  delivered.mark(series, change);
  equal(delivered.counter(series)?.growth, 2);
});

Deno.test("DeliveredCounts.timing() returns the distribution of what was recorded since the last delivery", () => {
  const duration = fc.double({ min: 0, max: 1e5, noNaN: true });
  fc.assert(
    fc.property(fc.array(fc.array(duration)), (intervals) => {
      const timing = metrics().timing.series();
      const delivered = new DeliveredCounts();
      for (const durations of intervals) {
        for (const duration of durations) timing.record(duration);
        const change = delivered.timing(timing);
        equal(change?.growth.count ?? 0, durations.length);
        if (change === undefined) continue;
        const sorted = durations.toSorted((a, b) => a - b);
        for (const p of [0, 0.5, 0.9, 0.99, 1]) {
          const rank = Math.max(1, Math.ceil(p * sorted.length - 1e-9));
          const exact = sorted[rank - 1];
          const [got] = change.growth.quantiles([p]);
          ok(Math.abs(got - exact) <= exact * 0.004 + 1e-6, `${got}, ${exact}`);
        }
        delivered.mark(timing, change);
        equal(delivered.timing(timing), undefined);
      }
    }),
    { seed: 8, numRuns: 200 },
  );
});

Deno.test("DeliveredCounts.markAll() marks all counts as delivered, in slices", () => {
  const { registry, counter, timing } = metrics();
  for (let n = 0; n < 2500; n++) counter.series(String(n)).add(n);
  timing.series().record(5);
  registry.gauge({ name: "g", help: "Test" }).series().set(1);
  const delivered = new DeliveredCounts();
  let slices = 0;
  for (const _ of delivered.markAll(registry.all())) slices++;
  equal(slices >= 2, true);
  for (let n = 0; n < 2500; n++) {
    equal(delivered.counter(counter.series(String(n))), undefined);
  }
  equal(delivered.timing(timing.series()), undefined);
  counter.series("7").add();
  equal(delivered.counter(counter.series("7"))?.growth, 1);
  equal(delivered.total(counter.series("7")), 1);
  const unseen = counter.series("new");
  unseen.add(4);
  equal(delivered.counter(unseen)?.growth, 4);
});

Deno.test("DeliveredCounts.buckets() counts what was recorded since all counts were marked, also by boundaries that change later", () => {
  const durations = fc.array(fc.double({ min: 0, max: 1000, noNaN: true }));
  fc.assert(
    fc.property(durations, durations, durations, (before, after, last) => {
      const registry = new MetricRegistry();
      const metric = registry.timing({ name: "t_seconds", help: "Test" });
      const timing = metric.series();
      const delivered = new DeliveredCounts();
      for (const duration of before) timing.record(duration);
      for (const _ of delivered.markAll(registry.all())) { /* all of it */ }
      for (const duration of after) timing.record(duration);
      const now = () => delivered.buckets(timing, metric.boundaries ?? []);
      const ends = [...metric.boundaries ?? [], Infinity];
      deepEqual(
        now().counts,
        ends.map((end, index) =>
          after.filter((duration) =>
            duration <= end && duration > (ends[index - 1] ?? -1)
          ).length
        ),
      );
      registry.bucketDurations([1, 30, 500]);
      for (const duration of last) timing.record(duration);
      const { counts, sum } = now();
      equal(counts.length, 4);
      equal(counts.reduce((a, b) => a + b), after.length + last.length);
      ok(counts.every((count) => count >= 0), `${counts}`);
      const total = [...after, ...last].reduce((a, b) => a + b, 0);
      ok(Math.abs(sum - total) < 1e-6);
    }),
    { seed: 8, numRuns: 200 },
  );
});

Deno.test("valueOf() is undefined while the function that a series follows fails", () => {
  const gauge = new MetricRegistry().gauge({ name: "g", help: "T" }).series();
  let broken = true;
  gauge.follow(() => {
    if (broken) throw new Error("no");
    return 4;
  });
  equal(valueOf(gauge), undefined);
  broken = false;
  equal(valueOf(gauge), 4);
});
