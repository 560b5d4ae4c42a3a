/**
 * Metrics as protocol buffers, the only format in which Prometheus takes native histograms. Histograms have their classic buckets too:
 * Prometheus stores those unless it is told to store native histograms, or both.
 *
 * @see https://github.com/prometheus/client_model/blob/master/io/prometheus/client/metrics.proto
 * @module
 */
import type {
  Exemplar,
  HistogramSnapshot,
  MetricDefinition,
} from "../../core/plugin.ts";
import {
  boundaryInSeconds,
  type ReadableMetric,
  type ReadableTiming,
  type ReadableValue,
} from "./exposition.ts";
import { nativeHistogram, ZERO_THRESHOLD } from "./native_histogram.ts";
import { ProtobufWriter } from "./protobuf_writer.ts";

/** Content type of the messages. */
export const PROTOBUF_CONTENT_TYPE =
  "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";

/** Number of buckets and values after which other work goes first; takes less than 0.2 ms. */
const SLICE = 512;

/** Number of them in the first slice, doubled from slice to slice: code that runs for the first time takes ten times as long. */
const FIRST_SLICE = 64;

/** Cost of a series, in buckets. */
const SERIES_COST = 32;

const FAMILY = { name: 1, help: 2, type: 3, metric: 4 } as const;
const METRIC = {
  label: 1,
  gauge: 2,
  counter: 3,
  summary: 4,
  untyped: 5,
  histogram: 7,
} as const;
const PAIR = { name: 1, value: 2 } as const;
const SINGLE = { value: 1 } as const;
const HISTOGRAM = {
  count: 1,
  sum: 2,
  bucket: 3,
  schema: 5,
  zeroThreshold: 6,
  zeroCount: 7,
  positiveSpan: 12,
  positiveDelta: 13,
} as const;
const BUCKET = { count: 1, end: 2, exemplar: 3 } as const;
const BUCKET_FIELDS = { whole: BUCKET.count, double: BUCKET.end } as const;
const SPAN = { offset: 1, length: 2 } as const;
const SUMMARY = { count: 1, sum: 2, quantile: 3 } as const;
const QUANTILE = { probability: 1, value: 2 } as const;
const EXEMPLAR = { label: 1, value: 2, timestamp: 3 } as const;
const TIMESTAMP = { seconds: 1, nanoseconds: 2 } as const;

const TYPES = {
  counter: 0,
  gauge: 1,
  summary: 2,
  untyped: 3,
  histogram: 4,
} as const;

/** Size from which parts of a message are handed on, in bytes. */
const BLOCK = 64 * 1024;

/** Reason why a metric is left out. */
type Omit = (metric: string, reason: string) => void;

/** Writes perfmock's own metrics. The labels of a series never change and are encoded once. */
export class PrometheusProtobuf {
  readonly #origin: number;
  readonly #writer = new ProtobufWriter();
  readonly #labels = new WeakMap<object, Uint8Array>();

  /** @param origin wall-clock time at which the clock of the exemplars was 0, in milliseconds since 1970 */
  constructor(origin: number) {
    this.#origin = origin;
  }

  /**
   * The messages in parts; undefined when other work should go first. The figures of one series are read at one moment.
   *
   * @param omit called with the metric and the reason if a value could not be read and its series is left out
   */
  *slices(
    metrics: Iterable<ReadableMetric>,
    omit: Omit = () => {},
  ): Generator<Uint8Array | undefined> {
    let work = 0;
    let full = FIRST_SLICE;
    for (const metric of metrics) {
      const { definition: { name, help }, type, boundaries = [] } = metric;
      const ends = [...boundaries.map(boundaryInSeconds), Infinity];
      const parts = [this.#head(name, help, type)];
      for (const [values, series] of metric.entries()) {
        const labels = this.#labelsOf(metric.definition, values, series);
        // Nothing is left in the writer when other work goes first, which may be another scrape.
        const written = "cumulative" in series
          ? this.#timing(labels, series, ends)
          : this.#value(labels, series, {
            type: type === "counter" ? type : "gauge",
            failed: (reason) => omit(name, reason),
          });
        if (written !== undefined) parts.push(written);
        work += SERIES_COST + ends.length;
        if (work < full) continue;
        yield undefined;
        full = Math.min(2 * full, SLICE);
        work = 0;
      }
      // Prometheus skips a metric without series.
      if (parts.length > 1) yield* delimited(parts);
    }
  }

  #head(name: string, help: string, type: keyof typeof TYPES): Uint8Array {
    const writer = this.#writer;
    writer.string(FAMILY.name, name);
    writer.string(FAMILY.help, help);
    writer.uint(FAMILY.type, TYPES[type]);
    return writer.take();
  }

  #labelsOf(
    { labels = [] }: MetricDefinition,
    values: readonly string[],
    series: object,
  ): Uint8Array {
    let encoded = this.#labels.get(series);
    if (encoded === undefined) {
      const pairs = labels.map((label, index) =>
        [label, values[index]] as const
      );
      writePairs(this.#writer, METRIC.label, pairs);
      encoded = this.#writer.take();
      this.#labels.set(series, encoded);
    }
    return encoded;
  }

  #value(
    labels: Uint8Array,
    series: ReadableValue,
    { type, failed }: {
      readonly type: "counter" | "gauge";
      readonly failed: (reason: string) => void;
    },
  ): Uint8Array | undefined {
    let value: number;
    try {
      value = series.value;
    } catch (error) {
      failed(`it could not be read: ${error}`);
      return undefined;
    }
    const writer = this.#writer;
    const metric = writer.begin(FAMILY.metric);
    writer.raw(labels);
    writeSingle(writer, type, value);
    writer.end(metric);
    return writer.take();
  }

  #timing(
    labels: Uint8Array,
    timing: ReadableTiming,
    ends: readonly number[],
  ): Uint8Array {
    const writer = this.#writer;
    const cumulative = timing.cumulative();
    const metric = writer.begin(FAMILY.metric);
    writer.raw(labels);
    const histogram = writer.begin(METRIC.histogram);
    writer.uint(HISTOGRAM.count, cumulative[ends.length - 1]);
    writer.double(HISTOGRAM.sum, timing.sum / 1000);
    for (let index = 0; index < cumulative.length; index++) {
      const exemplar = timing.exemplar(index);
      if (exemplar === undefined) {
        writer.pair(HISTOGRAM.bucket, BUCKET_FIELDS, {
          whole: cumulative[index],
          double: ends[index],
        });
        continue;
      }
      const bucket = writer.begin(HISTOGRAM.bucket);
      writer.uint(BUCKET.count, cumulative[index]);
      writer.double(BUCKET.end, ends[index]);
      this.#exemplar(exemplar);
      writer.end(bucket);
    }
    writeNative(writer, timing.snapshot());
    writer.end(histogram);
    writer.end(metric);
    return writer.take();
  }

  #exemplar({ trace, value, at }: Exemplar): void {
    const writer = this.#writer;
    const exemplar = writer.begin(BUCKET.exemplar);
    writePairs(writer, EXEMPLAR.label, [["trace_id", trace]]);
    writer.double(EXEMPLAR.value, value / 1000);
    const timestamp = writer.begin(EXEMPLAR.timestamp);
    const milliseconds = Math.round(this.#origin + at);
    writer.uint(TIMESTAMP.seconds, Math.floor(milliseconds / 1000));
    writer.uint(TIMESTAMP.nanoseconds, milliseconds % 1000 * 1e6);
    writer.end(timestamp);
    writer.end(exemplar);
  }
}

/** Samples of a metric that were made by another library, in the form of prom-client. */
export interface SampleFamily {
  /** Name of the metric. */
  readonly name: string;
  /** Description of the metric. */
  readonly help: string;
  /** Prometheus' word for the type. */
  readonly type: string;
  /** Samples; those of histograms and summaries have names of their own. */
  readonly values: readonly {
    readonly value: number;
    readonly labels?: Readonly<Record<string, string | number | undefined>>;
    readonly metricName?: string;
  }[];
}

/** One metric of a {@linkcode SampleFamily}: the samples with the same labels, apart from `le` and `quantile`. */
interface SampleGroup {
  readonly labels: readonly (readonly [string, string])[];
  /** Buckets by their upper boundary, or quantiles by their probability. */
  readonly parts: [at: number, value: number][];
  value: number;
  sum: number;
  count: number;
}

/** The message of a metric that was made by another library. Its histograms have classic buckets only, and no exemplars. */
export function sampleMessage(family: SampleFamily): Uint8Array {
  const writer = new ProtobufWriter();
  const type = family.type in TYPES
    ? family.type as keyof typeof TYPES
    : "untyped";
  writer.string(FAMILY.name, family.name);
  writer.string(FAMILY.help, family.help);
  writer.uint(FAMILY.type, TYPES[type]);
  for (const group of groupsOf(family)) {
    const metric = writer.begin(FAMILY.metric);
    writePairs(writer, METRIC.label, group.labels);
    if (type === "histogram") writeClassic(writer, group);
    else if (type === "summary") writeSummary(writer, group);
    else writeSingle(writer, type, group.value);
    writer.end(metric);
  }
  const message = writer.take();
  writer.varint(message.length);
  writer.raw(message);
  return writer.take();
}

function groupsOf({ name, type, values }: SampleFamily): SampleGroup[] {
  const part = { histogram: "le", summary: "quantile" }[type];
  const groups = new Map<string, SampleGroup>();
  for (const { value, labels = {}, metricName } of values) {
    const pairs = Object.entries(labels)
      .filter(([label]) => label !== part)
      .map(([label, value]) => [label, String(value)] as const);
    const key = JSON.stringify(pairs);
    let group = groups.get(key);
    if (group === undefined) {
      group = { labels: pairs, parts: [], value: 0, sum: 0, count: 0 };
      groups.set(key, group);
    }
    if (part !== undefined && metricName === `${name}_sum`) group.sum = value;
    else if (part !== undefined && metricName === `${name}_count`) {
      group.count = value;
    } else if (part === undefined) group.value = value;
    else {
      const at = String(labels[part]).replace("Inf", "Infinity");
      group.parts.push([Number(at), value]);
    }
  }
  return [...groups.values()];
}

function writeClassic(
  writer: ProtobufWriter,
  { sum, count, parts }: SampleGroup,
): void {
  const histogram = writer.begin(METRIC.histogram);
  writer.uint(HISTOGRAM.count, count);
  writer.double(HISTOGRAM.sum, sum);
  for (const [end, cumulative] of parts) {
    writer.pair(HISTOGRAM.bucket, BUCKET_FIELDS, {
      whole: cumulative,
      double: end,
    });
  }
  writer.end(histogram);
}

function writeSummary(
  writer: ProtobufWriter,
  { sum, count, parts }: SampleGroup,
): void {
  const summary = writer.begin(METRIC.summary);
  writer.uint(SUMMARY.count, count);
  writer.double(SUMMARY.sum, sum);
  for (const [probability, value] of parts) {
    const quantile = writer.begin(SUMMARY.quantile);
    writer.double(QUANTILE.probability, probability);
    writer.double(QUANTILE.value, value);
    writer.end(quantile);
  }
  writer.end(summary);
}

function writeSingle(
  writer: ProtobufWriter,
  type: "counter" | "gauge" | "untyped",
  value: number,
): void {
  const single = writer.begin(METRIC[type]);
  writer.double(SINGLE.value, value);
  writer.end(single);
}

function writePairs(
  writer: ProtobufWriter,
  field: number,
  pairs: readonly (readonly [name: string, value: string])[],
): void {
  for (const [name, value] of pairs) {
    const pair = writer.begin(field);
    writer.string(PAIR.name, name);
    writer.string(PAIR.value, value);
    writer.end(pair);
  }
}

/** The zero threshold marks a native histogram even where it has no values yet. */
function writeNative(
  writer: ProtobufWriter,
  snapshot: HistogramSnapshot,
): void {
  const { schema, zeroCount, spans, deltas } = nativeHistogram(snapshot);
  writer.sint(HISTOGRAM.schema, schema);
  writer.double(HISTOGRAM.zeroThreshold, ZERO_THRESHOLD);
  writer.uint(HISTOGRAM.zeroCount, zeroCount);
  for (const [offset, length] of spans) {
    const span = writer.begin(HISTOGRAM.positiveSpan);
    writer.sint(SPAN.offset, offset);
    writer.uint(SPAN.length, length);
    writer.end(span);
  }
  writer.packedSints(HISTOGRAM.positiveDelta, deltas);
}

/** A message with its length before it, in blocks. */
function* delimited(parts: readonly Uint8Array[]): Generator<Uint8Array> {
  const writer = new ProtobufWriter();
  writer.varint(parts.reduce((size, { length }) => size + length, 0));
  for (const part of parts) {
    writer.raw(part);
    if (writer.length >= BLOCK) yield writer.take();
  }
  if (writer.length > 0) yield writer.take();
}
