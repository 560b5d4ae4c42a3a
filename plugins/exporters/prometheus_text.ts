/**
 * perfmock's own metrics in Prometheus' text formats.
 *
 * @module
 */
import type {
  Counter,
  Gauge,
  Metric,
  MetricDefinition,
  Timing,
} from "../../core/plugin.ts";
import {
  canonical,
  type ExpositionFormat,
  formatValue,
  labelPair,
  PROMETHEUS_TEXT,
} from "./prometheus_format.ts";

/** Less than 0.2 ms of work; a slice ends with the series that reaches it. */
export const SLICE_LINES = 256;

/** The first slice is short and each further one twice as long: code that never ran takes ten times as long. */
const FIRST_LINES = 16;

/**
 * Writes metrics as text. What stands before the values in the lines of a series never changes, so it is made once and
 * kept as long as the series.
 */
export class PrometheusText {
  readonly #prefixes = new WeakMap<object, Prefixes>();

  /**
   * The text in slices of up to about 256 lines, so that a caller can let others run in between. The figures of one series
   * belong to one moment: its buckets are cumulative, and the last one is its count.
   *
   * @param omit told of a metric with a series that is left out, since what it follows could not be read
   */
  *slices(
    metrics: Iterable<Metric>,
    format: ExpositionFormat = PROMETHEUS_TEXT,
    omit: (metric: string, reason: string) => void = () => {},
  ): Generator<string> {
    let slice = "";
    let lines = 0;
    let full = FIRST_LINES;
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
          full = Math.min(2 * full, SLICE_LINES);
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

/** What stands before the values of one series; a bucket's line goes on with the bucket's end. */
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

/** The ends of the lines' prefixes for each bucket of a histogram, the last one included; none for other metrics. */
function bucketEnds({ type, boundaries = [] }: Metric): readonly string[] {
  if (type !== "histogram") return [];
  return [...boundaries.map((ms) => ms / 1000), Infinity].map(
    (seconds) => `le="${canonical(seconds)}"} `,
  );
}

function timingLines(
  prefixes: Prefixes,
  ends: readonly string[],
  { timing, format }: {
    readonly timing: Timing;
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
  series: Counter | Gauge,
  omit: (reason: string) => void,
): string {
  try {
    return `${value}${formatValue(series.value)}\n`;
  } catch (error) {
    omit(`it could not be read: ${error}`);
    return "";
  }
}
