/**
 * Results of k6: the summary as JSON (`--summary-export`, or the data of `handleSummary()`) and as text, and single requests as JSON
 * lines or as CSV (`--out json=…`, `--out csv=…`).
 *
 * @module
 */
import type { MeasuredPercentile } from "../statistics/fit.ts";
import { JoinedLines } from "./cells.ts";
import {
  type DocumentFormat,
  type LineFormat,
  type LineReader,
  type ReadContext,
  record,
} from "./format.ts";
import { Groups } from "./groups.ts";
import type { Labels, Reading } from "./series.ts";
import { MILLISECONDS, unitNamed } from "./units.ts";

/** Metric that is fitted unless another one is selected. */
const DEFAULT_METRIC = "http_req_duration";

/** Reason for leaving requests out. */
const FAILED = "failed requests";

/** Names of the figures of a trend, with their probabilities. */
function probabilityOf(figure: string): number | undefined {
  switch (figure) {
    case "min":
      return 0;
    case "med":
      return 0.5;
    case "max":
      return 1;
    default: {
      const digits = /^p\((\d+(?:\.\d+)?)\)$/.exec(figure)?.[1];
      return digits === undefined ? undefined : Number(`${digits}e-2`);
    }
  }
}

/** Metrics with their figures. */
type Figures = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** Returns true for figures with a percentile. */
function isTrend(figures: ReadonlyMap<string, number>): boolean {
  return [...figures.keys()].some((name) =>
    name === "med" || name.startsWith("p(")
  );
}

/** Makes the series of a metric's percentiles. */
function summaryReading(
  metrics: Figures,
  { findings, select }: ReadContext,
): Reading {
  const { metric = DEFAULT_METRIC, ...others } = select;
  const [unknown] = Object.keys(others);
  const figures = metrics.get(metric);
  if (unknown !== undefined) {
    findings.error({
      path: "--select",
      message: "A summary of k6 has no such label",
      value: unknown,
      allowed: "metric",
    });
  }
  const trends = [...metrics].filter(([, figures]) => isTrend(figures))
    .map(([name]) => name);
  if (figures === undefined || !isTrend(figures)) {
    findings.error({
      path: "",
      message: `The summary has no metric ${metric} with percentiles`,
      allowed: trends.length === 0
        ? "a summary with the metric http_req_duration"
        : `--select metric=NAME with one of ${trends.join(", ")}`,
    });
    return { series: [], notes: [] };
  }
  const points: MeasuredPercentile[] = [];
  for (const [name, value] of figures) {
    const probability = probabilityOf(name);
    if (probability !== undefined) points.push({ probability, value });
  }
  points.sort((a, b) => a.probability - b.probability);
  const fallen = points.find(({ value }, i) =>
    i > 0 && value < points[i - 1].value
  );
  if (fallen !== undefined) {
    findings.error({
      path: "",
      message: `Percentile ${
        100 * fallen.probability
      } of ${metric} is less than a lower one`,
      value: `${fallen.value} ms`,
      allowed: "durations that do not decrease from percentile to percentile",
    });
  }
  const count = /^http_req_/.test(metric)
    ? metrics.get("http_reqs")?.get("count")
    : undefined;
  return {
    series: [{
      labels: { metric },
      durations: {
        kind: "percentiles",
        points,
        ...count !== undefined && { count },
      },
    }],
    notes: trends.length > 1
      ? [
        `other metrics with percentiles: ${
          trends.filter((name) => name !== metric).join(", ")
        }`,
      ]
      : [],
  };
}

/** Summary as JSON. */
export const k6Summary: DocumentFormat = {
  name: "k6-json",
  title: "summary of k6",
  recognises: (document) =>
    Object.keys(record(record(document).metrics)).some((name) =>
      /^(?:http_req|iteration|vus)/.test(name)
    ),
  document: (document, context) => {
    const metrics = new Map<string, Map<string, number>>();
    for (
      const [name, metric] of Object.entries(record(record(document).metrics))
    ) {
      const values = "values" in record(metric)
        ? record(record(metric).values)
        : record(metric);
      metrics.set(
        name,
        new Map(
          Object.entries(values).filter((entry): entry is [string, number] =>
            typeof entry[1] === "number"
          ),
        ),
      );
    }
    return summaryReading(metrics, context);
  },
};

/** A line of the summary as text: name, dots, and figures such as `avg=117.55ms`. */
const TEXT_METRIC = /^[\s✓✗{]*([a-z][\w:{} ]*?)\.{2,}:\s*(.+)$/;

/** Summary as text. */
export const k6Text: LineFormat = {
  name: "k6-text",
  title: "summary of k6 as text",
  matches: (head) => /\.{2,}:\s*avg=\S+\s+\S+=\S+/.test(head),
  lines: (context) => {
    const metrics = new Map<string, Map<string, number>>();
    return {
      take: (line, number) => {
        const [, name, figures] = TEXT_METRIC.exec(line) ?? [];
        if (name === undefined) return;
        const read = new Map<string, number>();
        for (
          const [, figure, text] of figures.matchAll(
            /(\w+(?:\([\d.]+\))?)=(\S+)/g,
          )
        ) {
          const value = goDuration(text);
          if (value !== undefined) read.set(figure, value);
          else if (name.trim() === DEFAULT_METRIC) {
            context.findings.lineError(number, {
              message: `has no duration as ${figure}`,
              value: text,
              allowed: "a duration such as 117.55ms",
            });
          }
        }
        if (read.size === 0) {
          const count = /^\d+/.exec(figures)?.[0];
          if (count !== undefined) read.set("count", Number(count));
        }
        metrics.set(name.trim(), read);
      },
      finish: () => summaryReading(metrics, context),
    };
  },
};

/** Reads a duration as Go writes it, `1m2.5s`, in ms; undefined if it is none. */
export function goDuration(text: string): number | undefined {
  if (text === "0" || text === "0s") return 0;
  const part = /(\d+(?:\.\d+)?)(ns|us|µs|μs|ms|s|m|h)/y;
  let sum = 0;
  while (part.lastIndex < text.length) {
    const [, digits, name] = part.exec(text) ?? [];
    const unit = name === undefined ? undefined : unitNamed(name);
    if (unit === undefined) return undefined;
    sum += unit.toMilliseconds(Number(digits));
  }
  return sum;
}

/** Labels of a request. */
function requestLabels(
  tags: Readonly<Record<string, unknown>>,
  { select }: ReadContext,
): Labels {
  const labels: Record<string, string> = {};
  for (const name of ["method", "name", ...Object.keys(select)]) {
    if (name !== "metric" && tags[name] !== undefined) {
      labels[name] = String(tags[name]);
    }
  }
  return labels;
}

/** Returns a context that selects by labels of requests only, and the metric. */
function ofMetric(
  context: ReadContext,
): { readonly metric: string; readonly context: ReadContext } {
  const { metric = DEFAULT_METRIC, ...select } = context.select;
  return { metric, context: { ...context, select } };
}

/** Single requests as JSON lines. */
export const k6Points: LineFormat = {
  name: "k6-points",
  title: "requests of k6 as JSON lines",
  matches: (head) =>
    /^\s*\{"type":\s*"(?:Metric|Point)"/m.test(head) ||
    /^\s*\{"metric":.*"type":\s*"(?:Metric|Point)"/m.test(head),
  lines: (given) => {
    const { metric, context } = ofMetric(given);
    const groups = new Groups(context);
    const { findings } = context;
    const unit = context.unit ?? MILLISECONDS;
    return {
      take: (line, number) => {
        if (line.trim() === "") return;
        let point: Readonly<Record<string, unknown>>;
        try {
          point = record(JSON.parse(line));
        } catch {
          findings.lineError(number, {
            message: "is no JSON",
            value: line,
            allowed: "one JSON object on each line",
          });
          return;
        }
        if (point.type !== "Point" || point.metric !== metric) return;
        const { value, tags } = record(point.data);
        if (typeof value !== "number" || !(value >= 0)) {
          findings.lineError(number, {
            message: "has no duration",
            value: line,
            allowed: "a point with a value of at least 0",
          });
          return;
        }
        const labels = record(tags);
        if (labels.expected_response === "false") {
          findings.leaveOut(FAILED, `line ${number}`);
          return;
        }
        groups.add(
          requestLabels(labels, context),
          unit.toMilliseconds(value),
          number,
        );
      },
      finish: () => ({ series: groups.series(), notes: [`metric ${metric}`] }),
    };
  },
};

/** Single requests as CSV. */
export const k6Csv: LineFormat = {
  name: "k6-csv",
  title: "requests of k6 as CSV",
  matches: (head) => head.startsWith("metric_name,timestamp,metric_value"),
  lines: (given) => new K6CsvReader(given),
};

class K6CsvReader implements LineReader {
  readonly #metric: string;
  readonly #context: ReadContext;
  readonly #groups: Groups;
  readonly #lines = new JoinedLines(",");
  #names: readonly string[] | undefined;

  constructor(given: ReadContext) {
    const { metric, context } = ofMetric(given);
    this.#metric = metric;
    this.#context = context;
    this.#groups = new Groups(context);
  }

  take(line: string, number: number): void {
    const row = this.#lines.take(line, number);
    if (row === undefined || line.trim() === "") return;
    if (this.#names === undefined) {
      this.#names = row.cells;
      return;
    }
    const { findings, unit = MILLISECONDS } = this.#context;
    if (row.cells.length !== this.#names.length) {
      findings.lineError(row.number, {
        message:
          `has ${row.cells.length} columns, the first line has ${this.#names.length}`,
        value: line,
        allowed: "lines of equal length",
      });
      return;
    }
    const tags = Object.fromEntries(
      this.#names.map((name, i) => [name, row.cells[i]]),
    );
    if (tags.metric_name !== this.#metric) return;
    const value = Number(tags.metric_value);
    if (!(value >= 0) || tags.metric_value === "") {
      findings.lineError(row.number, {
        message: "has no duration",
        value: line,
        allowed: "a metric_value of at least 0",
      });
    } else if (tags.expected_response === "false") {
      findings.leaveOut(FAILED, `line ${row.number}`);
    } else {
      this.#groups.add(
        requestLabels(tags, this.#context),
        unit.toMilliseconds(value),
        row.number,
      );
    }
  }

  finish(): Reading {
    return {
      series: this.#groups.series(),
      notes: [`metric ${this.#metric}`],
    };
  }
}
