import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import {
  Counter,
  Gauge,
  Histogram as PromHistogram,
  type Registry,
  Summary,
} from "prom-client";
import { VirtualClock } from "../../../core/lib/time/mod.ts";
import { MetricRegistry } from "../../../core/observe/metric_registry.ts";
import { canonical } from "../../../plugins/exporters/exposition.ts";
import { Prometheus } from "../../../plugins/exporters/prometheus.ts";
import {
  PrometheusProtobuf,
  PROTOBUF_CONTENT_TYPE,
} from "../../../plugins/exporters/prometheus_protobuf.ts";
import { PrometheusText } from "../../../plugins/exporters/prometheus_text.ts";
import { parse, sampleKey } from "./_exposition.ts";
import {
  type DecodedFamily,
  decodeFamilies,
  nativeBuckets,
} from "./_metric_family.ts";

const help = "Test";

function joined(parts: Iterable<Uint8Array | undefined>): Uint8Array {
  return Uint8Array.from(
    [...parts].flatMap((part) => part === undefined ? [] : [...part]),
  );
}

function familiesOf(metrics: MetricRegistry): DecodedFamily[] {
  return decodeFamilies(
    joined(new PrometheusProtobuf(0).slices(metrics.all())),
  );
}

/** The samples of the text format that Prometheus makes of the messages, by their key. */
function samplesOf(families: readonly DecodedFamily[]): Map<string, number> {
  const samples = new Map<string, number>();
  for (const { name, metric } of families) {
    for (
      const { label, gauge, counter, untyped, summary, histogram } of metric
    ) {
      const labels = Object.fromEntries(
        label.map(({ name, value }) => [name, value]),
      );
      const set = (suffix: string, value: number, more = {}) =>
        samples.set(sampleKey(name + suffix, { ...labels, ...more }), value);
      const single = gauge ?? counter ?? untyped;
      if (single !== undefined) set("", single.value);
      const many = histogram ?? summary;
      if (many !== undefined) {
        set("_sum", many.sample_sum);
        set("_count", many.sample_count);
      }
      for (const bucket of histogram?.bucket ?? []) {
        const { upper_bound: end } = bucket;
        const le = end === Infinity ? "+Inf" : String(end);
        set("_bucket", bucket.cumulative_count, { le });
      }
      for (const { quantile, value } of summary?.quantile ?? []) {
        set("", value, { quantile: canonical(quantile) });
      }
    }
  }
  return samples;
}

/** Samples that differ or are missing in one of the two. */
function difference(
  one: ReadonlyMap<string, number>,
  other: ReadonlyMap<string, number>,
): unknown[] {
  return [...new Set([...one.keys(), ...other.keys()])]
    .map((key) => [key, one.get(key), other.get(key)])
    .filter(([, a, b]) => a !== b);
}

Deno.test("PrometheusProtobuf writes the same samples as the text format, for any labels and figures", () => {
  const label = fc.oneof(fc.string({ unit: "binary" }), fc.constant('q"}\n'));
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(label, fc.double({ min: 0, max: 1e9, noNaN: true }), fc.nat()),
        { minLength: 1 },
      ),
      (events) => {
        const metrics = new MetricRegistry({ seriesLimit: 5 });
        const labels = ["x"];
        const counter = metrics.counter({ name: "c_total", help, labels });
        const gauge = metrics.gauge({ name: "g", help, labels });
        const timing = metrics.timing({ name: "t_seconds", help, labels });
        for (const [label, value, count] of events) {
          counter.series(label).add(count);
          gauge.series(label).set(0 - value);
          timing.series(label).record(value);
        }
        const { samples } = parse(
          [...new PrometheusText().slices(metrics.all())].join(""),
        );
        const families = familiesOf(metrics);
        deepEqual(difference(samplesOf(families), samples), []);
        deepEqual(
          families.map(({ name, type }) => [name, type]).slice(-3),
          [["c_total", "COUNTER"], ["g", "GAUGE"], ["t_seconds", "HISTOGRAM"]],
        );
      },
    ),
    { seed: 8, numRuns: 100 },
  );
});

Deno.test("PrometheusProtobuf writes native histograms whose buckets contain the durations, to within 0.4 % of their values", () => {
  const duration = fc.oneof(
    fc.double({ min: 0, max: 1e7, noNaN: true }),
    fc.double({ min: -10, max: 16, noNaN: true }).map((power) => 2 ** power),
    fc.constantFrom(0, 1e-7, 1, 30, 31.25, 62.5, 125, 1000, 2000),
  );
  fc.assert(
    fc.property(fc.array(duration, { maxLength: 200 }), (durations) => {
      const metrics = new MetricRegistry();
      const timing = metrics.timing({ name: "t_seconds", help }).series();
      for (const duration of durations) timing.record(duration);
      const histogram = familiesOf(metrics).at(-1)?.metric[0].histogram;
      ok(histogram !== undefined);
      const { schema = NaN, zero_threshold = 0, zero_count = 0 } = histogram;
      ok(zero_threshold > 0, "it is recognised as native, even if empty");
      const buckets = nativeBuckets(histogram);
      ok(buckets.size <= 160);
      const total = [...buckets.values()].reduce((sum, n) => sum + n, 0);
      equal(total + zero_count, durations.length);
      equal(total + zero_count, histogram.sample_count);
      // Up to each boundary there are as many durations as the buckets say, if boundaries may be off by 0.4 %.
      let below = zero_count;
      for (const [index, count] of buckets) {
        ok(count > 0, "gaps are not sent as buckets");
        const end = 1000 * 2 ** (index / 2 ** schema);
        below += count;
        const upTo = (limit: number) =>
          durations.filter((duration) => duration <= limit).length;
        ok(below >= upTo(end * 0.996), `${below} up to ${end}`);
        ok(below <= upTo(end * 1.004), `${below} up to ${end}`);
      }
    }),
    { seed: 8, numRuns: 300 },
  );
});

Deno.test("PrometheusProtobuf joins buckets of a native histogram that would have more than 160", () => {
  const metrics = new MetricRegistry();
  const timing = metrics.timing({ name: "t_seconds", help }).series();
  for (let power = -15; power < 20; power += 0.01) timing.record(2 ** power);
  const histogram = familiesOf(metrics).at(-1)?.metric[0].histogram;
  ok(histogram !== undefined);
  const { size } = nativeBuckets(histogram);
  ok(size > 80 && size <= 160, `${size}`);
  equal(histogram.schema, 2);
});

Deno.test("PrometheusProtobuf writes exemplars with their time", () => {
  const metrics = new MetricRegistry();
  metrics.timing({ name: "t_seconds", help }, [10, 20]).series()
    .record(15, "abc", 2500);
  const [family] = decodeFamilies(
    joined(new PrometheusProtobuf(1_700_000_000_000).slices(metrics.all())),
  ).slice(-1);
  deepEqual(
    family.metric[0].histogram?.bucket.map(({ exemplar }) => exemplar),
    [undefined, {
      label: [{ name: "trace_id", value: "abc" }],
      value: 0.015,
      timestamp: { seconds: 1_700_000_002, nanos: 500_000_000 },
    }, undefined],
  );
});

Deno.test("PrometheusProtobuf lets other work go first, and writes large metrics in blocks", () => {
  const metrics = new MetricRegistry({ seriesLimit: 2000 });
  const timing = metrics.timing({ name: "t_seconds", help, labels: ["n"] });
  for (let n = 0; n < 1000; n++) timing.series(`${n}`).record(n);
  const slices = [...new PrometheusProtobuf(0).slices(metrics.all())];
  ok(slices.filter((slice) => slice === undefined).length >= 100);
  for (const slice of slices) ok((slice?.length ?? 0) < 70_000);
  equal(decodeFamilies(joined(slices)).at(-1)?.metric.length, 1000);
});

Deno.test("PrometheusProtobuf leaves out metrics without series, and series that cannot be read", () => {
  const metrics = new MetricRegistry();
  metrics.gauge({ name: "none", help, labels: ["x"] });
  const gauge = metrics.gauge({ name: "g", help, labels: ["x"] });
  gauge.series("a").set(1);
  gauge.series("b").follow(() => {
    throw new Error("no");
  });
  const omitted: string[] = [];
  const families = decodeFamilies(
    joined(
      new PrometheusProtobuf(0).slices(
        metrics.all(),
        (metric, reason) => omitted.push(`${metric}: ${reason}`),
      ),
    ),
  );
  deepEqual(families.map(({ name }) => name).slice(-1), ["g"]);
  equal(families.at(-1)?.metric.length, 1);
  deepEqual(omitted, ["g: it could not be read: Error: no"]);
});

Deno.test("A scrape in protocol buffers contains the metrics of plugin authors, with the same samples as in text", async () => {
  const metrics = new MetricRegistry();
  const prometheus = new Prometheus(
    { clock: new VirtualClock(), metrics, log: () => {} },
    0,
  );
  const registers: Registry[] = [prometheus.registry as unknown as Registry];
  const labelNames = ["x"];
  new Counter({ name: "shop_total", help, labelNames, registers })
    .inc({ x: "ü" }, 2);
  new Counter({ name: "shop_visits", help, registers }).inc(3);
  new Gauge({ name: "shop_open", help, registers }).set(-1.5);
  const histogram = new PromHistogram({
    name: "shop_seconds",
    help,
    labelNames,
    registers,
  });
  const summary = new Summary({
    name: "shop_size",
    help,
    labelNames,
    percentiles: [0.5, 0.99],
    registers,
  });
  for (const x of ["a", "b"]) {
    for (const value of [0.1, 0.2, 7]) {
      histogram.observe({ x }, value);
      summary.observe({ x }, value);
    }
  }
  const endpoint = prometheus.endpoint("/metrics");
  const scrape = async (accept: string): Promise<Response> => {
    const answer = await endpoint.handle({
      request: new Request("http://localhost/metrics", { headers: { accept } }),
      parameters: {},
      body: undefined,
      query: undefined,
    });
    ok(answer instanceof Response);
    equal(answer.status, 200);
    return answer;
  };
  const binary = await scrape(PROTOBUF_CONTENT_TYPE);
  equal(binary.headers.get("content-type"), PROTOBUF_CONTENT_TYPE);
  const families = decodeFamilies(await binary.bytes());
  const { samples } = parse(await (await scrape("text/plain")).text());
  const shop = (all: ReadonlyMap<string, number>) =>
    new Map([...all].filter(([key]) => key.includes("shop_")));
  const decoded = shop(samplesOf(families));
  deepEqual(difference(decoded, shop(samples)), []);
  equal(decoded.size, 3 + 2 * (12 + 2) + 2 * 4);
});
