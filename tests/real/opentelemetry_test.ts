import { deepEqual, equal } from "node:assert/strict";
import type { JournalEntry } from "../../core/plugin.ts";
import { MetricRegistry } from "../../core/observe/metric_registry.ts";
import { VirtualClock } from "../../core/lib/time/mod.ts";
import { createOtlpExporter } from "../../plugins/exporters/otlp.ts";
import { SpanWriter } from "../../plugins/exporters/otlp_spans.ts";
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

/** Script in which the OpenTelemetry SDK makes the spans of standard input, an OTLP request, and prints its OTLP/JSON. */
const TRACES_SDK = `
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { JsonTraceSerializer } from "@opentelemetry/otlp-transformer";
import { resourceFromAttributes } from "@opentelemetry/resources";
let text = "";
for await (const chunk of process.stdin) text += chunk;
const { resourceSpans: [{ resource, scopeSpans: [{ scope, spans }] }] } = JSON.parse(text);
const valueOf = ({ stringValue, intValue, doubleValue }) => stringValue ?? (intValue === undefined ? doubleValue : Number(intValue));
const attributesOf = (list = []) => Object.fromEntries(list.map(({ key, value }) => [key, valueOf(value)]));
const timeOf = (nanoseconds) => [Number(BigInt(nanoseconds) / 1000000000n), Number(BigInt(nanoseconds) % 1000000000n)];
let next;
const ended = [];
const provider = new BasicTracerProvider({
  resource: resourceFromAttributes(attributesOf(resource.attributes)),
  idGenerator: { generateTraceId: () => next.traceId, generateSpanId: () => next.spanId },
  spanProcessors: [{ onStart() {}, onEnd: (span) => ended.push(span), forceFlush: async () => {}, shutdown: async () => {} }],
});
const tracer = provider.getTracer(scope.name, scope.version);
for (next of spans) {
  const { traceId, parentSpanId, name, kind } = next;
  const context = parentSpanId === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, {
    traceId, spanId: parentSpanId, traceFlags: 1, isRemote: kind === 2,
  });
  const span = tracer.startSpan(name, {
    kind: kind === 2 ? SpanKind.SERVER : SpanKind.INTERNAL,
    startTime: timeOf(next.startTimeUnixNano),
    attributes: attributesOf(next.attributes),
  }, context);
  if (next.status !== undefined) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end(timeOf(next.endTimeUnixNano));
}
process.stdout.write(JsonTraceSerializer.serializeRequest(ended));
`;

/** Exchanges that make spans with and without a parent, children and an error. */
const ENTRIES: readonly JournalEntry[] = [0, 1].map((n) => ({
  number: n,
  route: "orders",
  pattern: "/orders/:id",
  session: n === 0 ? null : 'w"1',
  sequence: n,
  key: null,
  method: n === 0 ? "GET" : "PURGE",
  path: "/orders/1?a=ü",
  arrivalMs: 5,
  time: "2026-03-04T05:06:07.008009Z",
  outcome: n === 0 ? "answered" : "reset",
  status: n === 0 ? 200 : 0,
  queueMs: 2.5 * n,
  drawnMs: 10.25,
  degradationMs: 1.5,
  achievedMs: 10.5,
  totalMs: 14.5,
  latenessMs: n === 0 ? 0.25 : null,
  traceId: "0123456789abcdef0123456789abcdef",
  spanId: `0123456789abcde${n}`,
  parentSpanId: n === 0 ? null : "fedcba9876543210",
  sampled: true,
  webSocket: null,
}));

/** The comparable part of a request of spans: integers as strings; without defaults. */
function normalisedSpans(json: string): unknown {
  return JSON.parse(json, (key, value) => {
    if (key === "intValue") return String(value);
    if (/^dropped\w+Count$/.test(key)) return undefined;
    if (Array.isArray(value) && value.length === 0) return undefined;
    return key === "status" && value.code === 0 ? undefined : value;
  });
}

Deno.test(
  "The OpenTelemetry exporter writes spans as the OpenTelemetry SDK does",
  { ignore: !required },
  async () => {
    await using folder = await temporaryFolder();
    await npmInstall(
      folder.path,
      "@opentelemetry/api@1.9.1",
      "@opentelemetry/otlp-transformer@0.223.1",
      "@opentelemetry/resources@2.12.1",
      "@opentelemetry/sdk-trace-base@2.12.1",
    );
    const script = `${folder.path}/sdk.mjs`;
    await Deno.writeTextFile(script, TRACES_SDK);
    const writer = new SpanWriter({
      version: "1",
      instance: "me",
      scheme: () => "http",
    });
    const ours = writer.request(
      ENTRIES.map((entry) => writer.spans(entry).json).join(","),
    );
    const { code, output } = await run("node", [script], ours);
    equal(code, 0, output);
    deepEqual(normalisedSpans(ours), normalisedSpans(output));
  },
);
