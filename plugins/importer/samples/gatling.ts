/**
 * Results of Gatling: statistics as JSON and as text, and the log of a simulation of Gatling 3.10 or older, which is text.
 *
 * @module
 */
import type { MeasuredPercentile } from "../statistics/fit.ts";
import {
  type DocumentFormat,
  isSelected,
  type LineFormat,
  type ReadContext,
  record,
} from "./format.ts";
import { Groups } from "./groups.ts";
import type { Reading, Series } from "./series.ts";

/** Percentiles of Gatling's statistics, unless its configuration has others. */
const PERCENTILES: Readonly<Record<string, number>> = {
  minResponseTime: 0,
  percentiles1: 0.5,
  percentiles2: 0.75,
  percentiles3: 0.95,
  percentiles4: 0.99,
  maxResponseTime: 1,
};

const NOTE =
  "successful requests; percentiles1 to percentiles4 are taken as p50, p75, p95 and p99, Gatling's defaults";

/** Statistics as JSON: `stats.json` or `global_stats.json`. */
export const gatlingStats: DocumentFormat = {
  name: "gatling-json",
  title: "statistics of Gatling",
  recognises: (document) => {
    const object = record(document);
    return "percentiles1" in object || "percentiles1" in record(object.stats);
  },
  document: (document, context) => {
    const object = record(document);
    const series = "percentiles1" in object
      ? statsSeries(object, "", context)
      : groupSeries(object, "", context);
    return {
      series: series.filter(({ labels }) => {
        if (isSelected(labels, context.select)) return true;
        context.findings.unselected("requests", labels, "statistics");
        return false;
      }),
      notes: [NOTE],
    };
  },
};

/** A group or a request with its statistics, and those within it. */
function groupSeries(
  group: Readonly<Record<string, unknown>>,
  path: string,
  context: ReadContext,
): Series[] {
  const contents = Object.entries(record(group.contents));
  return [
    ...statsSeries(record(group.stats), `${path}/stats`, context),
    ...contents.flatMap(([key, content]) =>
      groupSeries(record(content), `${path}/contents/${key}`, context)
    ),
  ];
}

function statsSeries(
  stats: Readonly<Record<string, unknown>>,
  path: string,
  { findings }: ReadContext,
): Series[] {
  const points: MeasuredPercentile[] = [];
  const count = Number(record(stats.numberOfRequests).ok);
  if (count === 0) {
    findings.leaveOut("requests without a success", path);
    return [];
  }
  for (const [key, probability] of Object.entries(PERCENTILES)) {
    if (!(key in stats)) continue;
    const value = Number(record(stats[key]).ok);
    const before = points.at(-1);
    if (!(value >= 0) || before !== undefined && value < before.value) {
      findings.error({
        path: `${path}/${key}/ok`,
        message: value >= 0
          ? "A percentile is less than a lower one"
          : "Expected a duration in ms",
        value: record(stats[key]).ok ?? null,
        allowed: "durations that do not decrease from percentile to percentile",
      });
    } else points.push({ probability, value });
  }
  return [{
    labels: { request: String(stats.name ?? "") },
    durations: {
      kind: "percentiles",
      points,
      ...count > 0 && { count },
    },
  }];
}

/** A line such as `> response time 95th percentile    128 (OK=126 KO=130)`. */
const TEXT_LINE =
  /^\s*>\s*(?:response time (\d+(?:\.\d+)?)(?:st|nd|rd|th) percentile|(min|max) response time|(request count))[^|\d]*\|?\s*([\d,]+)\s*(?:\(OK=([\d,]+|-)|\|\s*([\d,]+|-)\s*\|)?/;

/** Statistics as text. */
export const gatlingText: LineFormat = {
  name: "gatling-text",
  title: "statistics of Gatling as text",
  matches: (head) =>
    /^\s*> response time \d+(?:st|nd|rd|th) percentile/m.test(head),
  lines: (context) => {
    const points: MeasuredPercentile[] = [];
    let count: number | undefined;
    return {
      take: (line, number) => {
        const [, percent, end, requests, all, ok, okCell] =
          TEXT_LINE.exec(line) ?? [];
        if (all === undefined) return;
        const own = ok ?? okCell ?? all;
        const value = Number((own === "-" ? all : own).replaceAll(",", ""));
        if (requests !== undefined) {
          count = value;
          return;
        }
        points.push({
          probability: end === undefined
            ? Number(`${percent}e-2`)
            : end === "min"
            ? 0
            : 1,
          value,
        });
        points.sort((a, b) => a.probability - b.probability);
        if (
          points.some((point, i) => i > 0 && point.value < points[i - 1].value)
        ) {
          context.findings.lineError(number, {
            message: "makes a percentile less than a lower one",
            value: line,
            allowed:
              "durations that do not decrease from percentile to percentile",
          });
        }
      },
      finish: (): Reading => ({
        series: points.length === 0 ? [] : [{
          labels: {},
          durations: {
            kind: "percentiles",
            points,
            ...count !== undefined && { count },
          },
        }],
        notes: ["successful requests, in ms"],
      }),
    };
  },
};

/** A request: its groups, its name, its start and its end in ms since 1970, and its result. */
const REQUEST = /^REQUEST\t(?:.*\t)?([^\t]*)\t(\d{13})\t(\d{13})\t(OK|KO)/;

/** Log of a simulation. */
export const gatlingLog: LineFormat = {
  name: "gatling-log",
  title: "log of a simulation of Gatling",
  matches: (head) => /^REQUEST\t/m.test(head) || /^RUN\t/.test(head),
  lines: (context) => {
    const groups = new Groups(context);
    return {
      take: (line, number) => {
        if (!line.startsWith("REQUEST\t")) return;
        const [, request, start, end, result] = REQUEST.exec(line) ?? [];
        const duration = Number(end) - Number(start);
        if (!(duration >= 0)) {
          context.findings.lineError(number, {
            message: "has no start and end",
            value: line,
            allowed: "a request with its name, start, end and result",
          });
        } else if (result === "KO") {
          context.findings.leaveOut("failed requests", `line ${number}`);
        } else groups.add({ request }, duration, number);
      },
      finish: () => ({ series: groups.series(), notes: [] }),
    };
  },
};
