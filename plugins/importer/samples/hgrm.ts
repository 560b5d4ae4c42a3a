/**
 * Percentile distributions of HdrHistogram, `.hgrm`, which wrk2, perfmock and many others print.
 *
 * Each line has a value, its percentile, and the number of values up to it. The last two are as good as counts in buckets.
 *
 * @module
 */
import type { MeasuredBucket } from "../statistics/fit.ts";
import type { LineFormat } from "./format.ts";
import type { Reading } from "./series.ts";
import { MILLISECONDS } from "./units.ts";

const HEADER = /^\s*"?Value"?[\s,]+"?Percentile"?[\s,]+"?TotalCount"?/;

/** A line of the table: value, percentile, count, and 1/(1 − percentile), which is missing or infinite at the end. */
const ROW = /^\s*([\d.eE+-]+)[\s,]+([\d.eE+-]+)[\s,]+(\d+)(?:[\s,]+\S+)?\s*$/;

/** Percentile distribution as text, or separated by commas. */
export const hgrm: LineFormat = {
  name: "hgrm",
  title: "percentile distribution of HdrHistogram",
  matches: (head) => head.split("\n").some((line) => HEADER.test(line)),
  lines: (context) => {
    const { findings } = context;
    const unit = context.unit ?? MILLISECONDS;
    const buckets: MeasuredBucket[] = [];
    let [begun, over] = [false, false];
    let [end, total, seen, lines] = [0, 0, 0, 0];
    return {
      take: (line, number) => {
        if (over || line.trim() === "") return;
        if (!begun) {
          begun = HEADER.test(line);
          return;
        }
        if (line.startsWith("#[")) {
          const count = /Total count\s*=\s*(\d+)/.exec(line)?.[1];
          if (count !== undefined && Number(count) !== seen) {
            findings.lineError(number, {
              message:
                `gives a total count of ${count}, but the lines before end at ${seen}`,
              allowed: "a whole file",
            });
          }
          return;
        }
        const [, value, , count] = ROW.exec(line) ?? [];
        if (count === undefined) {
          // Other output of the tool may follow the table.
          if (lines > 0 && !/\d/.test(line)) over = true;
          else {
            findings.lineError(number, {
              message: "has no value, percentile and count",
              value: line,
              allowed: "a line such as 12.479  0.990625000000  9907  106.67",
            });
          }
          return;
        }
        lines++;
        const high = unit.toMilliseconds(Number(value));
        if (Number(count) < seen) {
          findings.lineError(number, {
            message: `has a count less than ${seen}, the one before`,
            value: line,
            allowed: "counts that do not decrease",
          });
        }
        if (!(high >= end)) {
          findings.lineError(number, {
            message: "has a value less than the one before",
            value: line,
            allowed: "values that do not decrease",
          });
        }
        seen = Math.max(seen, Number(count));
        // Several lines may have the same value. Values of 0 have no bucket of their own: they are in the next one.
        if (!(high > end)) return;
        if (seen > total) buckets.push({ low: end, high, count: seen - total });
        total = seen;
        end = high;
      },
      finish: (): Reading => ({
        series: buckets.length === 0
          ? []
          : [{ labels: {}, durations: { kind: "buckets", buckets } }],
        notes: [`values in ${unit.name}`],
      }),
    };
  },
};
