/**
 * The two text formats that Prometheus reads: its own, version 0.0.4, and OpenMetrics 1.0, which Prometheus asks for first
 * since it alone carries exemplars.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 * @see https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md
 * @module
 */
import type { OpenMetricsContentType, RegistryContentType } from "prom-client";
import type {
  Exemplar,
  Metric,
  MetricDefinition,
  Timing,
} from "../../core/plugin.ts";

/** A distribution of durations as it is written. */
export type ReadableTiming = Pick<
  Timing,
  "cumulative" | "exemplar" | "snapshot" | "sum"
>;

/** A counter or gauge as it is written. */
export interface ReadableValue {
  /** Current value. */
  readonly value: number;
}

/** A metric as it is written: one of this server, or one merged of those of several replicas. */
export interface ReadableMetric {
  /** Name, description and labels. */
  readonly definition: MetricDefinition;
  /** Type in Prometheus' terms. */
  readonly type: Metric["type"];
  /** Upper boundaries of a histogram's buckets, in ms. */
  readonly boundaries?: readonly number[];
  /** All series, with their label values. */
  entries(): Iterable<
    readonly [values: readonly string[], series: ReadableTiming | ReadableValue]
  >;
}

/** A text format. */
export interface ExpositionFormat {
  /** Content type of the text. */
  readonly contentType: RegistryContentType;
  /**
   * The lines that begin a metric family.
   *
   * @param name name of the metric; that of a counter made by perfmock ends in `_total`
   * @param type Prometheus' word for the type
   */
  head(name: string, help: string, type: string): string;
  /** Text of an exemplar, appended to the line of its sample; absent if the format has no exemplars. */
  readonly exemplar?: (exemplar: Exemplar) => string;
  /** Last line of the text; empty for none. */
  readonly end: string;
}

/** Prometheus' text format 0.0.4. */
export const PROMETHEUS_TEXT: ExpositionFormat = {
  contentType: "text/plain; version=0.0.4; charset=utf-8",
  head: (name, help, type) =>
    `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n`,
  end: "",
};

/** Content type of OpenMetrics 1.0. */
export const OPEN_METRICS_CONTENT_TYPE: OpenMetricsContentType =
  "application/openmetrics-text; version=1.0.0; charset=utf-8";

/**
 * OpenMetrics 1.0.
 *
 * @param origin wall-clock time at which the clock of the exemplars was 0, in milliseconds since 1970
 */
export function openMetrics(origin: number): ExpositionFormat {
  return {
    contentType: OPEN_METRICS_CONTENT_TYPE,
    head(name, help, type) {
      const [family, kind] = familyOf(name, type);
      return `# TYPE ${family} ${kind}\n# HELP ${family} ${
        escapeQuoted(help)
      }\n`;
    },
    exemplar: ({ trace, value, at }) =>
      ` # {trace_id="${trace}"} ${formatValue(value / 1000)} ${
        ((origin + at) / 1000).toFixed(3)
      }`,
    end: "# EOF\n",
  };
}

/**
 * Name and type of a metric's family in OpenMetrics. The samples of a counter end in `_total`, and the name of its family
 * does not. prom-client also allows counters with other names: such a counter keeps its name and has the type `unknown`.
 */
export function familyOf(
  name: string,
  type: string,
): readonly [family: string, type: string] {
  if (type !== "counter") return [name, type];
  return name.endsWith("_total")
    ? [name.slice(0, -"_total".length), type]
    : [name, "unknown"];
}

/** Text of a sample's value. */
export function formatValue(value: number): string {
  if (value === Infinity) return "+Inf";
  if (value === -Infinity) return "-Inf";
  return String(value);
}

/**
 * A number in the only notation that OpenMetrics allows for the labels `le` and `quantile`. The text format allows any:
 * with the same notation in both, a series keeps its identity when a scrape asks for the other format.
 *
 * @see https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md#considerations-canonical-numbers
 */
export function canonical(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value)) return formatValue(value);
  if (value === 0 || size >= 1e-4 && size < 1e6) {
    return Number.isInteger(value) ? `${value}.0` : String(value);
  }
  return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
}

/** A boundary in seconds: as written, without the error of the division. */
export function boundaryInSeconds(milliseconds: number): number {
  return Number((milliseconds / 1000).toPrecision(15));
}

/** One pair of a label set, escaped. */
export function labelPair(name: string, value: string): string {
  return `${name}="${escapeQuoted(value)}"`;
}

/** Escapes backslash, newline and quote, as the value of a label needs it. */
export function escapeQuoted(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"');
}

function escapeHelp(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  histogram: ["", "_bucket", "_sum", "_count"],
  summary: ["", "_sum", "_count"],
};

/** Names of a metric's samples, and of its family in OpenMetrics. */
export function sampleNames(name: string, type: string): readonly string[] {
  const suffixes = SUFFIXES[type];
  if (suffixes !== undefined) return suffixes.map((suffix) => name + suffix);
  return [...new Set([name, familyOf(name, type)[0]])];
}

/**
 * The sample names that are in use, each with the metric that uses it. No two metrics may write lines of the same name:
 * Prometheus would take the samples of one for those of the other.
 */
export class SampleNames {
  readonly #owners = new Map<string, string>();

  /** @param metrics perfmock's own metrics, whose names take precedence */
  constructor(metrics: Iterable<Pick<ReadableMetric, "definition" | "type">>) {
    for (const { definition: { name }, type } of metrics) {
      for (const sample of sampleNames(name, type)) {
        this.#owners.set(sample, name);
      }
    }
  }

  /**
   * Claims all sample names of a metric, or none if one of them is in use.
   *
   * @returns the name of the metric that uses one of them; undefined if all were free
   */
  claim(name: string, type: string): string | undefined {
    const wanted = sampleNames(name, type);
    for (const sample of wanted) {
      const owner = this.#owners.get(sample);
      if (owner !== undefined) return owner;
    }
    for (const sample of wanted) this.#owners.set(sample, name);
    return undefined;
  }
}
