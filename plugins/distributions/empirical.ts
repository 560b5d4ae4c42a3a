/**
 * The empirical family.
 *
 * @module
 */
import {
  atOnce,
  type Family,
  FileError,
  type Shape,
  type TableKind,
  TIMES_LIMITS,
} from "../../core/plugin.ts";
import { invalidParameters, requireOneForm } from "./_parameters.ts";
import {
  fileIssue,
  type LineIssue,
  readLines,
  tableIn,
  toNumber,
} from "./_lines.ts";
import { sortInSteps } from "./_sort.ts";

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
  parameters: ({ z, duration, file, worded }) =>
    z.strictObject(worded({
      values: z.array(duration()).min(1).optional(),
      file: file().optional(),
    }, {
      values: "Measured times",
      file: "File with one time a line, in place of values",
    })).superRefine((given, context) =>
      requireOneForm(context, given, [["values"], ["file"]])
    ),
  create: ({ values = [], file }) =>
    shapeOf(
      file === undefined
        ? atOnce(summarise(Float64Array.from(values).sort()))
        : tableIn(TIMES, file),
    ),
};

/** Measured times in ascending order, with their moments. */
interface Times {
  readonly times: Float64Array;
  readonly mean: number;
  readonly standardDeviation: number;
}

/** Number of times that are added up without a pause. */
const STRETCH = 65_536;

/** @param times in ascending order */
function* summarise(times: Float64Array): Generator<void, Times> {
  const n = times.length;
  let sum = 0;
  for (let i = 0; i < n; i++) {
    sum += times[i];
    if (i % STRETCH === 0) yield;
  }
  const mean = sum / n;
  let squares = 0;
  for (let i = 0; i < n; i++) {
    squares += (times[i] - mean) ** 2;
    if (i % STRETCH === 0) yield;
  }
  return { times, mean, standardDeviation: Math.sqrt(squares / n) };
}

function shapeOf({ times, mean, standardDeviation }: Times): Shape {
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
  return {
    quantile: (u) => at(Math.ceil(u * n) - 1),
    survivalQuantile: (v) => at(last - Math.floor(v * n)),
    cdf: (x) => notAbove(x) / n,
    survival: (x) => (n - notAbove(x)) / n,
    mean,
    standardDeviation,
    measured: true,
  };
}

/** Files with measured times. */
const TIMES: TableKind<Times> = {
  limits: TIMES_LIMITS,
  *read(lines, path) {
    let times = new Float64Array(1024);
    let count = 0;
    yield* readLines({ lines, path }, (cells, first) => {
      const numbers = cells.map(toNumber);
      if (first && numbers.every(Number.isNaN)) return headerIssue(cells);
      for (let i = 0; i < numbers.length; i++) {
        const x = numbers[i];
        if (!(x >= 0 && x < Infinity)) {
          return { message: "has no time", allowed: ALLOWED };
        }
        if (count === TIMES_LIMITS.lines) {
          throw new FileError(
            `it has more than ${TIMES_LIMITS.lines} times`,
            `at most ${TIMES_LIMITS.lines} times`,
          );
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
    const sorted = yield* sortInSteps(times.subarray(0, count));
    return yield* summarise(sorted);
  },
};

function headerIssue(cells: readonly string[]): LineIssue | undefined {
  return cells.length === 1 ? undefined : {
    message: `names ${cells.length} columns, of which one alone can be read`,
    allowed: "a file with the column of times alone",
  };
}
