/**
 * StatsD lines: how a series is named and written, and how lines are packed into datagrams.
 *
 * @module
 */
import type { Counter, Gauge, Metric, Timing } from "../../core/plugin.ts";
import type { Change, DeliveredCounts, Series } from "./push.ts";

/** Maximum size of a datagram with more than one series, in bytes: it fits an Ethernet frame, most tunnels included. */
const MAX_PACKED = 1400;

/** Maximum size of a datagram over UDP, in bytes. */
const MAX_DATAGRAM = 65_507;

/** Number of series that are examined before the event loop turns; takes less than 1 ms. */
const SERIES_PER_TURN = 250;

/** Quantiles that are sent of a histogram, each with the suffix of its name. */
const QUANTILES: readonly (readonly [number, string])[] = [
  [0.5, ".p50"],
  [0.9, ".p90"],
  [0.95, ".p95"],
  [0.99, ".p99"],
];

const encoder = new TextEncoder();

/** Notation of names and labels. */
export interface LineOptions {
  /** `dogstatsd`: labels are tags. `plain`: labels are part of the name. */
  readonly format: "dogstatsd" | "plain";
  /** Prefix of each name, followed by a dot; empty for none. */
  readonly prefix: string;
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

/** The lines of one series, which are sent in the same datagram. */
interface Chunk {
  readonly text: string;
  readonly change?: readonly [Series, Change];
}

/**
 * The datagrams of one flush, each made when it is asked for; undefined when the event loop should turn.
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
        continue;
      }
      const counts = series as Counter | Timing;
      const change = delivered.change(counts);
      if (change === undefined) continue;
      const text = "cumulative" in counts
        ? writer.timing(metric, values, { series: counts, change })
        : writer.counter(metric, values, { series, change });
      yield { text, change: [series, change] };
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

  /** Line of a gauge; undefined if its value is not finite, which StatsD cannot write. */
  gauge(
    metric: Metric,
    values: readonly string[],
    series: Series & { readonly value: number },
  ): string | undefined {
    const { value } = series;
    if (!Number.isFinite(value)) return undefined;
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
    { series, change }: { series: Series; change: Change },
  ): string {
    const { name, tags } = this.#nameOf(metric, values, series);
    return `${name}:${change.growth[0]}|c${tags}`;
  }

  /** Lines of a histogram. */
  timing(
    metric: Metric,
    values: readonly string[],
    { series, change }: { series: Timing; change: Change },
  ): string {
    const { name, tags } = this.#nameOf(metric, values, series);
    const { growth } = change;
    const count = growth[growth.length - 1];
    let lines = `${name}.count:${count}|c${tags}\n${name}.sum:${
      seconds(growth[0])
    }|c${tags}`;
    for (const [p, suffix] of QUANTILES) {
      const value = quantile(p, growth, metric.boundaries ?? []);
      lines += `\n${name}${suffix}:${seconds(value)}|g${tags}`;
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
    const { format, prefix } = this.#options;
    const { name, labels = [] } = metric.definition;
    const full = prefix === "" ? name : `${prefix}.${name}`;
    const written = format === "plain"
      ? { name: plainName(full, labels, values), tags: "" }
      : { name: full, tags: dogstatsdTags(labels, values) };
    this.#names.set(series, written);
    return written;
  }
}

/** Milliseconds as seconds, rounded to 1e-10 s: further digits are rounding errors, and some daemons do not read exponents. */
function seconds(milliseconds: number): number {
  return Number((milliseconds / 1000).toFixed(10));
}

/**
 * The quantile at probability p, interpolated linearly within its bucket, as Prometheus' histogram_quantile does. Above the
 * last boundary, it is that boundary.
 *
 * @param growth growth of the sum, then of the cumulative buckets
 */
function quantile(
  p: number,
  growth: Float64Array,
  boundaries: readonly number[],
): number {
  const rank = p * growth[growth.length - 1];
  let index = 0;
  while (index < boundaries.length && growth[index + 1] < rank) index++;
  if (index === boundaries.length) return boundaries[index - 1];
  const lower = index === 0 ? 0 : boundaries[index - 1];
  const below = index === 0 ? 0 : growth[index];
  const share = (rank - below) / (growth[index + 1] - below);
  return lower + (boundaries[index] - lower) * share;
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
