/**
 * OTLP's metrics in the JSON mapping of its protocol buffers: 64-bit integers are texts, enumerations numbers, trace ids
 * hexadecimal.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 * @see https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/metrics/v1/metrics.proto
 * @module
 */
import type { Counter, Gauge, Metric, Timing } from "../../../core/plugin.ts";
import { type Ledger, type Series, wallTime } from "../push/mod.ts";

/** AGGREGATION_TEMPORALITY_CUMULATIVE. */
const CUMULATIVE = 2;

/** A request is closed when it has so many characters. */
const REQUEST = 128 * 1024;

/** After so many data points others get their turn: less than 1 ms. */
const BREATH = 32;

/** One request. */
export interface Payload {
  /** JSON. */
  readonly body: string;
  /** How many data points it holds. */
  readonly points: number;
}

/** What payloads are made of. */
export interface PayloadParts {
  /** perfmock's version. */
  readonly version: string;
  /** Told apart from other runs by this. */
  readonly instance: string;
  /** Knows where counting began. */
  readonly ledger: Ledger;
  /** When it began, in milliseconds of the server's clock. */
  readonly start: number;
}

/** Writes metrics as OTLP requests; what never changes of a series is made once. */
export class PayloadWriter {
  readonly #parts: PayloadParts;
  readonly #head: string;
  readonly #start: string;
  readonly #attributes = new WeakMap<Series, string>();

  /**
   * Makes a writer.
   *
   * @param parts what goes into every request
   */
  constructor(parts: PayloadParts) {
    this.#parts = parts;
    this.#start = nanoseconds(parts.start);
    const resource = {
      attributes: [
        attribute("service.name", "perfmock"),
        attribute("service.version", parts.version),
        attribute("service.instance.id", parts.instance),
      ],
    };
    const scope = { name: "perfmock", version: parts.version };
    this.#head = `{"resourceMetrics":[{"resource":${
      JSON.stringify(resource)
    },"scopeMetrics":[{"scope":${JSON.stringify(scope)},"metrics":[`;
  }

  /**
   * The requests of one delivery; undefined where others should get their turn. The figures of one series belong to one
   * moment, which its data point tells.
   *
   * @param metrics what is told
   * @param now the present on the server's clock
   * @param since exemplars from after this time of the clock are told
   */
  *payloads(
    metrics: Iterable<Metric>,
    now: () => number,
    since: number,
  ): Generator<Payload | undefined> {
    let body = "";
    let points = 0;
    let seen = 0;
    for (const metric of metrics) {
      const head = metricHead(metric);
      let own = "";
      for (const [values, series] of metric.entries()) {
        if (++seen % BREATH === 0) yield undefined;
        const attributes = this.#attributesOf(metric, values, series);
        const point = this.#point(metric, series, {
          common: `{${attributes}"timeUnixNano":"${nanoseconds(now())}"`,
          since,
        });
        if (point === undefined) continue;
        own += own === "" ? head + point : `,${point}`;
        points++;
        if (body.length + own.length < REQUEST) continue;
        yield this.#close(join(body, own + TAILS[metric.type]), points);
        [body, own, points] = ["", "", 0];
      }
      if (own !== "") body = join(body, own + TAILS[metric.type]);
    }
    if (points > 0) yield this.#close(body, points);
  }

  #close(metrics: string, points: number): Payload {
    return { body: `${this.#head}${metrics}]}]}]}`, points };
  }

  #attributesOf(
    { type, definition: { labels = [] } }: Metric,
    values: readonly string[],
    series: Series,
  ): string {
    let written = this.#attributes.get(series);
    if (written === undefined) {
      const list = labels.map((label, index) =>
        attribute(label, values[index])
      );
      written = list.length > 0 ? `"attributes":${JSON.stringify(list)},` : "";
      if (type !== "gauge") written += `"startTimeUnixNano":"${this.#start}",`;
      this.#attributes.set(series, written);
    }
    return written;
  }

  #point(
    metric: Metric,
    series: Series,
    { common, since }: { readonly common: string; readonly since: number },
  ): string | undefined {
    if (metric.type === "gauge") {
      const { value } = series as Gauge;
      // JSON has no such number, and no receiver makes use of one.
      return Number.isFinite(value)
        ? `${common},"asDouble":${value}}`
        : undefined;
    }
    const counts = series as Counter | Timing;
    const { growth } = this.#parts.ledger.since(counts);
    if (!("cumulative" in counts)) return `${common},"asDouble":${growth[0]}}`;
    const exemplars = exemplarsOf(counts, growth.length - 1, since);
    return `${common},"count":"${growth[growth.length - 1]}","sum":${
      growth[0] / 1000
    },"bucketCounts":[${bucketCounts(growth)}],"explicitBounds":[${
      boundsOf(metric)
    }]${exemplars}}`;
  }
}

const TAILS: Readonly<Record<Metric["type"], string>> = {
  counter: `],"aggregationTemporality":${CUMULATIVE},"isMonotonic":true}}`,
  gauge: "]}}",
  histogram: `],"aggregationTemporality":${CUMULATIVE}}}`,
};

const KINDS: Readonly<Record<Metric["type"], string>> = {
  counter: "sum",
  gauge: "gauge",
  histogram: "histogram",
};

function metricHead({ type, definition: { name, help } }: Metric): string {
  const unit = type === "histogram" ? `"unit":"s",` : "";
  return `{"name":${JSON.stringify(name)},"description":${
    JSON.stringify(help)
  },${unit}"${KINDS[type]}":{"dataPoints":[`;
}

const BOUNDS = new WeakMap<readonly number[], string>();

function boundsOf({ boundaries = [] }: Metric): string {
  let written = BOUNDS.get(boundaries);
  if (written === undefined) {
    written = boundaries.map((boundary) => boundary / 1000).join(",");
    BOUNDS.set(boundaries, written);
  }
  return written;
}

/** Counts of their own, from the sum and cumulative ones. */
function bucketCounts(growth: Float64Array): string {
  let text = `"${growth[1]}"`;
  for (let index = 2; index < growth.length; index++) {
    text += `,"${growth[index] - growth[index - 1]}"`;
  }
  return text;
}

function exemplarsOf(timing: Timing, buckets: number, since: number): string {
  let list = "";
  for (let bucket = 0; bucket < buckets; bucket++) {
    const exemplar = timing.exemplar(bucket);
    if (exemplar === undefined || !(exemplar.at > since)) continue;
    const { trace, value, at } = exemplar;
    list += `${list === "" ? "" : ","}{"timeUnixNano":"${
      nanoseconds(at)
    }","asDouble":${value / 1000},"traceId":"${trace}"}`;
  }
  return list === "" ? "" : `,"exemplars":[${list}]`;
}

function attribute(key: string, value: string): Record<string, unknown> {
  return { key, value: { stringValue: value } };
}

function join(left: string, right: string): string {
  return left === "" ? right : `${left},${right}`;
}

/** Nanoseconds since 1970, to the microsecond: a double holds no more. */
function nanoseconds(milliseconds: number): string {
  return `${Math.round(wallTime(milliseconds) * 1000)}000`;
}
