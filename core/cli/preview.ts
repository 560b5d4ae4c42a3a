/**
 * `perfmock preview` prints the values of a signal over time.
 *
 * @module
 */
import { extname } from "node:path";
import { parse } from "yaml";
import { createKit, readConfig, validate } from "../config/mod.ts";
import { type Issue, PerfmockError } from "../errors.ts";
import { formatDuration } from "../lib/units.ts";
import type { Kit, KitType, Signal } from "../plugin.ts";
import type { Terminal } from "./terminal.ts";

/** Options of `preview`, as typed. */
export interface PreviewOptions {
  /** Unit of the values: a key of {@linkcode UNITS}. */
  readonly unit: string;
  /** Duration to show. Default: to the end of the signal, 2 minutes if it has none. */
  readonly over?: string;
  /** Number of points. */
  readonly points: string;
}

/** A unit of values. */
interface Unit {
  /** Type that parses values. */
  readonly type: (kit: Kit) => KitType<number>;
  /** Suffix of printed values. */
  readonly suffix: string;
}

/** Units by name. */
const UNITS: Readonly<Record<string, Unit>> = {
  rate: { type: (kit) => kit.rate(), suffix: "/s" },
  number: { type: (kit) => kit.number(), suffix: "" },
};

/** Duration shown of a signal without an end, in ms. */
const DEFAULT_DURATION = 120_000;

/** Length of the longest bar, in characters. */
const WIDTH = 50;

/** Extensions of files; any other text is the signal itself. */
const EXTENSIONS: readonly string[] = [".json", ".jsonc", ".yaml", ".yml"];

/**
 * Prints points of a signal with bars: time, value and, for a rate, the number of arrivals so far.
 *
 * @param text a signal as JSON or YAML, or the path of a file that contains one
 * @throws PerfmockError where the text is not a signal, or an option is invalid
 */
export async function preview(
  text: string,
  options: PreviewOptions,
  out: Terminal,
): Promise<number> {
  const { value, folder } = EXTENSIONS.includes(extname(text))
    ? await readConfig(text)
    : { value: parseText(text), folder: "." };
  const kit = createKit({
    folder,
    distribution: () => ({
      issues: [{ path: "", message: "A signal is no distribution" }],
    }),
  });
  const { unit, over, points } = readOptions(options, kit);
  const read = validate(kit.signal(unit.type(kit)), value);
  if (read.issues !== undefined) throw invalid("this signal", read.issues);
  const signal = read.value;
  const shown = over ??
    (signal.end > 0 && signal.end < Infinity ? signal.end : DEFAULT_DURATION);
  const times = Array.from(
    { length: points },
    (_, i) => shown * i / (points - 1),
  );
  print(signal, { times, unit }, out);
  return 0;
}

function parseText(text: string): unknown {
  try {
    // JSON is valid YAML.
    return parse(text, { logLevel: "error" });
  } catch (error) {
    throw invalid("this signal", [{
      path: "",
      message: (error as Error).message.split("\n")[0].replace(/:$/, ""),
      value: text,
      allowed:
        "a signal as JSON or YAML, such as '{ramp: {from: 10/s, to: 400/s, over: 30s}}', or the path of a .json or .yaml file",
    }]);
  }
}

function readOptions(
  { unit, over, points }: PreviewOptions,
  kit: Kit,
): { readonly unit: Unit; readonly over?: number; readonly points: number } {
  const { z } = kit;
  const read = validate(
    z.strictObject({
      unit: z.enum(Object.keys(UNITS)).transform((name) => UNITS[name]),
      over: kit.duration({ above: 0 }).optional(),
      points: kit.integer({ min: 2, max: 1000 }),
    }),
    { unit, over, points: /^\d+$/.test(points) ? Number(points) : points },
  );
  if (read.issues === undefined) return read.value;
  throw invalid(
    "with these options",
    read.issues.map((issue) => ({
      ...issue,
      path: issue.path.replace("/", "--"),
    })),
  );
}

function invalid(subject: string, issues: readonly Issue[]): PerfmockError {
  return new PerfmockError(
    "ARGUMENT_INVALID",
    `Cannot preview ${subject}`,
    issues,
  );
}

function print(
  signal: Signal,
  { times, unit }: { readonly times: readonly number[]; readonly unit: Unit },
  out: Terminal,
): void {
  const values = times.map((time) => signal.at(time));
  const top = Math.max(...values.map(Math.abs));
  const rows = times.map((time, i) => [
    formatDuration(Number(time.toPrecision(6))),
    `${short(values[i])}${unit.suffix}`,
    ...unit === UNITS.rate ? [short(signal.integral(time) / 1000)] : [],
  ]);
  const header = ["time", "value", ...unit === UNITS.rate ? ["arrivals"] : []];
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column].length)) + 2
  );
  const line = (cells: readonly string[]) =>
    cells.map((cell, column) => cell.padStart(widths[column])).join("");
  out.write(`${out.dim(line(header))}\n`);
  for (const [i, row] of rows.entries()) {
    const length = top === 0 ? 0 : Math.max(0, values[i] / top * WIDTH);
    out.write(`${line(row)}  ${"█".repeat(Math.round(length))}`.trimEnd());
    out.write("\n");
  }
}

function short(value: number): string {
  return String(Number(value.toPrecision(6)));
}
