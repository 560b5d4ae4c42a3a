/**
 * Tables of percentiles: as text, such as the latency distribution of wrk or a table from a dashboard, and as a JSON object.
 *
 * @module
 */
import type { DocumentFormat, LineFormat, ReadContext } from "./format.ts";
import { record } from "./format.ts";
import type { MeasuredPercentile } from "../statistics/fit.ts";
import type { Reading } from "./series.ts";
import { durationIn, MILLISECONDS } from "./units.ts";

/** A line such as `p99 = 1.2s`, `99.9% 800ms`, `p(95): 12` or `| p50 | 35 ms |`. */
const LINE =
  /^[\s|]*(?:p(?:ercentile)?\s*\(?\s*(\d+(?:\.\d+)?)\s*\)?(?:th)?|(\d+(?:\.\d+)?)\s*(?:%|th(?:\s+percentile)?|st|nd|rd)|(median|med|min|max))[\s|:=,;]*([+-]?[\d.]+(?:e[+-]?\d+)?\s*[a-z\u00b5\u03bc]*)[\s|]*$/iu;

/** Lines without a percentile that such tables have. */
const OTHER =
  /^[\s|+\-=:]*$|^\s*#|percentile|quantile|latency|distribution|avg|mean|average|std|count|total|samples|requests/i;

/** Probabilities of percentiles with a name. */
const NAMED: Readonly<Record<string, number>> = {
  min: 0,
  med: 0.5,
  median: 0.5,
  max: 1,
};

/** Percentile as read: its probability and the place of it. */
interface Entry extends MeasuredPercentile {
  /** Place for errors. */
  readonly place: string;
}

/** Percentiles as text. */
export const percentileTable: LineFormat = {
  name: "percentiles",
  title: "table of percentiles",
  matches: (head) => {
    const lines = head.split("\n").filter((line) => line.trim() !== "");
    const hits = lines.filter((line) => LINE.test(line)).length;
    return hits >= 2 && hits >= lines.length / 2;
  },
  lines: (context) => {
    const entries: Entry[] = [];
    return {
      take: (line, number) => {
        const [, p, percent, name, text] = LINE.exec(line) ?? [];
        if (text === undefined) {
          if (line.trim() !== "" && !OTHER.test(line)) {
            context.findings.lineError(number, {
              message: "has no percentile",
              value: line,
              allowed: "a percentile and a duration, such as p99 120ms",
            });
          }
          return;
        }
        const value = durationIn(text, context.unit ?? MILLISECONDS);
        if (Number.isNaN(value)) {
          context.findings.lineError(number, {
            message: "has no duration",
            value: line,
            allowed: "a percentile and a duration, such as p99 120ms",
          });
          return;
        }
        entries.push({
          probability: NAMED[name?.toLowerCase()] ?? share(p ?? percent),
          value,
          place: `line ${number}`,
        });
      },
      finish: () => readingOf(entries, context),
    };
  },
};

/** Key of a JSON object that names a percentile. */
const KEY = /^(?:p|p\(|percentile_?)?(\d+(?:\.\d+)?)\)?(?:%|th)?$/i;

/** Percentiles as a JSON object, such as `{"p50": "35ms", "p99": 250}`. */
export const percentileObject: DocumentFormat = {
  name: "percentiles-json",
  title: "JSON object of percentiles",
  recognises: (document) =>
    Object.keys(percentilesIn(document)).filter((key) => KEY.test(key))
      .length >= 2,
  document: (document, context) => {
    const entries: Entry[] = [];
    for (const [key, value] of Object.entries(percentilesIn(document))) {
      const digits = KEY.exec(key)?.[1];
      const probability = NAMED[key.toLowerCase()] ??
        (digits === undefined ? undefined : share(digits));
      if (probability === undefined) {
        context.findings.leaveOut("keys that name no percentile", `/${key}`);
        continue;
      }
      const milliseconds = durationIn(
        String(value),
        context.unit ?? MILLISECONDS,
      );
      if (Number.isNaN(milliseconds)) {
        context.findings.error({
          path: `/${key}`,
          message: "Expected a duration",
          value,
          allowed: 'a duration such as "120ms", or a number',
        });
        continue;
      }
      entries.push({ probability, value: milliseconds, place: `/${key}` });
    }
    return readingOf(entries, context);
  },
};

/** The object with the percentiles, which may stand under the key of the distribution family. */
function percentilesIn(document: unknown): Readonly<Record<string, unknown>> {
  const object = record(document);
  return "percentiles" in object ? record(object.percentiles) : object;
}

/** A percentage as a probability; exact, unlike division by 100. */
function share(digits: string): number {
  return Number(`${digits}e-2`);
}

/** Sorts percentiles, and reports what is wrong with them at their places. */
export function readingOf(
  entries: readonly Entry[],
  { findings }: ReadContext,
): Reading {
  const sorted = entries.toSorted((a, b) => a.probability - b.probability);
  for (const [i, { probability, value, place }] of sorted.entries()) {
    const before = sorted[i - 1];
    const name = `p${Number((100 * probability).toPrecision(12))}`;
    const at = place.startsWith("/")
      ? { path: place, prefix: "" }
      : { path: "", prefix: `${place[0].toUpperCase()}${place.slice(1)}: ` };
    if (!(probability >= 0 && probability <= 1)) {
      findings.error({
        path: at.path,
        message: `${at.prefix}${name} is not between p0 and p100`,
        allowed: "percentiles from p0 to p100",
      });
    }
    if (value < 0) {
      findings.error({
        path: at.path,
        message: `${at.prefix}${name} is negative`,
        value: `${value} ms`,
        allowed: "durations of at least 0",
      });
    }
    if (before === undefined) continue;
    if (before.probability === probability && before.value !== value) {
      findings.error({
        path: at.path,
        message: `${at.prefix}${name} is given twice, ${before.place} too`,
        value: `${value} ms and ${before.value} ms`,
        allowed: "each percentile once",
      });
    } else if (value < before.value) {
      findings.error({
        path: at.path,
        message: `${at.prefix}${name} is less than a lower percentile, p${
          Number((100 * before.probability).toPrecision(12))
        } (${before.place})`,
        value: `${value} ms after ${before.value} ms`,
        allowed: "durations that do not decrease from percentile to percentile",
      });
    }
  }
  const points = sorted
    .filter(({ probability }, i) => probability !== sorted[i - 1]?.probability)
    .map(({ probability, value }) => ({ probability, value }));
  return {
    series: points.length === 0
      ? []
      : [{ labels: {}, durations: { kind: "percentiles", points } }],
    notes: [],
  };
}
