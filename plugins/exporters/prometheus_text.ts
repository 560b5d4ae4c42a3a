/**
 * perfmock's own metrics in Prometheus' text formats.
 *
 * @module
 */
import type { MetricDefinition } from "../../core/plugin.ts";
import {
  boundaryInSeconds,
  canonical,
  type ExpositionFormat,
  formatValue,
  labelPair,
  PROMETHEUS_TEXT,
  type ReadableMetric,
  type ReadableTiming,
  type ReadableValue,
} from "./exposition.ts";

/** Maximum number of lines in a slice, which take less than 0.2 ms; the series that reaches it is written to its end. */
const MAX_SLICE_LINES = 256;

/**
 * Number of lines in the first slice, doubled from slice to slice: code that runs for the first time takes ten times as long.
 */
const FIRST_SLICE_LINES = 16;

/** Writes metrics as text. The text before the values of a series never changes: it is made once for each series. */
export class PrometheusText {
  readonly #prefixes = new WeakMap<object, Prefixes>();

  /**
   * The text in slices of up to about 256 lines, so that the event loop can turn in between. The figures of one series are read
   * at one moment: its buckets are cumulative, and the last one equals its count.
   *
   * @param omit called with the metric and the reason if a gauge could not be read and its series is left out
   */
  *slices(
    metrics: Iterable<ReadableMetric>,
    format: ExpositionFormat = PROMETHEUS_TEXT,
    omit: (metric: string, reason: string) => void = () => {},
  ): Generator<string> {
    let slice = "";
    let lines = 0;
    let full = FIRST_SLICE_LINES;
    for (const metric of metrics) {
      const { definition: { name, help }, type } = metric;
      const ends = bucketEnds(metric);
      const linesPerSeries = type === "histogram" ? ends.length + 2 : 1;
      slice += format.head(name, help, type);
      lines += 2;
      for (const [values, series] of metric.entries()) {
        const prefixes = this.#prefixesOf(metric.definition, values, series);
        slice += "cumulative" in series
          ? timingLines(prefixes, ends, { timing: series, format })
          : valueLine(prefixes, series, (reason) => omit(name, reason));
        lines += linesPerSeries;
        if (lines >= full) {
          yield slice;
          full = Math.min(2 * full, MAX_SLICE_LINES);
          slice = "";
          lines = 0;
        }
      }
    }
    if (slice !== "") yield slice;
  }

  #prefixesOf(
    definition: MetricDefinition,
    values: readonly string[],
    series: object,
  ): Prefixes {
    const known = this.#prefixes.get(series);
    if (known !== undefined) return known;
    const prefixes = linePrefixes(definition, values);
    this.#prefixes.set(series, prefixes);
    return prefixes;
  }
}

/** Beginnings of the lines of one series; a bucket's line continues with its upper boundary. */
interface Prefixes {
  readonly value: string;
  readonly bucket: string;
  readonly sum: string;
  readonly count: string;
}

function linePrefixes(
  { name, labels = [] }: MetricDefinition,
  values: readonly string[],
): Prefixes {
  const pairs = labels.map((label, index) => labelPair(label, values[index]))
    .join(",");
  const set = pairs === "" ? "" : `{${pairs}}`;
  return {
    value: `${name}${set} `,
    bucket: pairs === "" ? `${name}_bucket{` : `${name}_bucket{${pairs},`,
    sum: `${name}_sum${set} `,
    count: `${name}_count${set} `,
  };
}

/** Upper boundary of each bucket of a histogram, +Inf included, as the lines have it; empty for other types. */
function bucketEnds(
  { type, boundaries = [] }: ReadableMetric,
): readonly string[] {
  if (type !== "histogram") return [];
  return [...boundaries.map(boundaryInSeconds), Infinity].map(
    (seconds) => `le="${canonical(seconds)}"} `,
  );
}

function timingLines(
  prefixes: Prefixes,
  ends: readonly string[],
  { timing, format }: {
    readonly timing: ReadableTiming;
    readonly format: ExpositionFormat;
  },
): string {
  const cumulative = timing.cumulative();
  let text = "";
  for (let bucket = 0; bucket < ends.length; bucket++) {
    text += `${prefixes.bucket}${ends[bucket]}${cumulative[bucket]}`;
    if (format.exemplar !== undefined) {
      const exemplar = timing.exemplar(bucket);
      if (exemplar !== undefined) text += format.exemplar(exemplar);
    }
    text += "\n";
  }
  return `${text}${prefixes.sum}${
    formatValue(timing.sum / 1000)
  }\n${prefixes.count}${cumulative[ends.length - 1]}\n`;
}

function valueLine(
  { value }: Prefixes,
  series: ReadableValue,
  omit: (reason: string) => void,
): string {
  try {
    return `${value}${formatValue(series.value)}\n`;
  } catch (error) {
    omit(`it could not be read: ${error}`);
    return "";
  }
}
