/**
 * The empirical family.
 *
 * @module
 */
import type { Family, Shape } from "../../core/plugin.ts";
import { invalidParameters, requireOneForm } from "./_parameters.ts";
import { fileIssue, type LineIssue, readLines, toNumber } from "./_lines.ts";

/** Parameters of {@linkcode empirical}: values or file. */
export interface EmpiricalParameters {
  /** Measured times in milliseconds; at least one. */
  readonly values?: readonly number[];
  /**
   * Path of a file with measured times in milliseconds: one or more on each line, separated by commas, semicolons or tabs. The
   * first line may be the name of the column.
   */
  readonly file?: string;
}

const ALLOWED = "a number of milliseconds, at least 0, such as 12.5";

/** Measured times; each is as likely as it was frequent. */
export const empirical: Family<EmpiricalParameters> = {
  name: "empirical",
  summary: "Measured times, each as likely as it was frequent",
  source:
    "Hyndman, Fan, Sample quantiles in statistical packages, 1996 (definition 1)",
  parameters: ({ z, duration, file }) =>
    z.strictObject({
      values: z.array(duration()).min(1).optional(),
      file: file().optional(),
    }).superRefine((given, context) =>
      requireOneForm(context, given, [["values"], ["file"]])
    ),
  create: ({ values = [], file }) =>
    fromTimes(
      file === undefined ? Float64Array.from(values) : timesOf(file),
    ),
};

function fromTimes(times: Float64Array): Shape {
  times.sort();
  const n = times.length;
  const last = n - 1;
  const at = (rank: number) => times[Math.min(last, Math.max(0, rank))];
  const notAbove = (x: number): number => {
    let low = 0;
    let high = n;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (times[middle] <= x) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const mean = times.reduce((sum, x) => sum + x, 0) / n;
  const variance = times.reduce((sum, x) => sum + (x - mean) ** 2, 0) / n;
  return {
    quantile: (u) => at(Math.ceil(u * n) - 1),
    survivalQuantile: (v) => at(last - Math.floor(v * n)),
    cdf: (x) => notAbove(x) / n,
    survival: (x) => (n - notAbove(x)) / n,
    mean,
    standardDeviation: Math.sqrt(variance),
  };
}

function timesOf(path: string): Float64Array {
  let times = new Float64Array(1024);
  let count = 0;
  readLines(path, (cells, first) => {
    const numbers = cells.map(toNumber);
    if (first && numbers.every(Number.isNaN)) return headerIssue(cells);
    for (let i = 0; i < numbers.length; i++) {
      const x = numbers[i];
      if (!(x >= 0 && x < Infinity)) {
        return { message: "has no time", allowed: ALLOWED };
      }
      if (count === times.length) {
        const longer = new Float64Array(2 * count);
        longer.set(times);
        times = longer;
      }
      times[count++] = x;
    }
  });
  if (count === 0) {
    throw invalidParameters([
      fileIssue(path, {
        message: "The file has no times",
        allowed: ALLOWED,
      }),
    ]);
  }
  return times.slice(0, count);
}

function headerIssue(cells: readonly string[]): LineIssue | undefined {
  return cells.length === 1 ? undefined : {
    message: `names ${cells.length} columns, of which one alone can be read`,
    allowed: "a file with the column of times alone",
  };
}
