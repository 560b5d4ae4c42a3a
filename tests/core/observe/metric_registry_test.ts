import { deepEqual, equal, notEqual, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import {
  MetricRegistry,
  seriesLimitFor,
} from "../../../core/observe/metric_registry.ts";
import { DURATION_BOUNDARIES } from "../../../core/observe/timing.ts";
import type { PerfmockError } from "../../../core/errors.ts";

const help = "Test";

function refused(make: () => unknown, ...paths: string[]): void {
  throws(make, (error: PerfmockError) => {
    equal(error.name, "PerfmockError");
    equal(error.code, "PLUGIN_INVALID");
    deepEqual(error.issues.map((issue) => issue.path), paths);
    return true;
  });
}

function overflow(registry: MetricRegistry, metric: string): number {
  return registry.counter({
    name: "perfmock_series_overflow_total",
    help,
    labels: ["metric"],
  }).series(metric).value;
}

function size(registry: MetricRegistry, metric: string): number {
  return registry.gauge({ name: "perfmock_series", help, labels: ["metric"] })
    .series(metric).value;
}

Deno.test("MetricRegistry.counter() makes a counter that adds 1 by default", () => {
  const counter = new MetricRegistry().counter({ name: "a_total", help })
    .series();
  counter.add();
  counter.add(2.5);
  counter.add(0);
  equal(counter.value, 3.5);
});

Deno.test("Counter.add() rejects numbers that are negative or not finite", () => {
  const counter = new MetricRegistry().counter({ name: "a_total", help })
    .series();
  for (const n of [-1, NaN, Infinity]) {
    throws(() => counter.add(n), { code: "ARGUMENT_INVALID" });
  }
  equal(counter.value, 0);
});

Deno.test("MetricRegistry.gauge() makes a gauge that can be set, increased and decreased", () => {
  const gauge = new MetricRegistry().gauge({ name: "a", help }).series();
  gauge.set(10);
  gauge.add(-12);
  equal(gauge.value, -2);
  let level = 7;
  gauge.follow(() => level);
  level = 8;
  equal(gauge.value, 8);
  gauge.set(3);
  equal(gauge.value, 3, "what is set follows no more");
});

Deno.test("MetricRegistry stores thousands of numbers separately", () => {
  const registry = new MetricRegistry({ seriesLimit: 2000 });
  const gauge = registry.gauge({ name: "a", help, labels: ["n"] });
  for (let n = 0; n < 1000; n++) gauge.series(String(n)).set(n);
  for (const [[n], series] of gauge.entries()) equal(series.value, Number(n));
});

Deno.test("MetricRegistry.timing() uses the boundaries for durations by default", () => {
  const registry = new MetricRegistry();
  const usual = registry.timing({ name: "a_seconds", help });
  deepEqual(usual.boundaries, DURATION_BOUNDARIES);
  equal(usual.type, "histogram");
  const boundaries = [1, 2];
  const own = registry.timing({ name: "b_seconds", help }, boundaries);
  boundaries.pop();
  own.series().record(1.5);
  deepEqual(own.boundaries, [1, 2]);
  deepEqual(own.series().cumulative(), [0, 1, 1]);
});

Deno.test("MetricRegistry returns the same metric and the same series when asked again", () => {
  const registry = new MetricRegistry();
  const labels = ["route"];
  const metric = registry.counter({ name: "a_total", help, labels });
  equal(
    registry.counter({ name: "a_total", help: "Another", labels }),
    metric,
  );
  equal(metric.series("x"), metric.series("x"));
  notEqual(metric.series("x"), metric.series("y"));
  const timing = registry.timing({ name: "b_seconds", help }, [1, 2]);
  equal(registry.timing({ name: "b_seconds", help }, [1, 2]), timing);
  const gauge = registry.gauge({ name: "c", help });
  equal(registry.gauge({ name: "c", help, labels: [] }), gauge);
});

Deno.test("MetricRegistry.all() lists metrics in the order they were made, its own first", () => {
  const registry = new MetricRegistry();
  registry.gauge({ name: "z", help });
  registry.counter({ name: "a_total", help });
  deepEqual([...registry.all()].map((metric) => metric.definition.name), [
    "perfmock_series",
    "perfmock_series_overflow_total",
    "z",
    "a_total",
  ]);
});

Deno.test("MetricRegistry rejects a name that is taken with another type, other labels or other boundaries", () => {
  const registry = new MetricRegistry();
  registry.gauge({ name: "a_total", help, labels: ["x"] });
  registry.timing({ name: "b_seconds", help }, [1, 2]);
  refused(
    () => registry.counter({ name: "a_total", help, labels: ["x"] }),
    "/type",
  );
  refused(
    () => registry.counter({ name: "a_total", help }),
    "/type",
    "/labels",
  );
  refused(
    () => registry.gauge({ name: "a_total", help, labels: ["y"] }),
    "/labels",
  );
  refused(
    () => registry.timing({ name: "b_seconds", help }, [1, 3]),
    "/boundaries",
  );
});

Deno.test("MetricRegistry rejects names that are not valid in Prometheus", () => {
  const registry = new MetricRegistry();
  for (const name of ["", "1a", "a-b", "a b", "ä", "a\n"]) {
    refused(() => registry.gauge({ name, help }), "/name");
  }
  refused(() => registry.counter({ name: "requests", help }), "/name");
  registry.gauge({ name: "_a:B9", help });
});

Deno.test("MetricRegistry reports all invalid labels at once", () => {
  const registry = new MetricRegistry();
  refused(
    () =>
      registry.gauge({
        name: "a",
        help,
        labels: ["1x", "ok", "__name__", "ok", "a:b"],
      }),
    "/labels/0",
    "/labels/2",
    "/labels/3",
    "/labels/4",
  );
  refused(
    () => registry.timing({ name: "b_seconds", help, labels: ["le"] }),
    "/labels/0",
  );
  registry.gauge({ name: "c", help, labels: ["le"] });
});

Deno.test("MetricRegistry rejects invalid boundaries", () => {
  const registry = new MetricRegistry();
  const make = (boundaries: readonly number[]) => () =>
    registry.timing({ name: "a_seconds", help }, boundaries);
  refused(make([]), "/boundaries");
  refused(make([0, 1]), "/boundaries/0");
  refused(make([1, 1]), "/boundaries/1");
  refused(make([2, 1, NaN]), "/boundaries/1", "/boundaries/2");
  refused(make([1, Infinity]), "/boundaries/1");
  refused(
    make(Array.from({ length: 1001 }, (_, n) => n + 1)),
    "/boundaries",
  );
});

Deno.test("MetricRegistry rejects a metric whose samples have the names of another one's", () => {
  const registry = new MetricRegistry();
  registry.timing({ name: "a_seconds", help });
  refused(() => registry.gauge({ name: "a_seconds_count", help }), "/name");
  registry.gauge({ name: "b_seconds_sum", help });
  refused(() => registry.timing({ name: "b_seconds", help }), "/name");
  registry.gauge({ name: "b_seconds", help });
});

Deno.test("MetricRegistry rejects a metric whose OpenMetrics family another counter has", () => {
  const registry = new MetricRegistry();
  registry.counter({ name: "a_total", help });
  refused(() => registry.gauge({ name: "a", help }), "/name");
  registry.gauge({ name: "b", help });
  refused(() => registry.counter({ name: "b_total", help }), "/name");
});

Deno.test("MetricRegistry.ownedBy() names the owner of a name that is taken", () => {
  const registry = new MetricRegistry();
  registry.gauge({ name: "own", help });
  const shop = registry.ownedBy("shop");
  const orders = shop.counter({ name: "orders_total", help });
  equal(registry.ownedBy("other").counter(orders.definition), orders);
  shop.timing({ name: "wait_seconds", help }, [1]);
  deepEqual([...shop.all()], [...registry.all()]);
  const other = registry.ownedBy("other");
  throws(() => other.gauge({ name: "orders_total", help }), {
    message:
      'Cannot make metric "orders_total": the name is taken by a metric of plugin "shop" with type "counter"',
  });
  throws(() => other.gauge({ name: "wait_seconds_sum", help }), {
    message:
      'Cannot make metric "wait_seconds_sum": its samples "wait_seconds_sum" would be taken for "wait_seconds" of plugin "shop"',
  });
  throws(() => other.counter({ name: "own", help }), {
    message: /the name is taken by a metric of the server itself with type/,
  });
});

Deno.test("Metric.series() rejects a wrong number of label values, and values that are not strings", () => {
  const metric = new MetricRegistry().gauge({
    name: "a",
    help,
    labels: ["x", "y"],
  });
  refused(() => metric.series("1"), "/labels");
  refused(() => metric.series("1", "2", "3"), "/labels");
  const loose = metric as { series(...values: unknown[]): unknown };
  refused(() => loose.series("1", 200), "/labels/1");
});

Deno.test("Metric.series() distinguishes label sets, whatever characters they contain", () => {
  const value = fc.string({ unit: "binary-ascii", maxLength: 3 });
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(value, value), {
        selector: (pair) => JSON.stringify(pair),
        maxLength: 50,
      }),
      (pairs) => {
        const metric = new MetricRegistry().gauge({
          name: "a",
          help,
          labels: ["x", "y"],
        });
        for (const pair of pairs) metric.series(...pair);
        deepEqual([...metric.entries()].map(([values]) => values), pairs);
      },
    ),
    { seed: 42 },
  );
});

Deno.test("Metric.series() treats values that are equal in UTF-8 as one", () => {
  const metric = new MetricRegistry().gauge({ name: "a", help, labels: ["x"] });
  equal(metric.series("\ud800"), metric.series("\udfff"));
  deepEqual([...metric.entries()].map(([values]) => values), [["\ufffd"]]);
});

Deno.test("MetricRegistry adds label sets beyond the limit to one series, with exact totals", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 200 }),
      (seriesLimit, events) => {
        const registry = new MetricRegistry({ seriesLimit });
        const metric = registry.counter({
          name: "a_total",
          help,
          labels: ["user", "route"],
        });
        const seen = new Set<number>();
        let folds = 0;
        for (const user of events) {
          metric.series(String(user), "r").add();
          if (seen.size < seriesLimit) seen.add(user);
          if (!seen.has(user)) folds++;
        }
        const entries = [...metric.entries()];
        const total = entries.reduce((sum, [, { value }]) => sum + value, 0);
        equal(total, events.length);
        equal(overflow(registry, "a_total"), folds);
        equal(entries.length, seen.size + Number(folds > 0));
        equal(size(registry, "a_total"), entries.length);
        const folded = entries.find(([[user]]) => user === "__overflow__");
        equal(folded?.[1].value ?? 0, folds);
        if (folded !== undefined) {
          deepEqual(folded[0], ["__overflow__", "__overflow__"]);
        }
      },
    ),
    { seed: 42 },
  );
});

Deno.test("MetricRegistry reports once for each metric that it exceeded the limit", () => {
  const told: string[] = [];
  const registry = new MetricRegistry({
    seriesLimit: 1,
    onOverflow: (metric) => told.push(metric),
  });
  for (const name of ["a", "b"]) {
    const metric = registry.gauge({ name, help, labels: ["x"] });
    for (const value of ["1", "2", "3"]) metric.series(value);
  }
  deepEqual(told, ["a", "b"]);
});

Deno.test("MetricRegistry makes further series when its limit is raised", () => {
  const registry = new MetricRegistry({ seriesLimit: 1 });
  const metric = registry.timing({ name: "a_seconds", help, labels: ["x"] });
  metric.series("1").record(1);
  metric.series("2").record(1);
  registry.seriesLimit = 2;
  metric.series("2").record(1);
  metric.series("3").record(1);
  deepEqual(
    [...metric.entries()].map(([[x], { count }]) => [x, count]),
    [["1", 1], ["__overflow__", 2], ["2", 1]],
  );
});

Deno.test("MetricRegistry.seriesLimit is 200 by default and does not apply to the registry's own two metrics", () => {
  const registry = new MetricRegistry();
  for (let n = 0; n < 300; n++) {
    registry.gauge({ name: `g${n}`, help, labels: ["x"] }).series("1");
  }
  equal(size(registry, "g299"), 1);
  equal(overflow(registry, "g299"), 0);
  const metric = registry.gauge({ name: "a", help, labels: ["x"] });
  for (let n = 0; n < 300; n++) metric.series(String(n));
  equal(size(registry, "a"), 201);
});

Deno.test("MetricRegistry shows an overflow of 0 for a metric below the limit", () => {
  const registry = new MetricRegistry();
  registry.gauge({ name: "a", help, labels: ["x"] });
  registry.gauge({ name: "b", help }).series();
  const [, overflows] = registry.all();
  deepEqual([...overflows.entries()].map(([values]) => values), [["a"]]);
  equal(size(registry, "b"), 1);
});

Deno.test("Metric.series() returns the overflow series by name, beyond the limit too", () => {
  const registry = new MetricRegistry({ seriesLimit: 1 });
  const metric = registry.gauge({ name: "a", help, labels: ["x"] });
  metric.series("1");
  const named = metric.series("__overflow__");
  equal(metric.series("2"), named);
  equal(overflow(registry, "a"), 1);
});

Deno.test("seriesLimitFor() is the number of routes, at least 200 and at most 2000", () => {
  deepEqual([0, 200, 201, 5000].map(seriesLimitFor), [200, 200, 201, 2000]);
});

Deno.test("Metric.definition is a frozen copy of the author's definition", () => {
  const labels = ["x"];
  const metric = new MetricRegistry().gauge({ name: "a", help, labels });
  labels.push("y");
  deepEqual(metric.definition, { name: "a", help, labels: ["x"] });
  ok(Object.isFrozen(metric.definition));
});

Deno.test("Counter.follow() makes the counter return a value that is counted elsewhere", () => {
  const counter = new MetricRegistry().counter({
    name: "test_total",
    help: "Test",
  }).series();
  counter.add(2);
  let elsewhere = 7;
  counter.follow(() => elsewhere);
  equal(counter.value, 7);
  elsewhere = 8;
  equal(counter.value, 8);
});
