import { deepEqual, equal, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import { Counter, Gauge, Histogram, Registry, Summary } from "prom-client";
import { openMetrics } from "../../../plugins/exporters/open_metrics.ts";
import {
  type Family,
  familySlices,
} from "../../../plugins/exporters/prom_client_text.ts";
import { PROMETHEUS_TEXT } from "../../../plugins/exporters/prometheus_format.ts";
import { parse } from "./_exposition.ts";

const OPEN_METRICS = openMetrics(0);

/** One metric of each kind, as prom-client tells them, and its own text of them. */
async function play(events: readonly Event[]) {
  const registry = new Registry();
  const registers = [registry];
  const labelNames = ["a", "b"];
  const help = 'A "test"\nwith a \\';
  const counter = new Counter({ name: "c_total", help, labelNames, registers });
  const gauge = new Gauge({ name: "g", help, labelNames, registers });
  const histogram = new Histogram({ name: "h", help, labelNames, registers });
  const summary = new Summary({ name: "s", help, labelNames, registers });
  for (const { a, b, value } of events) {
    counter.inc({ a, b }, value);
    gauge.set({ a, b }, -value);
    histogram.observe({ a, b }, value);
    summary.observe({ a, b }, value);
  }
  const families: Family[] = [];
  for (const metric of [counter, gauge, histogram, summary]) {
    families.push(await metric.get() as unknown as Family);
  }
  return { families, oracle: await registry.metrics() };
}

/** Something to record. */
interface Event {
  readonly a: string;
  readonly b: string;
  readonly value: number;
}

const label = fc.oneof(
  fc.constantFrom("", "\\", '"', "\n", "\\n", "}", "a,b=", "ü", "__overflow__"),
  fc.string({ unit: "grapheme", maxLength: 6 }),
);

Deno.test("familySlices() says the same as prom-client's own text, in both formats", async () => {
  const event = fc.record({
    a: label,
    b: fc.constantFrom("1", "2"),
    value: fc.double({ min: 0, max: 100, noNaN: true }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 20 }), async (events) => {
      const { families, oracle } = await play(events);
      const expected = parse(oracle);
      for (const format of [PROMETHEUS_TEXT, OPEN_METRICS]) {
        const text = families.flatMap((family) => [
          ...familySlices(family, format),
        ]).join("") + format.end;
        const { samples, help } = parse(text);
        deepEqual(samples, expected.samples);
        equal(help.get("g"), expected.help.get("g"));
      }
    }),
    { seed: 42, numRuns: 60 },
  );
});

function family(parts: Partial<Family>): Family {
  return { name: "m", help: "Test", type: "gauge", values: [], ...parts };
}

Deno.test("familySlices() keeps the name of a counter that is not called _total, in OpenMetrics without its type", () => {
  const one = family({ type: "counter", values: [{ value: 1, labels: {} }] });
  equal(
    [...familySlices(one, OPEN_METRICS)].join(""),
    "# TYPE m unknown\n# HELP m Test\nm 1\n",
  );
  equal(
    [...familySlices(one, PROMETHEUS_TEXT)].join(""),
    "# HELP m Test\n# TYPE m counter\nm 1\n",
  );
});

Deno.test("familySlices() writes exemplars in OpenMetrics alone", () => {
  const exemplar = { labelSet: { trace_id: 'x"' }, value: 0.5, timestamp: 12 };
  const one = family({ values: [{ value: 1, exemplar }] });
  ok(
    [...familySlices(one, OPEN_METRICS)].join("")
      .endsWith('m 1 # {trace_id="x\\""} 0.5 12.000\n'),
  );
  ok([...familySlices(one, PROMETHEUS_TEXT)].join("").endsWith("m 1\n"));
  const bare = family({
    values: [{ value: 1, exemplar: { ...exemplar, labelSet: {} } }],
  });
  ok(
    [...familySlices(bare, OPEN_METRICS)].join("")
      .endsWith("m 1 # {} 0.5 12.000\n"),
  );
});

Deno.test("familySlices() gives default labels to series that have none of their own", () => {
  const one = family({
    values: [{ value: 1, labels: { a: "own" } }, { value: 2, labels: {} }],
  });
  const text = [...familySlices(one, PROMETHEUS_TEXT, { a: "d", b: 7 })].join(
    "",
  );
  ok(text.endsWith('m{a="own",b="7"} 1\nm{a="d",b="7"} 2\n'));
});

Deno.test("familySlices() refuses a series that is there twice, also where it only becomes the same in UTF-8", () => {
  for (const [one, other] of [["x", "x"], ["\ud800", "\udfff"]]) {
    const twice = family({
      values: [{ value: 1, labels: { one } }, {
        value: 2,
        labels: { one: other },
      }],
    });
    throws(() => [...familySlices(twice, PROMETHEUS_TEXT)], {
      message: /^the series m\{one=".+"\} is there twice$/,
    });
  }
});

Deno.test("familySlices() ends a slice after 256 lines", () => {
  const values = Array.from({ length: 1000 }, (_, n) => ({
    value: n,
    labels: { n },
  }));
  const slices = [...familySlices(family({ values }), PROMETHEUS_TEXT)];
  equal(slices.length, 4);
  equal(parse(slices.join("")).samples.size, 1000);
});
