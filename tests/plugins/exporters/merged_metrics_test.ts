import { deepEqual, equal, ok } from "node:assert/strict";
import { VirtualClock } from "../../../core/lib/time/mod.ts";
import { MetricRegistry } from "../../../core/observe/metric_registry.ts";
import type { Metric } from "../../../core/plugin.ts";
import {
  PROMETHEUS_TEXT,
  type ReadableMetric,
  SampleNames,
} from "../../../plugins/exporters/exposition.ts";
import {
  mergeMetrics,
  metricParts,
  type MetricsPart,
} from "../../../plugins/exporters/merged_metrics.ts";
import {
  AuthorRegistry,
  mergeAuthors,
} from "../../../plugins/exporters/prom_client.ts";
import { PrometheusText } from "../../../plugins/exporters/prometheus_text.ts";

function textOf(metrics: Iterable<ReadableMetric>): string {
  return [...new PrometheusText().slices(metrics)].join("");
}

function partOf(metrics: MetricRegistry, origin = 0): MetricsPart {
  const part = { origin, metrics: metricParts(metrics.all(), () => {}) };
  return { ...JSON.parse(JSON.stringify(part)), authors: [] };
}

/** The value of one line of a text. */
function valueIn(text: string, series: string): string | undefined {
  return text.split("\n").find((line) => line.startsWith(`${series} `))
    ?.slice(series.length + 1);
}

Deno.test("mergeMetrics() of counters and histograms writes the text of one server that recorded everything", () => {
  const one = new MetricRegistry();
  const replicas = [new MetricRegistry(), new MetricRegistry()];
  const record = (metrics: MetricRegistry, route: string, value: number) => {
    metrics.counter({ name: "x_total", help: "X", labels: ["route"] })
      .series(route).add(2);
    metrics.timing({ name: "x_seconds", help: "X", labels: ["route"] })
      .series(route).record(value);
  };
  for (let i = 0; i < 200; i++) {
    // Multiples of a power of two, whose sums are exact.
    const value = (i * 37 % 101) / 8;
    const route = i % 3 === 0 ? "a" : "b";
    record(one, route, value);
    record(replicas[i % 2], route, value);
  }
  const own = (metrics: Iterable<Metric>) =>
    [...metrics].filter(({ definition }) => definition.name.startsWith("x_"));
  const merged = mergeMetrics(replicas.map((each) => partOf(each)), 0)
    .filter(({ definition }) => definition.name.startsWith("x_"));
  const lines = (text: string) => text.split("\n").sort();
  deepEqual(lines(textOf(merged)), lines(textOf(own(one.all()))));
});

Deno.test("mergeMetrics() merges each gauge by the rule in its definition", () => {
  const replicas = [[3, 1], [1, 9], [2, 5]].map(([weight, value]) => {
    const metrics = new MetricRegistry();
    const gauge = (
      name: string,
      merge?: Metric["definition"]["merge"],
    ) =>
      metrics.gauge({
        name,
        help: "X",
        labels: ["pool"],
        ...merge && { merge },
      })
        .series("db").set(name === "places" ? weight : value);
    gauge("places");
    gauge("sum");
    gauge("least", "min");
    gauge("greatest", "max");
    gauge("middle", "mean");
    gauge("share", { weight: "places" });
    return partOf(metrics);
  });
  const text = textOf(mergeMetrics(replicas, 0));
  const value = (name: string) => valueIn(text, `${name}{pool="db"}`);
  deepEqual(
    ["places", "sum", "least", "greatest", "middle", "share"].map(value),
    ["6", "15", "1", "9", "5", `${(3 * 1 + 1 * 9 + 2 * 5) / 6}`],
  );
});

Deno.test("mergeMetrics() takes no share of infinitely many places, and keeps infinite gauges", () => {
  const metrics = new MetricRegistry();
  metrics.gauge({ name: "places", help: "X" }).series().set(Infinity);
  metrics.gauge({ name: "share", help: "X", merge: { weight: "places" } })
    .series().set(0);
  const text = textOf(mergeMetrics([partOf(metrics), partOf(metrics)], 0));
  deepEqual([valueIn(text, "places"), valueIn(text, "share")], ["+Inf", "0"]);
});

Deno.test("mergeMetrics() sorts durations into the buckets of the first replica where a change has reached one only", () => {
  const replicas = [new MetricRegistry(), new MetricRegistry()];
  for (const metrics of replicas) {
    metrics.timing({ name: "x_seconds", help: "X" }).series().record(7);
  }
  replicas[0].bucketDurations([5, 10]);
  const text = textOf(mergeMetrics(replicas.map((each) => partOf(each)), 0));
  deepEqual(
    [
      'x_seconds_bucket{le="0.005"}',
      'x_seconds_bucket{le="0.01"}',
      "x_seconds_count",
    ]
      .map((series) => valueIn(text, series)),
    ["0", "2", "2"],
  );
});

Deno.test("mergeMetrics() keeps the latest exemplar of each bucket, by the clock on the wall", () => {
  const replicas = [new MetricRegistry(), new MetricRegistry()];
  const traces = ["a".repeat(32), "b".repeat(32)];
  for (const [index, metrics] of replicas.entries()) {
    metrics.timing({ name: "x_seconds", help: "X" }, [10]).series()
      .record(7, traces[index], 100 - 50 * index);
  }
  // The second replica started 1 s later, so its 50 ms are after the 100 ms of the first.
  const [merged] = mergeMetrics(
    [partOf(replicas[0], 0), partOf(replicas[1], 1000)],
    0,
  ).filter(({ definition }) => definition.name === "x_seconds");
  const [[, series]] = [...merged.entries()];
  ok("exemplar" in series);
  deepEqual(series.exemplar(0), { trace: traces[1], value: 7, at: 1050 });
});

Deno.test("metricParts() leaves out a series that cannot be read, with the reason", () => {
  const metrics = new MetricRegistry();
  metrics.gauge({ name: "broken", help: "X" }).series().follow(() => {
    throw new Error("gone");
  });
  const omitted: string[] = [];
  const parts = metricParts(
    metrics.all(),
    (name, reason) => omitted.push(`${name}: ${reason}`),
  );
  equal(
    parts.find(({ definition }) => definition.name === "broken")?.series.length,
    0,
  );
  equal(omitted.length, 1);
});

Deno.test("mergeAuthors() adds metrics of prom-client, and follows the aggregator of gauges", async () => {
  const { Counter, Gauge } = await import("prom-client");
  const names = () => new SampleNames([]);
  const parts = await Promise.all([1, 2].map(async (n) => {
    const registry = new AuthorRegistry(names);
    const counter = new Counter({
      name: "orders_total",
      help: "Orders",
      registers: [],
    });
    const gauge = new Gauge({
      name: "oldest",
      help: "Oldest",
      registers: [],
      aggregator: "max",
    });
    counter.inc(n);
    gauge.set(10 * n);
    registry.registerMetric(counter);
    registry.registerMetric(gauge);
    return JSON.parse(JSON.stringify(await registry.getMetricsAsJSON()));
  }));
  const merged = new AuthorRegistry(names);
  await mergeAuthors(merged, parts);
  let text = "";
  for await (
    const slice of merged.scrape({
      contentType: PROMETHEUS_TEXT.contentType,
      names: names(),
      clock: new VirtualClock(),
      omit: (metric, reason) => text += `${metric}: ${reason}`,
    })
  ) text += slice;
  deepEqual(
    [valueIn(text, "orders_total"), valueIn(text, "oldest")],
    ["3", "20"],
  );
});
