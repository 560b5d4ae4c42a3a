/**
 * Plain numbers, one or more on each line, and tables with a column of durations.
 *
 * @module
 */
import { delimiterOf, JoinedLines } from "./cells.ts";
import type { LineFormat, LineReader, ReadContext } from "./format.ts";
import { Groups } from "./groups.ts";
import { durationIn, MILLISECONDS, type Unit, unitInName } from "./units.ts";

/** Names of columns with durations, without their units, the best ones first. */
const COLUMNS: readonly RegExp[] = [
  /^(?:duration|elapsed|latency|response_?time|request_?time|time_?taken|service_?time)/i,
  /(?:duration|elapsed|latency|response_?time|request_?time|taken)/i,
  // Of ApacheBench: starttime, seconds, ctime, dtime, ttime, wait.
  /^(?:ttime|total_?time)(?:\W|_|$)/i,
  /^(?:time|value|metric_value)(?:\W|_|$)/i,
];

/** Durations from which on a number is a time stamp rather, in ms. */
const LONGEST = 1e9;

const ALLOWED = "a duration of at least 0, such as 12.5 or 12.5ms";

/** Plain numbers or a table. */
export const numbers: LineFormat = {
  name: "csv",
  title: "table of durations",
  matches: (head) => {
    const lines = head.split("\n").map((line) => line.trim())
      .filter(isContent);
    const [first = "", second] = lines;
    const cells = splitter(first)(first, 1)?.cells ?? [];
    if (cells.some((cell) => isNumber(cell))) return true;
    // A header: durations follow.
    if (second === undefined) return false;
    const next = splitter(first)(second, 2)?.cells ?? [];
    return next.length === cells.length && next.some(isNumber);
  },
  lines: (context) => new TableReader(context),
};

function isContent(line: string): boolean {
  const text = line.trim();
  return text !== "" && !text.startsWith("#");
}

function isNumber(cell: string): boolean {
  return !Number.isNaN(durationIn(cell, MILLISECONDS));
}

/** A unit after a space belongs to the number before. */
const SPACED_UNIT = /(\d)\s+(ns|us|\u00b5s|\u03bcs|ms|s|m|h)(?=\s|$)/gu;

type Splitter = (
  line: string,
  number: number,
) => { readonly cells: readonly string[]; readonly number: number } | undefined;

/** Makes the function that splits the lines of a table like its first line. */
function splitter(first: string): Splitter {
  const delimiter = delimiterOf(first);
  if (delimiter === undefined) {
    return (line, number) => ({
      cells: line.trim().replace(SPACED_UNIT, "$1$2").split(/\s+/),
      number,
    });
  }
  const joined = new JoinedLines(delimiter);
  return (line, number) => joined.take(line, number);
}

/** Place of the durations in a line. */
interface Column {
  /** Index of the cell; undefined for all cells. */
  readonly index: number | undefined;
  /** Unit of numbers without one. */
  readonly unit: Unit;
  /** Indices of the cells that are selected by, by label. */
  readonly labels: readonly (readonly [name: string, index: number])[];
  /** Number of cells. */
  readonly width: number | undefined;
}

class TableReader implements LineReader {
  readonly #context: ReadContext;
  readonly #groups: Groups;
  readonly #notes: string[] = [];
  #split: Splitter | undefined;
  #column: Column | undefined;
  /** True after an error that makes all lines useless. */
  #lost = false;

  constructor(context: ReadContext) {
    this.#context = context;
    this.#groups = new Groups(context);
  }

  take(line: string, number: number): void {
    if (this.#lost || !isContent(line)) return;
    this.#split ??= splitter(line);
    const row = this.#split(line, number);
    if (row === undefined) return;
    if (this.#column === undefined) {
      this.#column = this.#columnIn(row.cells, row.number);
      // The first line is a header unless it has a duration.
      if (this.#column === undefined) {
        this.#lost = true;
        return;
      }
      if (!row.cells.some(isNumber)) return;
    }
    this.#row(row.cells, row.number, this.#column);
  }

  finish() {
    return { series: this.#groups.series(), notes: this.#notes };
  }

  #row(
    cells: readonly string[],
    number: number,
    { index, unit, labels, width }: Column,
  ): void {
    const { findings } = this.#context;
    if (width !== undefined && cells.length !== width) {
      findings.lineError(number, {
        message: `has ${cells.length} columns, the first line has ${width}`,
        value: cells.join(" "),
        allowed: "lines of equal length",
      });
      return;
    }
    const found = Object.fromEntries(
      labels.map(([name, at]) => [name, cells[at]]),
    );
    for (const cell of index === undefined ? cells : [cells[index]]) {
      const milliseconds = durationIn(cell, unit);
      if (milliseconds >= 0 && milliseconds < LONGEST) {
        this.#groups.add(found, milliseconds, number);
      } else {
        findings.lineError(number, {
          message: milliseconds < 0
            ? "has a negative duration"
            : milliseconds >= LONGEST
            ? "has a duration of more than 11 days, perhaps a time stamp"
            : "has no duration",
          value: cell,
          allowed: ALLOWED,
        });
      }
    }
  }

  /** Finds the column by the first line; undefined after an error. */
  #columnIn(cells: readonly string[], number: number): Column | undefined {
    const { unit, column, select, findings } = this.#context;
    const names = cells.map((cell) => cell.trim());
    const header = !names.some(isNumber);
    if (!header) {
      const wanted = [column, ...Object.keys(select)].find((name) =>
        name !== undefined
      );
      if (wanted !== undefined) {
        findings.lineError(number, {
          message: "has no names of columns, by one of which is selected",
          value: wanted,
          allowed: "a first line with the names of the columns",
        });
        return undefined;
      }
      if (names.every(isNumber) || names.length === 1) {
        return {
          index: undefined,
          unit: unit ?? MILLISECONDS,
          labels: [],
          width: undefined,
        };
      }
      findings.lineError(number, {
        message: `has ${names.length} columns without names`,
        value: names.join(" "),
        allowed:
          "durations alone, or a first line with the names of the columns",
      });
      return undefined;
    }
    const labels = Object.keys(select).map((name) =>
      [name, names.indexOf(name)] as const
    );
    const index = column === undefined
      ? usualColumn(names)
      : names.indexOf(column);
    const missing = [
      ...index < 0 && column !== undefined ? [column] : [],
      ...labels.flatMap(([name, at]) => at < 0 ? [name] : []),
    ];
    for (const name of missing) {
      findings.lineError(number, {
        message: "names no such column",
        value: name,
        allowed: names.join(", "),
      });
    }
    if (missing.length > 0) return undefined;
    if (index < 0) {
      findings.lineError(number, {
        message: "names no column that is known to have durations",
        value: names.join(", "),
        allowed: "--column NAME with one of them",
      });
      return undefined;
    }
    const own = unitInName(names[index]);
    this.#notes.push(
      `column "${names[index]}", in ${(unit ?? own ?? MILLISECONDS).name}${
        unit === undefined && own === undefined ? " unless a unit follows" : ""
      }`,
    );
    return {
      index,
      unit: unit ?? own ?? MILLISECONDS,
      labels,
      width: names.length,
    };
  }
}

/** Index of the column with durations; −1 if none is known to have them. */
function usualColumn(names: readonly string[]): number {
  if (names.length === 1) return 0;
  for (const pattern of COLUMNS) {
    const index = names.findIndex((name) => pattern.test(name));
    if (index >= 0) return index;
  }
  return -1;
}
