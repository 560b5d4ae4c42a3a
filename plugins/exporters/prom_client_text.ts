/**
 * Metrics of prom-client in Prometheus' text formats: written here, since prom-client writes all of its text in one go, and
 * renames counters in the course of it.
 *
 * @module
 */
import {
  canonical,
  type ExpositionFormat,
  formatValue,
  labelPair,
} from "./prometheus_format.ts";
import { SLICE_LINES } from "./prometheus_text.ts";

/** What prom-client tells of a metric. */
export interface Family {
  /** Its name. */
  readonly name: string;
  /** What it is, in one sentence. */
  readonly help: string;
  /** Its kind, in Prometheus' words. */
  readonly type: string;
  /** Its lines. */
  readonly values: readonly Sample[];
}

/** One line. */
export interface Sample {
  /** Its value. */
  readonly value: number;
  /** Its labels. */
  readonly labels?: Labels;
  /** Its name; the metric's where absent. */
  readonly metricName?: string;
  /** What it measured once, and in which trace. */
  readonly exemplar?: {
    /** Such as the trace id. */
    readonly labelSet: Labels;
    /** What was measured. */
    readonly value: number;
    /** Seconds since 1970. */
    readonly timestamp: number;
  } | null;
}

/** Labels as prom-client has them. */
export type Labels = Readonly<Record<string, string | number | undefined>>;

/**
 * The text of a metric in slices, each a few hundred lines.
 *
 * @param defaults labels that each line has, unless it has its own of that name
 * @throws Error where two lines are the same series
 */
export function* familySlices(
  { name, help, type, values }: Family,
  format: ExpositionFormat,
  defaults: Labels = {},
): Generator<string> {
  let slice = format.head(name, help, type);
  let lines = 2;
  const seen = new Set<string>();
  for (const sample of values) {
    const series = `${sample.metricName ?? name}${
      labelSet({ ...defaults, ...sample.labels })
    }`;
    if (seen.has(series)) {
      throw new Error(`the series ${series} is there twice`);
    }
    seen.add(series);
    slice += `${series} ${formatValue(sample.value)}`;
    if (format.exemplar !== undefined && sample.exemplar) {
      const { labelSet: of, timestamp, value } = sample.exemplar;
      slice += ` # ${labelSet(of, "{}")} ${formatValue(value)} ${
        timestamp.toFixed(3)
      }`;
    }
    slice += "\n";
    if (++lines >= SLICE_LINES) {
      yield slice;
      slice = "";
      lines = 0;
    }
  }
  if (slice !== "") yield slice;
}

function labelSet(labels: Labels, empty = ""): string {
  const pairs = Object.entries(labels).map(([name, value]) =>
    labelPair(name, textOf(name, value))
  );
  return pairs.length === 0 ? empty : `{${pairs.join(",")}}`;
}

/** A label's value. Two that become the same bytes in UTF-8 are the same, so they are made so before they are compared. */
function textOf(name: string, value: Labels[string]): string {
  if (typeof value === "number" && (name === "le" || name === "quantile")) {
    return canonical(value);
  }
  return String(value).toWellFormed();
}
