/**
 * The values that a scenario's requests are filled with. Each is a function of the turn, drawn from a stream of its own, so that
 * another variable or another scenario shifts nothing.
 *
 * @module
 */
import {
  type Issue,
  type Kit,
  type Stream,
  validate,
} from "../../../core/plugin.ts";
import type { Value } from "./_requests.ts";

/** The names that every scenario has. */
export const OWN_VALUES: ReadonlyMap<string, Value> = new Map<string, Value>([
  ["user", ({ user }) => `${user}`],
  ["iteration", ({ iteration }) => `${iteration}`],
  ["number", ({ number }) => `${number}`],
]);

/** Reads its values once it has a stream. */
export type Variable = (stream: Stream) => Value;

/** A variable, or its faults; names are known either way. */
export interface ReadVariable {
  /** Undefined where it has faults. */
  readonly variable: Variable | undefined;
  /** All of them. */
  readonly faults: readonly Issue[];
}

/** What the schema makes of a variable. */
interface Written {
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
 * @param value as written
 * @param path a JSON Pointer to it
 */
export function readVariable(
  value: unknown,
  path: string,
  { kit, suggest }: {
    readonly kit: Kit;
    suggest(name: string, candidates: Iterable<string>): string | undefined;
  },
): ReadVariable {
  const read = validate(variableSchema(kit), value, path);
  if (read.issues !== undefined) {
    return { variable: undefined, faults: read.issues };
  }
  const { integer, choice, csv } = read.value as Written;
  if (integer !== undefined) return good(integers(integer));
  if (choice !== undefined) return good(choices(choice.map(String)));
  if (csv === undefined) return { variable: undefined, faults: [] };
  const columns = readRows(csv.file);
  if (typeof columns === "string") {
    return bad({
      path: `${path}/csv/file`,
      message: columns,
      value: csv.file,
      allowed: "a CSV file with a header and one row at least",
    });
  }
  const cells = columns.get(csv.column);
  if (cells === undefined) {
    const suggestion = suggest(csv.column, columns.keys());
    return bad({
      path: `${path}/csv/column`,
      message: `The file has no column ${JSON.stringify(csv.column)}`,
      value: csv.column,
      allowed: [...columns.keys()].join(", "),
      ...(suggestion === undefined ? {} : { suggestion }),
    });
  }
  return good(
    csv.order === "random"
      ? choices(cells)
      : () => ({ number }) => cells[number % cells.length],
  );
}

function variableSchema(kit: Kit) {
  const { z } = kit;
  return z.strictObject({
    integer: z.strictObject({
      min: kit.integer(),
      max: kit.integer(),
    }).refine(({ min, max }) => min <= max, {
      path: ["max"],
      error: "The greatest value is below the least",
    }).optional(),
    choice: z.array(z.union([z.string(), z.number(), z.boolean()])).min(1)
      .optional(),
    csv: z.strictObject({
      file: kit.file(),
      column: z.string(),
      order: z.enum(["in-order", "random"]).default("in-order"),
    }).optional(),
  }).refine((written) => Object.keys(written).length === 1, {
    error: "A variable is one of integer, choice and csv",
  });
}

function good(variable: Variable): ReadVariable {
  return { variable, faults: [] };
}

function bad(fault: Issue): ReadVariable {
  return { variable: undefined, faults: [fault] };
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

/** The most that is read of one file, in bytes. */
const LIMIT = 64 * 1024 ** 2;

/**
 * Reads a file of values.
 *
 * @param path absolute
 * @returns its columns, or why there are none
 */
export function readRows(path: string): Columns | string {
  let text;
  try {
    const { size } = Deno.statSync(path);
    if (size > LIMIT) {
      return `The file holds ${size} bytes, at most ${LIMIT} are read`;
    }
    text = Deno.readTextFileSync(path);
  } catch (error) {
    return `Cannot read the file: ${(error as Error).message}`;
  }
  const [header, ...rows] = cells(text);
  if (header === undefined || rows.length === 0) {
    return "The file holds no row beyond its header";
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

/** All cells of all lines; blank lines are none. */
function cells(text: string): string[][] {
  const rows: string[][] = [];
  const first = text.slice(0, text.search(/[\r\n]|$/));
  const separator = [",", ";", "\t"].find((mark) => first.includes(mark)) ??
    ",";
  let row: string[] = [];
  let cell = "";
  let quoted = false;
  const endRow = () => {
    row.push(cell);
    if (row.length > 1 || cell !== "") rows.push(row);
    row = [];
    cell = "";
  };
  for (let i = text.charCodeAt(0) === 0xfeff ? 1 : 0; i < text.length; i++) {
    const character = text[i];
    if (quoted) {
      if (character !== '"') cell += character;
      else if (text[i + 1] === '"') cell += text[++i];
      else quoted = false;
    } else if (character === '"' && cell === "") quoted = true;
    else if (character === separator) {
      row.push(cell);
      cell = "";
    } else if (character === "\n") endRow();
    else if (character !== "\r") cell += character;
  }
  if (cell !== "" || row.length > 0) endRow();
  return rows;
}
