import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { MetricRegistry } from "../../../core/observe/metric_registry.ts";
import { PayloadWriter } from "../../../plugins/exporters/otlp_payload.ts";
import { DeliveredCounts } from "../../../plugins/exporters/delivered_counts.ts";
import { request } from "./_otlp_schema.ts";

const TRACE = "0123456789abcdef0123456789abcdef";

function rig(seriesLimit = 5000) {
  const metrics = new MetricRegistry({ seriesLimit });
  const delivered = new DeliveredCounts();
  const writer = new PayloadWriter({
    version: "1.2.3",
    instance: "me",
    delivered,
    start: 1000,
  });
  const payloads = (since = -Infinity) =>
    [...writer.payloads(metrics.all(), () => 5000.25, since)]
      .filter((payload) => payload !== undefined);
  const read = (since?: number) =>
    payloads(since).map(({ body }) => request.parse(JSON.parse(body)));
  const metric = (name: string, since?: number) =>
    read(since).flatMap(({ resourceMetrics: [{ scopeMetrics: [scope] }] }) =>
      scope.metrics
    ).filter((metric) => metric.name === name);
  return { metrics, delivered, payloads, read, metric };
}

/** A time of the clock as nanoseconds since 1970. */
function nanoseconds(milliseconds: number): string {
  return `${Math.round((performance.timeOrigin + milliseconds) * 1000)}000`;
}

Deno.test("PayloadWriter writes the resource into every request", () => {
  const { metrics, read } = rig();
  metrics.gauge({ name: "g", help: "T" }).series();
  const [{ resourceMetrics: [{ resource, scopeMetrics: [{ scope }] }] }] =
    read();
  deepEqual(
    resource.attributes.map(({ key, value }) => [key, value.stringValue]),
    [
      ["service.name", "perfmock"],
      ["service.version", "1.2.3"],
      ["service.instance.id", "me"],
    ],
  );
  deepEqual(scope, { name: "perfmock", version: "1.2.3" });
});

Deno.test("PayloadWriter writes counters as monotonic sums since its start", () => {
  const { metrics, metric } = rig();
  metrics.counter({ name: "c_total", help: 'A "test"', labels: ["a", "b"] })
    .series('"\\\n', "ü😀").add(3);
  deepEqual(metric("c_total"), [{
    name: "c_total",
    description: 'A "test"',
    sum: {
      dataPoints: [{
        attributes: [
          { key: "a", value: { stringValue: '"\\\n' } },
          { key: "b", value: { stringValue: "ü😀" } },
        ],
        startTimeUnixNano: nanoseconds(1000),
        timeUnixNano: nanoseconds(5000.25),
        asDouble: 3,
      }],
      aggregationTemporality: 2,
      isMonotonic: true,
    },
  }]);
});

Deno.test("PayloadWriter writes gauges with finite values", () => {
  const { metrics, metric } = rig();
  const gauge = metrics.gauge({ name: "g", help: "T", labels: ["n"] });
  for (const value of [-1.5, NaN, Infinity]) {
    gauge.series(`${value}`).set(value);
  }
  metrics.gauge({ name: "none", help: "T" }).series().set(NaN);
  deepEqual(metric("g"), [{
    name: "g",
    description: "T",
    gauge: {
      dataPoints: [{
        attributes: [{ key: "n", value: { stringValue: "-1.5" } }],
        timeUnixNano: nanoseconds(5000.25),
        asDouble: -1.5,
      }],
    },
  }]);
  deepEqual(metric("none"), []);
});

Deno.test("PayloadWriter writes histograms in seconds, with new exemplars", () => {
  const { metrics, metric } = rig();
  const timing = metrics.timing({ name: "t_seconds", help: "T" }, [10, 20])
    .series();
  timing.record(10, TRACE, 2000);
  timing.record(15, TRACE.replace("0", "f"), 4000);
  timing.record(50);
  const common = {
    startTimeUnixNano: nanoseconds(1000),
    timeUnixNano: nanoseconds(5000.25),
    count: "3",
    sum: 0.075,
    bucketCounts: ["1", "1", "1"],
    explicitBounds: [0.01, 0.02],
  };
  const written = (exemplars?: unknown[]) => [{
    name: "t_seconds",
    description: "T",
    unit: "s",
    histogram: {
      dataPoints: [exemplars === undefined ? common : { ...common, exemplars }],
      aggregationTemporality: 2,
    },
  }];
  const one = {
    timeUnixNano: nanoseconds(2000),
    asDouble: 0.01,
    traceId: TRACE,
  };
  const two = {
    timeUnixNano: nanoseconds(4000),
    asDouble: 0.015,
    traceId: TRACE.replace("0", "f"),
  };
  deepEqual(metric("t_seconds"), written([one, two]));
  deepEqual(metric("t_seconds", 2000), written([two]));
  deepEqual(metric("t_seconds", 4000), written());
});

Deno.test("PayloadWriter subtracts the counts from before the start", () => {
  const { metrics, metric, delivered } = rig();
  const counter = metrics.counter({ name: "c_total", help: "T" }).series();
  const timing = metrics.timing({ name: "t", help: "T" }, [10]).series();
  counter.add(100);
  timing.record(5);
  for (const _ of delivered.markAll(metrics.all())) { /* all of it */ }
  counter.add(7);
  timing.record(15);
  const [sum] = metric("c_total");
  ok("sum" in sum);
  equal(sum.sum.dataPoints[0].asDouble, 7);
  const [histogram] = metric("t");
  ok("histogram" in histogram);
  deepEqual(histogram.histogram.dataPoints[0].bucketCounts, ["0", "1"]);
  equal(histogram.histogram.dataPoints[0].sum, 0.015);
});

Deno.test("PayloadWriter ends a request at about 128 KiB, and the requests have all data points", () => {
  const { metrics, payloads } = rig();
  const timing = metrics.timing({ name: "t", help: "T", labels: ["n"] });
  const counter = metrics.counter({
    name: "c_total",
    help: "T",
    labels: ["n"],
  });
  for (let n = 0; n < 1500; n++) {
    timing.series(`${n}`).record(n);
    counter.series(`${n}`).add(n);
  }
  const all = payloads();
  ok(all.length >= 6);
  const seen = new Map<string, number>();
  for (const { body, points } of all) {
    ok(body.length < 132 * 1024);
    const { resourceMetrics: [{ scopeMetrics: [{ metrics }] }] } = request
      .parse(JSON.parse(body));
    let own = 0;
    for (const metric of metrics) {
      const list = "sum" in metric
        ? metric.sum.dataPoints
        : "gauge" in metric
        ? metric.gauge.dataPoints
        : metric.histogram.dataPoints;
      own += list.length;
      seen.set(metric.name, (seen.get(metric.name) ?? 0) + list.length);
    }
    equal(own, points);
  }
  equal(seen.get("t"), 1500);
  equal(seen.get("c_total"), 1500);
});

Deno.test("PayloadWriter lets the event loop turn every 16 data points", () => {
  const metrics = new MetricRegistry({ seriesLimit: 5000 });
  const counter = metrics.counter({
    name: "c_total",
    help: "T",
    labels: ["n"],
  });
  for (let n = 0; n < 640; n++) counter.series(`${n}`);
  const writer = new PayloadWriter({
    version: "1",
    instance: "me",
    delivered: new DeliveredCounts(),
    start: 0,
  });
  const breaths = [...writer.payloads(metrics.all(), () => 0, 0)]
    .filter((payload) => payload === undefined).length;
  equal(breaths, 40);
});

Deno.test("PayloadWriter writes valid requests of the protocol for any labels and figures", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.string({ unit: "binary" }), fc.nat(), fc.nat())),
      (events) => {
        const { metrics, read } = rig(5);
        const counter = metrics.counter({
          name: "c_total",
          help: "T",
          labels: ["n"],
        });
        const timing = metrics.timing({
          name: "t",
          help: "T",
          labels: ["n"],
        });
        for (const [label, n, ms] of events) {
          counter.series(label).add(n);
          timing.series(label).record(ms / 7, TRACE, n);
        }
        ok(read().length >= 1);
      },
    ),
    { seed: 8, numRuns: 200 },
  );
});
