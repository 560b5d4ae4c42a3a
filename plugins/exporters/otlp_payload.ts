/**
 * Metrics as OTLP requests, in the JSON mapping of its protocol buffers: 64-bit integers are strings, enumerations are numbers,
 * trace ids are hexadecimal.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 * @see https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/metrics/v1/metrics.proto
 * @module
 */
import type { Counter, Gauge, Metric, Timing } from "../../core/plugin.ts";
import {
  type DeliveredCounts,
  type Series,
  valueOf,
} from "./delivered_counts.ts";
import { boundaryInSeconds } from "./exposition.ts";
import { wallTime } from "./push.ts";

/** AGGREGATION_TEMPORALITY_CUMULATIVE. */
const CUMULATIVE = 2;

/** Number of characters from which a request is complete. */
const REQUEST_LENGTH = 128 * 1024;

/** Number of data points that are written before other work goes first; takes less than 0.3 ms. */
const POINTS_PER_TURN = 16;

/** Body of one request. */
export interface Payload {
  /** JSON. */
  readonly body: string;
  /** Number of data points in it. */
  readonly points: number;
}

/** Options of a {@linkcode PayloadWriter}. */
export interface PayloadOptions {
  /** perfmock's version. */
  readonly version: string;
  /** The resource's `service.instance.id`. */
  readonly instance: string;
  /** Counts from before the start, which are subtracted. */
  readonly delivered: DeliveredCounts;
  /** Time at which counting began, in milliseconds of the server's clock. */
  readonly start: number;
}

/** Writes metrics as OTLP requests. The attributes of a series never change and are written once. */
export class PayloadWriter {
  readonly #options: PayloadOptions;
  readonly #head: string;
  readonly #start: string;
  readonly #attributes = new WeakMap<Series, string>();

  /** Creates a writer. */
  constructor(options: PayloadOptions) {
    this.#options = options;
    this.#start = nanoseconds(options.start);
    const resource = {
      attributes: [
        attribute("service.name", "perfmock"),
        attribute("service.version", options.version),
        attribute("service.instance.id", options.instance),
      ],
    };
    const scope = { name: "perfmock", version: options.version };
    this.#head = `{"resourceMetrics":[{"resource":${
      JSON.stringify(resource)
    },"scopeMetrics":[{"scope":${JSON.stringify(scope)},"metrics":[`;
  }

  /**
   * The requests of one delivery; undefined when other work should go first. The figures of one series are read at one moment,
   * which is the time of its data point.
   *
   * @param metrics metrics to write
   * @param now returns the present time of the server's clock
   * @param since only exemplars after this time of the clock are written
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
        if (++seen % POINTS_PER_TURN === 0) yield undefined;
        const attributes = this.#attributesOf(metric, values, series);
        const point = this.#point(metric, series, {
          common: `{${attributes}"timeUnixNano":"${nanoseconds(now())}"`,
          since,
        });
        if (point === undefined) continue;
        own += own === "" ? head + point : `,${point}`;
        points++;
        if (body.length + own.length < REQUEST_LENGTH) continue;
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
      const value = valueOf(series as Gauge);
      // JSON has no such number, and receivers cannot use one.
      return value !== undefined && Number.isFinite(value)
        ? `${common},"asDouble":${value}}`
        : undefined;
    }
    const { delivered } = this.#options;
    const counts = series as Counter | Timing;
    if (!("cumulative" in counts)) {
      const total = delivered.total(counts);
      return total === undefined ? undefined : `${common},"asDouble":${total}}`;
    }
    const { boundaries = [] } = metric;
    const { sum, counts: own } = delivered.buckets(counts, boundaries);
    const count = own.reduce((sum, count) => sum + count, 0);
    const exemplars = exemplarsOf(counts, own.length, since);
    return `${common},"count":"${count}","sum":${sum / 1000},"bucketCounts":["${
      own.join('","')
    }"],"explicitBounds":[${boundsOf(boundaries)}]${exemplars}}`;
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

function boundsOf(boundaries: readonly number[]): string {
  let written = BOUNDS.get(boundaries);
  if (written === undefined) {
    written = boundaries.map(boundaryInSeconds).join(",");
    BOUNDS.set(boundaries, written);
  }
  return written;
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

/** Nanoseconds since 1970, rounded to microseconds: a double has no more digits. */
function nanoseconds(milliseconds: number): string {
  return `${Math.round(wallTime(milliseconds) * 1000)}000`;
}
