/**
 * StatsD lines: how a series is named and written, and how lines are packed into datagrams.
 *
 * @module
 */
import type {
  Gauge,
  HistogramSnapshot,
  Metric,
  Timing,
} from "../../core/plugin.ts";
import {
  type Change,
  type DeliveredCounts,
  type Series,
  valueOf,
} from "./delivered_counts.ts";

/** Maximum size of a datagram with more than one series, in bytes: it fits an Ethernet frame, most tunnels included. */
const MAX_PACKED = 1400;

/** Maximum size of a distribution, in bytes: Datadog's agent reads datagrams of 8192 bytes by default. */
const MAX_DISTRIBUTION = 8000;

/** Maximum size of a datagram over UDP, in bytes. */
const MAX_DATAGRAM = 65_507;

/** Number of series that are examined before other work goes first; takes less than 0.3 ms. */
const SERIES_PER_TURN = 32;

/** Quantiles that are sent of a histogram, and the suffixes of their names. */
const PROBABILITIES = [0.5, 0.9, 0.95, 0.99];
const SUFFIXES = [".p50", ".p90", ".p95", ".p99"];

const encoder = new TextEncoder();

/** Notation of names and labels. */
export interface LineOptions {
  /** `dogstatsd`: labels are tags. `plain`: labels are part of the name. */
  readonly format: "dogstatsd" | "plain";
  /** Prefix of each name, followed by a dot; empty for none. */
  readonly prefix: string;
  /** Unit of durations, which their names end in: `_milliseconds` or `_seconds`. */
  readonly unit: "ms" | "s";
  /** True to send durations as distributions of DogStatsD, false for counts and percentiles. */
  readonly distributions: boolean;
}

/** Contents of one datagram. */
export interface Datagram {
  /** Lines, in UTF-8. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Counts to mark as delivered once the datagram is sent; gauges have none. */
  readonly changes: readonly (readonly [Series, Change])[];
  /** True if UDP cannot carry it. */
  readonly isTooLarge: boolean;
}

/** Lines that are sent in the same datagram, and what they deliver. */
interface Chunk {
  readonly text: string;
  readonly change?: readonly [Series, Change];
}

/**
 * The datagrams of one flush, each made when it is asked for; undefined when other work should go first.
 *
 * @param metrics metrics to send
 * @param writer writes the lines
 * @param delivered counts delivered so far
 */
export function* datagrams(
  metrics: Iterable<Metric>,
  writer: LineWriter,
  delivered: DeliveredCounts,
): Generator<Datagram | undefined> {
  let parts: Uint8Array[] = [];
  let changes: (readonly [Series, Change])[] = [];
  let size = 0;
  for (const chunk of chunks(metrics, writer, delivered)) {
    if (chunk === undefined) {
      yield undefined;
      continue;
    }
    const bytes = encoder.encode(`${chunk.text}\n`);
    if (size > 0 && size + bytes.length - 1 > MAX_PACKED) {
      yield pack(parts, changes);
      [parts, changes, size] = [[], [], 0];
    }
    parts.push(bytes);
    size += bytes.length;
    if (chunk.change !== undefined) changes.push(chunk.change);
  }
  if (size > 0) yield pack(parts, changes);
}

function* chunks(
  metrics: Iterable<Metric>,
  writer: LineWriter,
  delivered: DeliveredCounts,
): Generator<Chunk | undefined> {
  let seen = 0;
  for (const metric of metrics) {
    for (const [values, series] of metric.entries()) {
      if (++seen % SERIES_PER_TURN === 0) yield undefined;
      if (metric.type === "gauge") {
        const text = writer.gauge(metric, values, series as Gauge);
        if (text !== undefined) yield { text };
      } else if ("cumulative" in series) {
        const change = delivered.timing(series);
        if (change === undefined) continue;
        const text = writer.timing(metric, values, {
          series,
          growth: change.growth,
        });
        yield { text, change: [series, change] };
      } else {
        const change = delivered.counter(series);
        if (change === undefined) continue;
        const text = writer.counter(metric, values, {
          series,
          growth: change.growth,
        });
        yield { text, change: [series, change] };
      }
    }
  }
}

/** Without the last newline: some daemons would read an empty line after it. */
function pack(
  parts: readonly Uint8Array[],
  changes: readonly (readonly [Series, Change])[],
): Datagram {
  const size = parts.reduce((sum, part) => sum + part.length, 0) - 1;
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const part of parts) {
    bytes.set(part.subarray(0, size - offset), offset);
    offset += part.length;
  }
  return { bytes, changes, isTooLarge: size > MAX_DATAGRAM };
}

/** Name and tags of a series, which never change. */
interface SeriesName {
  readonly name: string;
  readonly tags: string;
}

/** Writes the lines of series, without the last newline. */
export class LineWriter {
  readonly #options: LineOptions;
  readonly #names = new WeakMap<Series, SeriesName>();

  /** Creates a writer. */
  constructor(options: LineOptions) {
    this.#options = options;
  }

  /** Line of a gauge; undefined if its value cannot be read, or is not finite, which StatsD cannot write. */
  gauge(
    metric: Metric,
    values: readonly string[],
    series: Gauge,
  ): string | undefined {
    const value = valueOf(series);
    if (value === undefined || !Number.isFinite(value)) return undefined;
    const { name, tags } = this.#nameOf(metric, values, series);
    const line = `${name}:${value}|g${tags}`;
    // Plain StatsD reads a signed value as a change: set the gauge to 0 first.
    return value < 0 && this.#options.format === "plain"
      ? `${name}:0|g\n${line}`
      : line;
  }

  /** Line of a counter. */
  counter(
    metric: Metric,
    values: readonly string[],
    { series, growth }: { series: Series; growth: number },
  ): string {
    const { name, tags } = this.#nameOf(metric, values, series);
    return `${name}:${growth}|c${tags}`;
  }

  /** Lines of a histogram. */
  timing(
    metric: Metric,
    values: readonly string[],
    { series, growth }: { series: Timing; growth: HistogramSnapshot },
  ): string {
    const { name, tags } = this.#nameOf(metric, values, series);
    const { distributions, unit } = this.#options;
    if (distributions) {
      return distributionLines(name, tags, {
        points: pointsOf(growth),
        unit,
      });
    }
    let lines = `${name}.count:${growth.count}|c${tags}\n${name}.sum:${
      inUnit(growth.sum, unit)
    }|c${tags}`;
    for (const [index, value] of growth.quantiles(PROBABILITIES).entries()) {
      lines += `\n${name}${SUFFIXES[index]}:${inUnit(value, unit)}|g${tags}`;
    }
    return lines;
  }

  #nameOf(
    metric: Metric,
    values: readonly string[],
    series: Series,
  ): SeriesName {
    const known = this.#names.get(series);
    if (known !== undefined) return known;
    const { format, prefix, unit } = this.#options;
    const { labels = [] } = metric.definition;
    const name = metric.type === "histogram" && unit === "ms"
      ? metric.definition.name.replace(/_seconds$/, "_milliseconds")
      : metric.definition.name;
    const full = prefix === "" ? name : `${prefix}.${name}`;
    const written = format === "plain"
      ? { name: plainName(full, labels, values), tags: "" }
      : { name: full, tags: dogstatsdTags(labels, values) };
    this.#names.set(series, written);
    return written;
  }
}

/**
 * Milliseconds in a unit, rounded to 1e-7 ms: further digits are rounding errors, and some daemons do not read exponents.
 */
function inUnit(milliseconds: number, unit: LineOptions["unit"]): number {
  return unit === "s"
    ? Number((milliseconds / 1000).toFixed(10))
    : Number(milliseconds.toFixed(7));
}

/** A value of a distribution, in milliseconds, and the number of times it occurred. */
interface Point {
  readonly value: number;
  readonly count: number;
}

/** One point for each bucket that is not empty, in ascending order. */
function pointsOf(growth: HistogramSnapshot): Point[] {
  const [least, greatest] = growth.quantiles([0, 1]);
  return Array.from(growth.buckets(), ({ lower, upper, count }) => ({
    value: Math.min(greatest, Math.max(least, (lower + upper) / 2)),
    count,
  }));
}

/**
 * Lines of a distribution, which fit a datagram. A sample rate of 1/n means that a value occurred n times: the values with a bit of
 * their count set share a line, so that no daemon has to round. Without room for all points, neighbours are joined.
 */
function distributionLines(
  name: string,
  tags: string,
  { points, unit }: {
    readonly points: readonly Point[];
    readonly unit: LineOptions["unit"];
  },
): string {
  const written = points.map(({ value }) =>
    inUnit(Number(value.toPrecision(5)), unit)
  );
  const most = points.reduce((most, { count }) => Math.max(most, count), 0);
  const lines: string[] = [];
  for (let bit = 0; 2 ** bit <= most; bit++) {
    const values = written.filter((_, index) =>
      Math.floor(points[index].count / 2 ** bit) % 2 === 1
    );
    if (values.length === 0) continue;
    const rate = bit === 0 ? "" : `|@${(2 ** -bit).toFixed(bit)}`;
    lines.push(`${name}:${values.join(":")}|d${rate}${tags}`);
  }
  const text = lines.join("\n");
  return encoder.encode(text).length <= MAX_DISTRIBUTION || points.length === 1
    ? text
    : distributionLines(name, tags, { points: joined(points), unit });
}

/** Joins each two neighbours to one point at their mean. */
function joined(points: readonly Point[]): Point[] {
  const pairs: Point[] = [];
  for (let index = 0; index < points.length; index += 2) {
    const [one, other = { value: 0, count: 0 }] = points.slice(index);
    const count = one.count + other.count;
    const sum = one.value * one.count + other.value * other.count;
    pairs.push({ value: sum / count, count });
  }
  return pairs;
}

/**
 * A name that contains its labels: `name.label.value.label.value`. Different label values give different names.
 *
 * @param name name of the metric
 * @param labels names of its labels
 * @param values their values, in the same order
 */
export function plainName(
  name: string,
  labels: readonly string[],
  values: readonly string[],
): string {
  return labels.reduce(
    (whole, label, index) => `${whole}.${label}.${escapePlain(values[index])}`,
    name,
  );
}

/**
 * Labels as DogStatsD tags, with their prefix: `|#label:value,label:value`; empty if there are no labels. Characters that would
 * end a tag, a line or a packet are percent-encoded.
 *
 * @param labels names of the labels
 * @param values their values, in the same order
 */
export function dogstatsdTags(
  labels: readonly string[],
  values: readonly string[],
): string {
  if (labels.length === 0) return "";
  return `|#${
    labels.map((label, index) => `${label}:${escapeTag(values[index])}`)
      .join(",")
  }`;
}

/** Letters, digits and `-` stay; StatsD daemons drop or replace most other characters, and a dot separates parts of a name. */
function escapePlain(value: string): string {
  if (value === "") return "_";
  return value.replace(
    /[^A-Za-z0-9-]/gu,
    (character) => character === "_" ? "__" : hexadecimal(character, "_"),
  );
}

function escapeTag(value: string): string {
  return value.replace(
    /[\p{Cc}%,|#]/gu,
    (character) => hexadecimal(character, "%"),
  );
}

function hexadecimal(character: string, mark: string): string {
  return Array.from(
    encoder.encode(character),
    (byte) => mark + byte.toString(16).padStart(2, "0"),
  ).join("");
}
