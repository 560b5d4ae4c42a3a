import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import {
  Counter as PromCounter,
  Gauge as PromGauge,
  Histogram as PromHistogram,
  Registry as PromRegistry,
} from "prom-client";
import { MetricRegistry } from "../../../core/observe/metric_registry.ts";
import {
  DURATION_BOUNDARIES,
  LATENESS_BOUNDARIES,
} from "../../../core/observe/timing.ts";
import type { Metrics } from "../../../core/plugin.ts";
import { boundaryInSeconds } from "../../../plugins/exporters/exposition.ts";
import { PrometheusText } from "../../../plugins/exporters/prometheus_text.ts";
import { parse, sampleKey } from "./_exposition.ts";

function textOf(metrics: Metrics, writer = new PrometheusText()): string {
  return [...writer.slices(metrics.all())].join("");
}

function linesOf(metrics: Metrics, name: string): string[] {
  return textOf(metrics).split("\n").filter((line) => line.startsWith(name));
}

Deno.test("PrometheusText.slices() writes help, type and samples, in seconds", () => {
  const metrics = new MetricRegistry();
  metrics.timing({ name: "a_seconds", help: "How long", labels: ["x"] }, [
    0.25,
    100,
  ]).series("v").record(100);
  metrics.gauge({ name: "b", help: "How many" }).series().set(-1.5);
  metrics.counter({ name: "c_total", help: "None so far" });
  const text = textOf(metrics);
  equal(
    text.slice(text.indexOf("# HELP a_seconds")),
    `# HELP a_seconds How long
# TYPE a_seconds histogram
a_seconds_bucket{x="v",le="0.00025"} 0
a_seconds_bucket{x="v",le="0.1"} 1
a_seconds_bucket{x="v",le="+Inf"} 1
a_seconds_sum{x="v"} 0.1
a_seconds_count{x="v"} 1
# HELP b How many
# TYPE b gauge
b -1.5
# HELP c_total None so far
# TYPE c_total counter
`,
  );
});

Deno.test("PrometheusText.slices() writes a histogram without labels", () => {
  const metrics = new MetricRegistry();
  metrics.timing({ name: "a_seconds", help: "Test" }, [1]).series();
  deepEqual(linesOf(metrics, "a_"), [
    'a_seconds_bucket{le="0.001"} 0',
    'a_seconds_bucket{le="+Inf"} 0',
    "a_seconds_sum 0",
    "a_seconds_count 0",
  ]);
});

Deno.test("PrometheusText.slices() writes the default boundaries as round numbers of seconds, in the notation of OpenMetrics", () => {
  const metrics = new MetricRegistry();
  metrics.timing({ name: "d", help: "Test" }, DURATION_BOUNDARIES).series();
  metrics.timing({ name: "l", help: "Test" }, LATENESS_BOUNDARIES).series();
  const ends = (name: string) =>
    linesOf(metrics, `${name}_bucket`).map((line) => line.split('"')[1])
      .join(" ");
  equal(
    ends("d"),
    "0.0001 0.00025 0.0005 0.00075 " +
      "0.001 0.0011 0.0012 0.00134 0.0015 0.00165 0.0018 0.002 0.00224 0.0025 0.00275 0.003 0.0033 0.0036 0.004 0.00447 0.005 0.0055 0.006 0.0067 0.0075 0.0082 0.009 " +
      "0.01 0.011 0.012 0.0134 0.015 0.0165 0.018 0.02 0.0224 0.025 0.0275 0.03 0.033 0.036 0.04 0.0447 0.05 0.055 0.06 0.067 0.075 0.082 0.09 " +
      "0.1 0.11 0.12 0.134 0.15 0.165 0.18 0.2 0.224 0.25 0.275 0.3 0.33 0.36 0.4 0.447 0.5 0.55 0.6 0.67 0.75 0.82 0.9 " +
      "1.0 1.1 1.2 1.34 1.5 1.65 1.8 2.0 2.24 2.5 2.75 3.0 3.3 3.6 4.0 4.47 5.0 5.5 6.0 6.7 7.5 8.2 9.0 " +
      "10.0 15.0 20.0 30.0 45.0 60.0 120.0 +Inf",
  );
  equal(
    ends("l"),
    "1e-05 1.5e-05 2e-05 2.5e-05 3.5e-05 5e-05 7.5e-05 " +
      "0.0001 0.00015 0.0002 0.00025 0.00035 0.0005 0.00075 0.001 0.0015 0.002 0.0025 0.0035 0.005 0.0075 0.01 0.015 0.025 0.05 +Inf",
  );
});

Deno.test("PrometheusText.slices() writes infinite values and NaN as Prometheus does", () => {
  const metrics = new MetricRegistry();
  const gauge = metrics.gauge({ name: "a", help: "Test", labels: ["x"] });
  for (const value of [Infinity, -Infinity, NaN]) {
    gauge.series(String(value)).set(value);
  }
  deepEqual(linesOf(metrics, "a{"), [
    'a{x="Infinity"} +Inf',
    'a{x="-Infinity"} -Inf',
    'a{x="NaN"} NaN',
  ]);
});

Deno.test("PrometheusText.slices() escapes backslash, quote and newline", () => {
  const metrics = new MetricRegistry();
  metrics.gauge({
    name: "a",
    help: 'A \\ and "quotes"\nin two lines',
    labels: ["x"],
  }).series('\\ " \n \\n');
  const text = textOf(metrics);
  ok(text.includes('# HELP a A \\\\ and "quotes"\\nin two lines\n'));
  ok(text.includes('a{x="\\\\ \\" \\n \\\\n"} 0\n'));
});

Deno.test("PrometheusText.slices() writes new values and new series when it is called again", () => {
  const metrics = new MetricRegistry();
  const counter = metrics.counter({
    name: "a_total",
    help: "Test",
    labels: ["x"],
  });
  const writer = new PrometheusText();
  counter.series("1").add(1);
  textOf(metrics, writer);
  counter.series("1").add(1);
  counter.series("2").add(5);
  const { samples } = parse(textOf(metrics, writer));
  equal(samples.get(sampleKey("a_total", { x: "1" })), 2);
  equal(samples.get(sampleKey("a_total", { x: "2" })), 5);
});

Deno.test("PrometheusText.slices() writes the same samples as prom-client for the same events", async () => {
  const text = fc.oneof(
    fc.constantFrom(
      "orders",
      "__overflow__",
      "\\",
      '"',
      "\n",
      "\\n",
      "a,b=",
      "}",
    ),
    fc.string({ unit: "grapheme", maxLength: 8 }),
  );
  const value = fc.oneof(
    fc.double({ min: 0, max: 1e6, noNaN: true }),
    fc.constantFrom(...DURATION_BOUNDARIES),
  );
  const event = fc.record({
    kind: fc.constantFrom("count", "set", "time", "plain"),
    labels: fc.tuple(text, fc.constantFrom("200", "404")),
    value,
  });
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 60 }), async (events) => {
      const { metrics, registry, play } = pair();
      for (const { kind, labels, value } of events) play[kind](labels, value);
      const own = parse(textOf(metrics));
      const oracle = parse(await registry.metrics());
      for (const [name, type] of oracle.types) {
        equal(own.types.get(name), type);
        equal(own.help.get(name), oracle.help.get(name));
      }
      const mine = [...own.samples.keys()].filter((key) =>
        !key.startsWith('["perfmock_series')
      );
      deepEqual(mine.sort(), [...oracle.samples.keys()].sort());
      for (const [key, expected] of oracle.samples) {
        const actual = own.samples.get(key) ?? NaN;
        if (key.includes("_sum")) {
          // prom-client adds seconds, perfmock adds milliseconds.
          ok(Math.abs(actual - expected) <= 1e-9 * Math.abs(expected), key);
        } else equal(actual, expected, key);
      }
    }),
    { seed: 42, numRuns: 150 },
  );
});

/** The same metrics in both registries, and functions that record the same events in both. */
function pair() {
  const metrics = new MetricRegistry();
  const registry = new PromRegistry();
  const registers = [registry];
  const labels = ["route", "status"];
  const help = 'Test of "both"\nwith a \\';
  const counter = metrics.counter({ name: "c_total", help, labels });
  const gauge = metrics.gauge({ name: "g", help, labels });
  const timing = metrics.timing({ name: "h_seconds", help, labels });
  const plain = metrics.timing({ name: "p_seconds", help }, [1, 20]).series();
  const promCounter = new PromCounter({
    name: "c_total",
    help,
    labelNames: labels,
    registers,
  });
  const promGauge = new PromGauge({
    name: "g",
    help,
    labelNames: labels,
    registers,
  });
  const promTiming = new PromHistogram({
    name: "h_seconds",
    help,
    labelNames: labels,
    buckets: DURATION_BOUNDARIES.map(boundaryInSeconds),
    registers,
  });
  const promPlain = new PromHistogram({
    name: "p_seconds",
    help,
    buckets: [0.001, 0.02],
    registers,
  });
  const play = {
    count([route, status]: [string, string], value: number) {
      counter.series(route, status).add(value);
      promCounter.labels(route, status).inc(value);
    },
    set([route, status]: [string, string], value: number) {
      gauge.series(route, status).set(-value);
      promGauge.labels(route, status).set(-value);
    },
    time([route, status]: [string, string], value: number) {
      timing.series(route, status).record(value);
      promTiming.labels(route, status).observe(boundaryInSeconds(value));
    },
    plain(_: [string, string], value: number) {
      plain.record(value);
      promPlain.observe(boundaryInSeconds(value));
    },
  };
  return { metrics, registry, play };
}

/** Number of lines of a histogram of durations: its buckets, +Inf, sum and count. */
const LINES = DURATION_BOUNDARIES.length + 3;

Deno.test("PrometheusText.slices() ends a slice with the series that fills it", () => {
  const metrics = new MetricRegistry({ seriesLimit: 2000 });
  const timing = metrics.timing({
    name: "h_seconds",
    help: "T",
    labels: ["n"],
  });
  const gauge = metrics.gauge({ name: "g", help: "Test", labels: ["n"] });
  for (let n = 0; n < 200; n++) timing.series(String(n)).record(n);
  for (let n = 0; n < 1500; n++) gauge.series(String(n)).set(n);
  const slices = [...new PrometheusText().slices(metrics.all())];
  ok(slices.length >= (200 * LINES + 1500) / (256 + LINES));
  // Code that runs for the first time is slow.
  ok(slices[0].split("\n").length <= 16 + LINES);
  for (const slice of slices) {
    ok(slice.split("\n").length <= 256 + LINES);
    ok(slice.endsWith("\n"));
  }
  equal(parse(slices.join("")).samples.size, 200 * LINES + 1500 + 4);
});

Deno.test("PrometheusText.slices() writes consistent figures of a series even if events are recorded between slices", () => {
  const metrics = new MetricRegistry({ seriesLimit: 2000 });
  const timing = metrics.timing({
    name: "h_seconds",
    help: "T",
    labels: ["n"],
  });
  const all = Array.from({ length: 100 }, (_, n) => timing.series(String(n)));
  let text = "";
  for (const slice of new PrometheusText().slices(metrics.all())) {
    text += slice;
    for (const series of all) series.record(40);
  }
  const { samples } = parse(text);
  for (let n = 0; n < 100; n++) {
    const labels = { n: String(n) };
    const count = samples.get(sampleKey("h_seconds_count", labels));
    let before = 0;
    for (const end of [...DURATION_BOUNDARIES, Infinity]) {
      const le = end === Infinity ? "+Inf" : String(boundaryInSeconds(end));
      const bucket = samples.get(
        sampleKey("h_seconds_bucket", { ...labels, le }),
      ) ?? NaN;
      ok(bucket >= before);
      before = bucket;
    }
    equal(before, count);
    equal(
      samples.get(sampleKey("h_seconds_sum", labels)),
      (count ?? NaN) * 40 / 1000,
    );
  }
});
