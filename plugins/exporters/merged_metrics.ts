/**
 * Metrics of a fleet, made of those of its replicas: counters are added, histograms bucket by bucket, gauges by the rule in their
 * definition.
 *
 * @module
 */
import {
  type Exemplar,
  Histogram,
  type HistogramData,
  type Metric,
  type MetricDefinition,
  type Timing,
} from "../../core/plugin.ts";
import type { ReadableMetric, ReadableTiming } from "./exposition.ts";

/** Metrics of one replica as JSON data. */
export interface MetricsPart {
  /** Wall-clock time at which the clock of its exemplars was 0, in ms since 1970. */
  readonly origin: number;
  /** Its metrics. */
  readonly metrics: readonly MetricPart[];
  /** Metrics that plugin authors made with prom-client. */
  readonly authors: readonly unknown[];
}

interface MetricPart {
  readonly definition: MetricDefinition;
  readonly type: Metric["type"];
  readonly boundaries?: readonly number[];
  /** Label values and content of each series. A number is a text, since JSON has no infinite ones. */
  readonly series:
    readonly (readonly [readonly string[], string | TimingPart])[];
}

interface TimingPart {
  readonly cumulative: readonly number[];
  readonly histogram: HistogramData;
  readonly exemplars: readonly (readonly [bucket: number, Exemplar])[];
}

/**
 * Takes the metrics of this server for another replica.
 *
 * @param omit called with the metric and the reason if a value cannot be read, and its series is left out
 */
export function metricParts(
  metrics: Iterable<Metric>,
  omit: (metric: string, reason: string) => void,
): MetricPart[] {
  return Array.from(metrics, (metric) => ({
    definition: metric.definition,
    type: metric.type,
    ...metric.boundaries !== undefined && { boundaries: metric.boundaries },
    series: seriesParts(
      metric,
      (reason) => omit(metric.definition.name, reason),
    ),
  }));
}

function seriesParts(
  metric: Metric,
  omit: (reason: string) => void,
): MetricPart["series"] {
  const parts: [readonly string[], string | TimingPart][] = [];
  for (const [labels, series] of metric.entries()) {
    try {
      parts.push([
        labels,
        "cumulative" in series ? timingPart(series) : String(series.value),
      ]);
    } catch (error) {
      omit(`it could not be read: ${error}`);
    }
  }
  return parts;
}

function timingPart(timing: Timing): TimingPart {
  const cumulative = timing.cumulative();
  return {
    cumulative,
    histogram: (timing.snapshot() as Histogram).data(),
    exemplars: cumulative.flatMap((_, bucket) => {
      const exemplar = timing.exemplar(bucket);
      return exemplar === undefined ? [] : [[bucket, exemplar] as const];
    }),
  };
}

/** Series of several replicas with the same metric and labels. */
interface SameSeries {
  readonly labels: readonly string[];
  readonly parts: {
    readonly part: MetricPart;
    readonly origin: number;
    readonly value: string | TimingPart;
  }[];
}

/**
 * Merges the metrics of replicas.
 *
 * @param replicas metrics of each, at least one
 * @param origin wall-clock time at which the clock of the merged exemplars is 0, in ms since 1970
 */
export function mergeMetrics(
  replicas: readonly Pick<MetricsPart, "metrics" | "origin">[],
  origin: number,
): ReadableMetric[] {
  const kinds = new Map<string, {
    readonly first: MetricPart;
    readonly series: Map<string, SameSeries>;
  }>();
  for (const replica of replicas) {
    for (const part of replica.metrics) {
      const { name } = part.definition;
      const kind = kinds.get(name) ?? { first: part, series: new Map() };
      kinds.set(name, kind);
      for (const [labels, value] of part.series) {
        const key = JSON.stringify(labels);
        const same = kind.series.get(key) ?? { labels, parts: [] };
        kind.series.set(key, same);
        same.parts.push({ part, origin: replica.origin, value });
      }
    }
  }
  return [...kinds.values()].map(({ first, series }) => ({
    definition: first.definition,
    type: first.type,
    ...first.boundaries !== undefined && { boundaries: first.boundaries },
    entries: () =>
      Array.from(series.values(), (same) => [
        same.labels,
        first.type === "histogram"
          ? mergeTimings(same, first.boundaries ?? [], origin)
          : { value: mergeValues(same, first, replicas) },
      ]),
  }));
}

function mergeValues(
  { labels, parts }: SameSeries,
  { definition: { merge = "sum" }, type }: MetricPart,
  replicas: readonly Pick<MetricsPart, "metrics">[],
): number {
  const values = parts.map(({ value }) => Number(value));
  const sum = (numbers: readonly number[]) =>
    numbers.reduce((total, number) => total + number, 0);
  if (type === "counter" || merge === "sum") return sum(values);
  if (merge === "min") return Math.min(...values);
  if (merge === "max") return Math.max(...values);
  if (merge === "mean") return sum(values) / values.length;
  const weights = parts.map(({ part }) => {
    const metrics = replicas.find(({ metrics }) => metrics.includes(part))
      ?.metrics;
    return weightOf(metrics ?? [], merge.weight, labels);
  });
  const total = sum(weights);
  // Of an infinite number of places, no share is taken.
  if (!(total > 0 && total < Infinity)) return 0;
  return sum(values.map((value, index) => value * weights[index])) / total;
}

function weightOf(
  metrics: readonly MetricPart[],
  name: string,
  labels: readonly string[],
): number {
  const metric = metrics.find(({ definition }) => definition.name === name);
  const series = metric?.series.find(([own]) =>
    own.length === labels.length &&
    own.every((label, index) => label === labels[index])
  );
  return Number(series?.[1] ?? 0);
}

function mergeTimings(
  { parts }: SameSeries,
  boundaries: readonly number[],
  origin: number,
): ReadableTiming {
  const histogram = new Histogram();
  const cumulative = new Array<number>(boundaries.length + 1).fill(0);
  const exemplars: (Exemplar | undefined)[] = [];
  for (const { origin: own, part, value } of parts) {
    const timing = value as TimingPart;
    const whole = Histogram.from(timing.histogram);
    histogram.merge(whole);
    // A change of the buckets may have reached one replica and not yet another.
    const same = sameNumbers(part.boundaries ?? [], boundaries);
    const counts = same ? timing.cumulative : sorted(whole, boundaries);
    for (const [bucket, count] of counts.entries()) cumulative[bucket] += count;
    for (const [bucket, exemplar] of same ? timing.exemplars : []) {
      const at = exemplar.at + own - origin;
      if (at >= (exemplars[bucket]?.at ?? -Infinity)) {
        exemplars[bucket] = { ...exemplar, at };
      }
    }
  }
  return {
    sum: histogram.sum,
    cumulative: () => cumulative,
    exemplar: (bucket) => exemplars[bucket],
    snapshot: () => histogram,
  };
}

/** Sorts the values of a histogram into other buckets, by the middle of their own; cumulative. */
function sorted(
  histogram: Histogram,
  boundaries: readonly number[],
): number[] {
  const buckets = [...histogram.buckets()];
  return [...boundaries, Infinity].map((end) =>
    buckets.reduce(
      (total, { count, lower, upper }) =>
        (lower + upper) / 2 <= end ? total + count : total,
      0,
    )
  );
}

function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((number, i) => number === b[i]);
}
