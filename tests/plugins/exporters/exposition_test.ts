import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { MetricRegistry } from "../../../core/observe/metric_registry.ts";
import type { Metrics } from "../../../core/plugin.ts";
import {
  canonical,
  familyOf,
  openMetrics,
  sampleNames,
} from "../../../plugins/exporters/exposition.ts";
import { PrometheusText } from "../../../plugins/exporters/prometheus_text.ts";
import { parse, sampleKey } from "./_exposition.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const ORIGIN = Date.UTC(2026, 10, 22);

function textOf(metrics: Metrics): string {
  const format = openMetrics(ORIGIN);
  return [...new PrometheusText().slices(metrics.all(), format)].join("") +
    format.end;
}

Deno.test("openMetrics() writes the family of a counter without _total, and ends with EOF", () => {
  const metrics = new MetricRegistry();
  metrics.counter({ name: "a_total", help: 'Say "how\nmany"' }).series().add(2);
  metrics.gauge({ name: "b", help: "Now" }).series().set(1);
  const text = textOf(metrics);
  equal(
    text.slice(text.indexOf("# TYPE a ")),
    `# TYPE a counter
# HELP a Say \\"how\\nmany\\"
a_total 2
# TYPE b gauge
# HELP b Now
b 1
# EOF
`,
  );
});

Deno.test("openMetrics() writes the exemplar of each bucket that has one, with its time in seconds since 1970", () => {
  const metrics = new MetricRegistry();
  const timing = metrics.timing({ name: "a_seconds", help: "Test" }, [1, 20])
    .series();
  timing.record(0.5);
  timing.record(12.5, TRACE, 1500.25);
  timing.record(5000, TRACE, 2000);
  const text = textOf(metrics);
  equal(
    text.slice(text.indexOf("# TYPE a_seconds")),
    `# TYPE a_seconds histogram
# HELP a_seconds Test
a_seconds_bucket{le="0.001"} 1
a_seconds_bucket{le="0.02"} 2 # {trace_id="${TRACE}"} 0.0125 ${
      (ORIGIN / 1000 + 1.50025).toFixed(3)
    }
a_seconds_bucket{le="+Inf"} 3 # {trace_id="${TRACE}"} 5 ${ORIGIN / 1000 + 2}.000
a_seconds_sum 5.013
a_seconds_count 3
# EOF
`,
  );
});

Deno.test("openMetrics() writes the same samples as the text format, and exemplars", () => {
  const metrics = new MetricRegistry();
  const labels = ["route"];
  const timing = metrics.timing({ name: "a_seconds", help: "A", labels });
  for (const route of ["x", 'q"}', "\n", "ü\\"]) {
    timing.series(route).record(3, TRACE, 1);
  }
  metrics.counter({ name: "b_total", help: "B", labels }).series("1").add(7);
  const plain = parse([...new PrometheusText().slices(metrics.all())].join(""));
  const open = parse(textOf(metrics));
  deepEqual(open.samples, plain.samples);
  equal(plain.exemplars.size, 0);
  equal(open.exemplars.size, 4);
  ok(
    open.exemplars.has(
      sampleKey("a_seconds_bucket", { route: 'q"}', le: "0.003" }),
    ),
  );
  ok(open.complete && !plain.complete);
});

Deno.test("familyOf() returns the type unknown for a counter whose name does not end in _total, so that its name stays", () => {
  deepEqual(familyOf("a_total", "counter"), ["a", "counter"]);
  deepEqual(familyOf("a", "counter"), ["a", "unknown"]);
  deepEqual(familyOf("a_total", "gauge"), ["a_total", "gauge"]);
});

Deno.test("canonical() writes numbers in the notation of OpenMetrics", () => {
  const expected: readonly (readonly [number, string])[] = [
    [0, "0.0"],
    [-0, "0.0"],
    [1, "1.0"],
    [-1, "-1.0"],
    [0.25, "0.25"],
    [120, "120.0"],
    [999999, "999999.0"],
    [1e6, "1e+06"],
    [1234567.5, "1.2345675e+06"],
    [1e-4, "0.0001"],
    [1e-5, "1e-05"],
    [2.5e-5, "2.5e-05"],
    [1e100, "1e+100"],
    [Infinity, "+Inf"],
    [-Infinity, "-Inf"],
    [NaN, "NaN"],
  ];
  for (const [value, text] of expected) equal(canonical(value), text);
});

Deno.test("canonical() keeps all digits of a number", () => {
  fc.assert(
    fc.property(
      fc.double({ noDefaultInfinity: true, noNaN: true }),
      (value) => equal(Number(canonical(value)), value === 0 ? 0 : value),
    ),
    { seed: 42, numRuns: 500 },
  );
});

Deno.test("sampleNames() returns the samples of each type, and the family of a counter", () => {
  deepEqual(sampleNames("h", "histogram"), [
    "h",
    "h_bucket",
    "h_sum",
    "h_count",
  ]);
  deepEqual(sampleNames("s", "summary"), ["s", "s_sum", "s_count"]);
  deepEqual(sampleNames("c_total", "counter"), ["c_total", "c"]);
  deepEqual(sampleNames("g", "gauge"), ["g"]);
});
