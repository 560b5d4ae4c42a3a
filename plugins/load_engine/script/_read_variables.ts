/**
 * Variables of a scenario: values that fill the templates of its requests. Each is a function of the turn, drawn from a stream of
 * its own, so that another variable or scenario does not change it.
 *
 * @module
 */
import {
  checkFile,
  FileError,
  type FileLimits,
  type Issue,
  type Kit,
  readTextSync,
  type Schema,
  type Stream,
  validate,
} from "../../../core/plugin.ts";
import type { Value } from "./_requests.ts";
import type { ScriptTools } from "./script.ts";

/** Values that every scenario has. */
export const OWN_VALUES: ReadonlyMap<string, Value> = new Map<string, Value>([
  ["user", ({ user }) => `${user}`],
  ["iteration", ({ iteration }) => `${iteration}`],
  ["number", ({ number }) => `${number}`],
]);

/** A variable that needs its random numbers. */
export type Variable = (stream: Stream) => Value;

/** A variable, or its issues. */
export interface ReadVariable {
  /** Undefined if it has issues. */
  readonly variable: Variable | undefined;
  readonly issues: readonly Issue[];
}

/** A variable as its schema parses it. */
export interface Written {
  readonly integer?: { readonly min: number; readonly max: number };
  readonly choice?: readonly (string | number | boolean)[];
  readonly csv?: {
    readonly file: string;
    readonly column: string;
    readonly order: "in-order" | "random";
  };
}

/**
 * Reads one variable.
 *
 * @param value the variable as written
 * @param path JSON Pointer to it
 */
export function readVariable(
  value: unknown,
  path: string,
  { kit, unread }: Pick<ScriptTools, "kit" | "unread">,
): ReadVariable {
  const read = validate(variableSchema(kit), value, path);
  if (read.issues !== undefined) {
    return { variable: undefined, issues: read.issues };
  }
  const { integer, choice, csv }: Written = read.value;
  if (integer !== undefined) return good(integers(integer));
  if (choice !== undefined) return good(choices(choice.map(String)));
  if (csv === undefined) return { variable: undefined, issues: [] };
  const columns = unread === undefined
    ? readRows(csv.file)
    : unreadable(csv.file);
  if (columns === undefined) {
    unread?.();
    return good(() => () => "");
  }
  if (typeof columns === "string") {
    return bad({
      path: `${path}/csv/file`,
      message: columns,
      value: csv.file,
      allowed: "a CSV file with a header and at least one row",
    });
  }
  const cells = columns.get(csv.column);
  if (cells === undefined) {
    return bad({
      path: `${path}/csv/column`,
      message: `The file has no column ${JSON.stringify(csv.column)}`,
      value: csv.column,
      allowed: `one of the ${columns.size} columns that its first line names`,
    });
  }
  return good(
    csv.order === "random"
      ? choices(cells)
      : () => ({ number }) => cells[number % cells.length],
  );
}

/** Makes the schema of a variable. */
export function variableSchema(kit: Kit): Schema<Written> {
  const { z, worded } = kit;
  return z.strictObject(worded({
    integer: z.strictObject(worded({
      min: kit.integer(),
      max: kit.integer(),
    }, {
      min: "Smallest number",
      max: "Largest number",
    })).refine(({ min, max }) => min <= max, {
      path: ["max"],
      error: "The maximum is below the minimum",
    }).optional(),
    choice: z.array(z.union([z.string(), z.number(), z.boolean()])).min(1)
      .optional(),
    csv: z.strictObject(worded({
      file: kit.file(),
      column: z.string(),
      order: z.enum(["in-order", "random"]).default("in-order"),
    }, {
      file: "CSV file, whose first line names the columns",
      column: "Name of the column",
      order:
        "Choice of the row: one after another, and then from the first again, or at random",
    })).optional(),
  }, {
    integer: "Random whole number from min to max, both included",
    choice: "Values: one of them is chosen at random",
    csv: "Column of a CSV file",
  })).refine((written) => Object.keys(written).length === 1, {
    error: "A variable is one of integer, choice and csv",
  });
}

function good(variable: Variable): ReadVariable {
  return { variable, issues: [] };
}

function bad(issue: Issue): ReadVariable {
  return { variable: undefined, issues: [issue] };
}

function integers(
  { min, max }: { readonly min: number; readonly max: number },
): Variable {
  return (stream) => ({ place }) =>
    `${min + Math.floor(stream.uniform(place) * (max - min + 1))}`;
}

function choices(values: readonly string[]): Variable {
  return (stream) => ({ place }) =>
    values[Math.floor(stream.uniform(place) * values.length)];
}

/** A file's columns, by name, in the order of the header. */
export type Columns = ReadonlyMap<string, readonly string[]>;

/** Limits of a CSV file. */
export const CSV_LIMITS: FileLimits = { bytes: 64 * 1024 ** 2 };

/** Greatest number of rows of a CSV file. */
export const MAX_ROWS = 1_000_000;

/** Greatest number of cells of a CSV file. */
export const MAX_CELLS = 8_000_000;

/** Returns a sentence that says why a file cannot be read; undefined where it can. */
function unreadable(path: string): string | undefined {
  try {
    checkFile(path, CSV_LIMITS);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return `Cannot read the file: ${error.message}`;
  }
}

/**
 * Reads a CSV file with a header line (RFC 4180), separated by comma, semicolon or tab.
 *
 * @param path absolute
 * @returns its columns, or a sentence that says why it cannot be read
 */
export function readRows(path: string): Columns | string {
  let text;
  try {
    text = readTextSync(path, CSV_LIMITS);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return `Cannot read the file: ${error.message}`;
  }
  const rows = rowsOf(text);
  if (rows === undefined) {
    return `The file has more than ${MAX_ROWS} rows or ${MAX_CELLS} cells`;
  }
  const header = rows.shift();
  if (header === undefined || rows.length === 0) {
    return "The file has no row below its header";
  }
  const columns = new Map(
    header.map((name) => [name.trim(), [] as string[]] as const),
  );
  if (columns.size < header.length) return "The header names a column twice";
  for (const [index, row] of rows.entries()) {
    if (row.length !== header.length) {
      return `Row ${
        index + 2
      } has ${row.length} cells, the header has ${header.length}`;
    }
    row.forEach((cell, place) => columns.get(header[place].trim())?.push(cell));
  }
  return columns;
}

/** Returns the cells of all lines that are not blank; undefined if they are too many. */
function rowsOf(text: string): string[][] | undefined {
  const rows: string[][] = [];
  let cells = 0;
  const first = text.slice(0, text.search(/[\r\n]|$/));
  const separator = [",", ";", "\t"].find((mark) => first.includes(mark)) ??
    ",";
  let row: string[] = [];
  let cell = "";
  let quoted = false;
  const endRow = () => {
    row.push(cell);
    if (row.length > 1 || cell !== "") rows.push(row);
    cells += row.length;
    row = [];
    cell = "";
  };
  for (let i = text.charCodeAt(0) === 0xfeff ? 1 : 0; i < text.length; i++) {
    const character = text[i];
    if (row.length > MAX_CELLS) return undefined;
    if (quoted) {
      if (character !== '"') cell += character;
      else if (text[i + 1] === '"') cell += text[++i];
      else quoted = false;
    } else if (character === '"' && cell === "") quoted = true;
    else if (character === separator) {
      row.push(cell);
      cell = "";
    } else if (character === "\n") {
      endRow();
      if (rows.length > MAX_ROWS || cells > MAX_CELLS) return undefined;
    } else if (character !== "\r") cell += character;
  }
  if (cell !== "" || row.length > 0) endRow();
  return rows;
}
