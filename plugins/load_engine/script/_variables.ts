/**
 * The values that a scenario's requests are filled with. Each is a function of the turn, drawn from a stream of its own, so that
 * another variable or another scenario shifts nothing.
 *
 * @module
 */
import { validate } from "../../../core/load.ts";
import type { Issue, Kit, Stream } from "../../../core/plugin.ts";
import { readRows } from "./_read_rows.ts";
import type { Value } from "./_template.ts";

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
