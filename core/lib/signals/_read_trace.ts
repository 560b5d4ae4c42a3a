/**
 * Reads the points of a trace from a file.
 *
 * @module
 */
import type { KitType } from "../../contract/values.ts";
import type { Issue } from "../../errors.ts";
import { FileError, TABLE_LIMITS } from "../read_file.ts";
import type { TableKind } from "../tables.ts";

/** Maximum number of errors of one file that are reported one by one. */
const REPORTED = 10;

/** A point of the trace. */
interface Point {
  /** Time in ms. */
  readonly at: number;
  readonly value: number;
}

/** Types of the two cells of a line. */
interface Cells {
  readonly duration: KitType<number>;
  readonly unit: KitType<number>;
}

/** An error in a file, without its path in the settings. */
export type TraceError = Omit<Issue, "path">;

/** Points of a file, at least one, or else the errors in it. */
interface TraceReading {
  readonly points: readonly Point[];
  readonly errors: readonly TraceError[];
}

/** Number of lines that are read without a pause. */
const STRETCH = 64;

/**
 * Makes the kind of a file with a line `time,value` for each point, separated by comma, semicolon or tab. The first line may
 * be a header.
 *
 * @param cells types of the two cells of a line
 */
export function traceFiles(cells: Cells): TableKind<TraceReading> {
  return {
    limits: TABLE_LIMITS,
    *read(lines, path) {
      const points: Point[] = [];
      const errors: TraceError[] = [];
      let number = 0;
      let further = 0;
      for (const line of lines) {
        if (++number % STRETCH === 0) yield;
        if (line.trim() === "" || number === 1 && isHeader(line)) continue;
        const read = readLine(line, cells, points.at(-1));
        if ("at" in read) points.push(read);
        else if (errors.length === REPORTED) further++;
        else {
          // The file's own text is kept out of errors: it may be a secret.
          const message = `Line ${number} ${read.message}`;
          errors.push({ ...read, message, value: path });
        }
      }
      if (points.length === 0 && errors.length === 0) {
        errors.push({ message: "The file holds no points", value: path });
      }
      if (further > 0) {
        const message = `Further lines with errors: ${further}`;
        errors.push({ message, value: path });
      }
      return { points, errors };
    },
  };
}

/** Returns the error in the settings of a file that cannot be read. */
export function unreadableTrace(path: string, error: unknown): TraceError {
  if (!(error instanceof FileError)) throw error;
  const message = `Cannot read the file: ${error.message}`;
  return { message, value: path, allowed: error.allowed };
}

/** Returns true if no cell of the line starts with a digit. */
function isHeader(line: string): boolean {
  return !cellsOf(line).some((cell) => /^[+-]?\.?\d/.test(cell));
}

function cellsOf(line: string): string[] {
  return line.split(/[,;\t]/).map((cell) => cell.trim());
}

function readLine(
  line: string,
  { duration, unit }: Cells,
  last: Point | undefined,
): Point | TraceError {
  const cells = cellsOf(line);
  const at = parse(duration, cells[0]);
  const value = parse(unit, cells[1]);
  if (cells.length !== 2 || at === undefined || value === undefined) {
    return {
      message: "is no point",
      allowed: "a time and a value such as 1.5s,400/s or 1500,400",
    };
  }
  if (last !== undefined && at < last.at) {
    return {
      message: "goes back in time",
      allowed: "at least the time of the line before",
    };
  }
  return { at, value };
}

/** Parses a cell. A number without a unit is passed on as a number. */
function parse(type: KitType<number>, cell = ""): number | undefined {
  const number = Number(cell);
  const { data } = type.safeParse(
    cell === "" || Number.isNaN(number) ? cell : number,
  );
  return data as number | undefined;
}
