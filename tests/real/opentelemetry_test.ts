import { deepEqual, equal } from "node:assert/strict";
import { MetricRegistry } from "../../core/observe/metric_registry.ts";
import { VirtualClock } from "../../core/lib/time/mod.ts";
import { createOtlpExporter } from "../../plugins/exporters/otlp.ts";
import { PersistentExporter } from "../../plugins/exporters/push.ts";
import { npmInstall, temporaryFolder } from "./_packages.ts";
import { required, run } from "./_software.ts";

/** Events that both record: counters, gauges and durations in milliseconds, each with a label. */
const EVENTS: readonly (readonly [string, string, number])[] = [
  ["counter", "a", 3],
  ["counter", 'quotes " and \\ and\nlines', 4],
  ["counter", "a", 2],
  ["gauge", "a", 1],
  ["gauge", "ü😀", -2.5],
  ["gauge", "a", 7],
  ["timing", "a", 10],
  ["timing", "a", 15],
  ["timing", "a", 1e6],
  ["timing", "b", 0.25],
];

/** Script in which the OpenTelemetry SDK records the events of standard input and prints its OTLP/JSON. */
const SDK = `
import { AggregationTemporality, AggregationType, MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import { JsonMetricsSerializer } from "@opentelemetry/otlp-transformer";
import { resourceFromAttributes } from "@opentelemetry/resources";
class Reader extends MetricReader {
  onForceFlush() { return Promise.resolve(); }
  onShutdown() { return Promise.resolve(); }
}
const reader = new Reader({ aggregationTemporalitySelector: () => AggregationTemporality.CUMULATIVE });
const provider = new MeterProvider({
  resource: resourceFromAttributes({ "service.name": "perfmock", "service.version": "1" }),
  readers: [reader],
  views: [{
    instrumentName: "timing_seconds",
    aggregation: {
      type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM,
      options: { boundaries: [0.001, 0.01, 0.1], recordMinMax: false },
    },
  }],
});
const meter = provider.getMeter("perfmock", "1");
const counter = meter.createCounter("counter_total", { description: "Test" });
const gauge = meter.createGauge("gauge", { description: "Test" });
const timing = meter.createHistogram("timing_seconds", { description: "Test", unit: "s" });
let text = "";
for await (const chunk of process.stdin) text += chunk;
for (const [kind, n, value] of JSON.parse(text)) {
  if (kind === "counter") counter.add(value, { n });
  else if (kind === "gauge") gauge.record(value, { n });
  else timing.record(value / 1000, { n });
}
const { resourceMetrics } = await reader.collect();
process.stdout.write(JsonMetricsSerializer.serializeRequest(resourceMetrics));
`;

/** The comparable part: 64-bit integers as strings, as the protocol's mapping writes them; without times; sorted. */
function normalised(json: string): unknown {
  const {
    resourceMetrics: [{ resource, scopeMetrics: [{ scope, metrics }] }],
  } = JSON.parse(json, (key, value) => {
    if (key === "count") return String(value);
    if (key === "bucketCounts") return value.map(String);
    // 15 digits: the terms of sums are added in another order.
    if (key === "sum" && typeof value === "number") return value.toFixed(9);
    // Default values need not be written.
    if (key === "unit" && value === "") return undefined;
    return /UnixNano$|^droppedAttributesCount$/.test(key) ? undefined : value;
  });
  const known = /^service\.(name|version)$/;
  return {
    resource: resource.attributes.filter(({ key }: { key: string }) =>
      known.test(key)
    ),
    scope,
    metrics: metrics
      .filter(({ name }: { name: string }) => !name.startsWith("perfmock_"))
      .toSorted((a: { name: string }, b: { name: string }) =>
        a.name < b.name ? -1 : 1
      ),
  };
}

/** The exporter's request for the events. */
async function ours(): Promise<string> {
  const metrics = new MetricRegistry();
  const clock = new VirtualClock();
  const labels = ["n"];
  const counter = metrics.counter({
    name: "counter_total",
    help: "Test",
    labels,
  });
  const gauge = metrics.gauge({ name: "gauge", help: "Test", labels });
  const timing = metrics.timing(
    { name: "timing_seconds", help: "Test", labels },
    [1, 10, 100],
  );
  for (const [kind, label, value] of EVENTS) {
    if (kind === "counter") counter.series(label).add(value);
    else if (kind === "gauge") gauge.series(label).set(value);
    else timing.series(label).record(value);
  }
  const posted = Promise.withResolvers<string>();
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    async (call) => {
      posted.resolve(await call.text());
      return Response.json({});
    },
  );
  const exporter = createOtlpExporter(
    { clock, metrics, version: "1", log: () => {} },
    {
      endpoint: `http://127.0.0.1:${server.addr.port}/v1/metrics`,
      interval: 10_000,
      timeout: 10_000,
      headers: {},
      temporality: "cumulative",
    },
    new PersistentExporter({ metrics, clock }),
  );
  exporter.start();
  clock.advance(1);
  const body = await posted.promise;
  await exporter[Symbol.asyncDispose]();
  await server.shutdown();
  return body;
}

Deno.test(
  "The OpenTelemetry exporter sends the same figures as the OpenTelemetry SDK for the same events",
  {
    ignore: !required,
  },
  async () => {
    await using folder = await temporaryFolder();
    await npmInstall(
      folder.path,
      "@opentelemetry/api@1.9.1",
      "@opentelemetry/otlp-transformer@0.223.1",
      "@opentelemetry/resources@2.12.1",
      "@opentelemetry/sdk-metrics@2.12.1",
    );
    const script = `${folder.path}/sdk.mjs`;
    await Deno.writeTextFile(script, SDK);
    const { code, output } = await run(
      "node",
      [script],
      JSON.stringify(EVENTS),
    );
    equal(code, 0, output);
    deepEqual(normalised(await ours()), normalised(output));
  },
);
