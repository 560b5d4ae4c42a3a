/**
 * Answers of Prometheus's HTTP API to queries, instant and over a range, of classic and native histograms and of summaries.
 *
 * Counters are told from rates by the name of the metric, which functions such as `rate()` remove: of counters over a range, the
 * increase is taken, with resets; of rates and increases, the sum.
 *
 * @module
 */
import type { MeasuredBucket } from "../statistics/fit.ts";
import {
  classicSeries,
  issueAt,
  mergedLabels,
  pointer,
  type PromSample,
  unitOfMetric,
} from "./classic_buckets.ts";
import {
  type DocumentFormat,
  isSelected,
  type ReadContext,
  record,
} from "./format.ts";
import { inWords, type Labels, type Reading, type Series } from "./series.ts";

/** Answer to a query. */
export const prometheusJson: DocumentFormat = {
  name: "prometheus-json",
  title: "answer of Prometheus's HTTP API",
  recognises: (document) => {
    const { status, data } = record(document);
    return status === "error" || "resultType" in record(data);
  },
  document: (document, context) => {
    const { findings } = context;
    const { status, error, errorType, warnings, data } = record(document);
    if (status !== "success") {
      findings.error({
        path: "/status",
        message: `Prometheus answered with an error: ${
          error ?? errorType ?? status
        }`,
        value: status ?? null,
        allowed: "the answer to a query that succeeds",
      });
      return { series: [], notes: [] };
    }
    const { resultType, result } = record(data);
    if (
      resultType !== "vector" && resultType !== "matrix" ||
      !Array.isArray(result)
    ) {
      findings.error({
        path: "/data/resultType",
        message: "The answer has no histogram",
        value: resultType ?? null,
        allowed: "vector or matrix, of buckets, native histograms or quantiles",
      });
      return { series: [], notes: [] };
    }
    if (result.length === 0) {
      findings.error({
        path: "/data/result",
        message: "The answer is empty: no series has these labels at that time",
        allowed: "one series or more",
      });
    }
    const rows = result.map((row: unknown, i) => rowOf(row, i, context));
    const reading = merged(
      classicSeries(
        samplesOf(rows.flatMap(({ classic }) => classic ?? []), context),
        context,
      ),
      nativeSeries(rows.flatMap(({ native }) => native ?? []), context),
    );
    const over = resultType === "matrix" ? [rangeNote(rows)] : [];
    const warned = Array.isArray(warnings)
      ? warnings.map((text) => `Prometheus warns: ${text}`)
      : [];
    return { ...reading, notes: [...reading.notes, ...over, ...warned] };
  },
};

/** Series of the answer. */
interface Row {
  /** Classic samples; undefined if it has none. */
  readonly classic?: Classic | undefined;
  /** Native histogram; undefined if it is none. */
  readonly native?: Native | undefined;
  /** True if it is a counter, whose increase was taken. */
  readonly counter: boolean;
}

function rangeNote(rows: readonly Row[]): string {
  return rows.some(({ counter }) => counter)
    ? "increases of the counters over the range, resets included"
    : "sums of the rates over the range";
}

/** Samples of one bucket or quantile. */
interface Classic {
  readonly labels: Labels;
  readonly path: string;
  /** Values by their times, in s since 1970. */
  readonly timed: ReadonlyMap<number, number>;
  /** True if the values are those of a counter over a range. */
  readonly increases: boolean;
}

/**
 * Makes one sample of each series. Of a histogram's buckets, the times count that all of them have: where one is missing, the
 * differences between them would be wrong.
 */
function samplesOf(
  rows: readonly Classic[],
  { findings }: ReadContext,
): PromSample[] {
  const histograms = new Map<string, Classic[]>();
  for (const row of rows) {
    const { le: _, quantile, ...labels } = row.labels;
    const key = JSON.stringify([
      quantile,
      ...Object.entries(labels).toSorted(([a], [b]) => a < b ? -1 : 1),
    ]);
    histograms.set(key, [...histograms.get(key) ?? [], row]);
  }
  return [...histograms.values()].flatMap((buckets) => {
    const times = new Set(buckets.flatMap(({ timed }) => [...timed.keys()]));
    const whole = [...times].filter((time) =>
      buckets.every(({ timed }) => timed.has(time))
    ).sort((a, b) => a - b);
    if (whole.length < times.size) {
      findings.leaveOut(
        "times at which buckets are missing",
        buckets[0].path,
        times.size - whole.length,
      );
    }
    const gaps = missingSteps(whole);
    if (gaps > 0) {
      findings.leaveOut(
        "steps of the range without samples",
        buckets[0].path,
        gaps,
      );
    }
    if (whole.length === 0) return [];
    return buckets.map(({ labels, path, timed, increases }): PromSample => {
      const points = whole.map((time) => timed.get(time) ?? NaN);
      return {
        labels: {
          ...labels,
          ...labels.__name__ !== undefined && {
            __name__: labels.__name__.replace(/_bucket$/, ""),
          },
        },
        value: labels.quantile !== undefined
          ? points[points.length - 1]
          : increases
          ? increase(points)
          : points.reduce((sum, x) => sum + x, 0),
        place: path,
      };
    });
  });
}

/** Number of steps that are missing between times at equal distances. */
function missingSteps(times: readonly number[]): number {
  const steps = times.slice(1).map((time, i) => time - times[i]);
  const step = Math.min(...steps);
  return steps.reduce((sum, one) => sum + Math.round(one / step) - 1, 0);
}

/** Reads one series. */
function rowOf(row: unknown, index: number, context: ReadContext): Row {
  const { findings } = context;
  const path = pointer("data", "result", index);
  const { metric, value, values, histogram, histograms } = record(row);
  const labels = labelsOf(metric);
  const counter = labels.__name__ !== undefined &&
    labels.quantile === undefined;
  if (value !== undefined || values !== undefined) {
    const range = values !== undefined;
    const timed = range
      ? timedValues(values, `${path}/values`, context)
      : timedValues([value], path, context);
    return {
      counter,
      classic: { labels, path, timed, increases: range && counter },
    };
  }
  if (histogram !== undefined || histograms !== undefined) {
    const list = histogram === undefined ? histograms : [histogram];
    const at = histogram === undefined ? `${path}/histograms` : path;
    const read = (Array.isArray(list) ? list : []).map((timed: unknown, i) =>
      nativeBuckets(
        Array.isArray(timed) ? timed[1] : undefined,
        histogram === undefined ? `${at}/${i}/1` : `${at}/histogram/1`,
        context,
      )
    );
    return {
      counter,
      native: {
        labels,
        place: path,
        buckets: histograms !== undefined && counter
          ? nativeIncrease(read)
          : nativeSum(read),
      },
    };
  }
  findings.error({
    path,
    message: "The series has no value",
    value: inWords(labels),
    allowed: "value, values, histogram or histograms",
  });
  return { counter };
}

function labelsOf(metric: unknown): Labels {
  return Object.fromEntries(
    Object.entries(record(metric)).map(([name, value]) => [
      name,
      String(value),
    ]),
  );
}

/** The values of `[time, "value"]` pairs by their times; NaN is left out. */
function timedValues(
  list: unknown,
  path: string,
  { findings }: ReadContext,
): ReadonlyMap<number, number> {
  const values = new Map<number, number>();
  if (!Array.isArray(list)) {
    findings.error({
      path,
      message: "Expected a list of times and values",
      allowed: '[[1700000000, "24"], …]',
    });
    return values;
  }
  for (const [i, timed] of list.entries()) {
    const [time, text]: readonly unknown[] = Array.isArray(timed) ? timed : [];
    const value = typeof text === "string" ? valueIn(text) : NaN;
    if (text === "NaN") {
      findings.leaveOut("samples without a value (NaN)", `${path}/${i}`);
    } else if (typeof time === "number" && !Number.isNaN(value)) {
      values.set(time, value);
    } else {
      findings.error({
        path: `${path}/${i}`,
        message: "Expected a time and a value",
        value: timed ?? null,
        allowed: '[1700000000, "24"]',
      });
    }
  }
  return values;
}

function valueIn(text: string): number {
  if (text === "+Inf" || text === "Inf") return Infinity;
  if (text === "-Inf") return -Infinity;
  return text.trim() === "" ? NaN : Number(text);
}

/** Increase of a counter, which begins at 0 again when its process restarts. */
export function increase(values: readonly number[]): number {
  return values.reduce((sum, value, i) => {
    if (i === 0) return sum;
    const before = values[i - 1];
    return sum + (value < before ? value : value - before);
  }, 0);
}

/** Native histogram of a series. */
interface Native {
  readonly labels: Labels;
  readonly place: string;
  /** Counts by the boundaries in units of the metric, `low…high`. */
  readonly buckets: NativeBuckets;
}

/** Counts of buckets by their boundaries, in units of the metric. */
type NativeBuckets = ReadonlyMap<
  string,
  { readonly low: number; readonly high: number; readonly count: number }
>;

/** Reads `{ count, sum, buckets: [[rule, "low", "high", "count"], …] }`. */
function nativeBuckets(
  histogram: unknown,
  path: string,
  { findings }: ReadContext,
): NativeBuckets {
  const found = new Map<string, { low: number; high: number; count: number }>();
  const { buckets = [] } = record(histogram);
  if (!Array.isArray(buckets)) {
    findings.error({
      path: `${path}/buckets`,
      message: "Expected a list of buckets",
      allowed: '[[0, "0.09", "0.1", "24"], …]',
    });
    return found;
  }
  for (const [i, bucket] of buckets.entries()) {
    const [, low, high, count] = (Array.isArray(bucket) ? bucket : [])
      .map((cell: unknown) => valueIn(String(cell)));
    if (!(high > low && count >= 0 && count < Infinity)) {
      findings.error({
        path: `${path}/buckets/${i}`,
        message: "Expected a bucket with its boundaries and its count",
        value: bucket,
        allowed: '[0, "0.09", "0.1", "24"], with a count of at least 0',
      });
    } else if (high <= 0 && count > 0 && low < 0) {
      findings.error({
        path: `${path}/buckets/${i}`,
        message: "A bucket of negative durations is not empty",
        value: bucket,
        allowed: "durations of at least 0",
      });
    } else if (high > 0) {
      // The zero bucket reaches below 0.
      const from = Math.max(0, low);
      found.set(`${from}…${high}`, { low: from, high, count });
    }
  }
  return found;
}

/** Sums of histograms, bucket by bucket. */
function nativeSum(list: readonly NativeBuckets[]): NativeBuckets {
  const sum = new Map<string, { low: number; high: number; count: number }>();
  for (const buckets of list) {
    for (const [key, { low, high, count }] of buckets) {
      sum.set(key, { low, high, count: count + (sum.get(key)?.count ?? 0) });
    }
  }
  return sum;
}

/** Increase of histograms, bucket by bucket. */
function nativeIncrease(list: readonly NativeBuckets[]): NativeBuckets {
  const all = nativeSum(list);
  return new Map(
    Array.from(all, ([key, { low, high }]) => [key, {
      low,
      high,
      count: increase(list.map((buckets) => buckets.get(key)?.count ?? 0)),
    }]),
  );
}

function nativeSeries(
  natives: readonly Native[],
  context: ReadContext,
): Reading {
  const { findings, select, merge } = context;
  const wanted = natives.filter(({ labels, place }) => {
    if (isSelected(labels, select)) return true;
    findings.unselected("histograms", labels, place);
    return false;
  });
  const names = new Map<string, Native[]>();
  for (const native of wanted) {
    const name = native.labels.__name__ ?? "";
    names.set(name, [...names.get(name) ?? [], native]);
  }
  const groups = merge
    ? Array.from(names.values(), (natives): Native => ({
      labels: mergedLabels(natives[0].labels, select),
      place: natives[0].place,
      buckets: nativeSum(natives.map(({ buckets }) => buckets)),
    }))
    : wanted;
  return {
    series: groups.flatMap((native) => seriesOf(native, context)),
    notes: groups.length === 0 ? [] : ["native histograms"],
  };
}

function seriesOf(
  { labels, place, buckets }: Native,
  context: ReadContext,
): Series[] {
  const unit = unitOfMetric(labels, context);
  const sorted = [...buckets.values()].toSorted((a, b) =>
    a.low - b.low || a.high - b.high
  );
  const list: MeasuredBucket[] = [];
  let end = 0;
  for (const { low, high, count } of sorted) {
    if (low < end * (1 - 1e-12)) {
      context.findings.error(issueAt(place, {
        message:
          "Buckets overlap: histograms of different schemas cannot be merged bucket by bucket",
        value: `${low}…${high}`,
        allowed: "histograms of one schema: sum() in the query",
      }));
      return [];
    }
    list.push({
      low: unit.toMilliseconds(Math.max(low, end)),
      high: unit.toMilliseconds(high),
      count,
    });
    end = high;
  }
  return [{ labels, durations: { kind: "buckets", buckets: list } }];
}

function merged(a: Reading, b: Reading): Reading {
  return {
    series: [...a.series, ...b.series],
    notes: [...a.notes, ...b.notes],
  };
}
