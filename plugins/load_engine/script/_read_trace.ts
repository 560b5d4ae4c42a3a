/**
 * Recorded traffic: one time a line, an access log, or a HAR. Each entry is replayed as it was recorded, or left out and counted.
 *
 * @module
 */
import { basename } from "node:path";
import {
  checkFile,
  FileError,
  type FileLimits,
  type Issue,
  type LineLimits,
  linesOf,
  Omissions,
  OTHER_HOST,
  readTextSync,
} from "../../../core/plugin.ts";
import { requestOf } from "./_access_log.ts";
import { harEntries, type HarSelection, NoHar } from "./_har.ts";
import {
  arranged,
  Entries,
  type Entry,
  type RecordedTrace,
  type TraceFormat,
} from "./_trace_entries.ts";

/** A trace, or its issues with paths relative to the trace. */
export type TraceReading =
  | { readonly trace: RecordedTrace; readonly issues?: undefined }
  | { readonly issues: readonly Issue[] };

/** A recording as a script names it. */
export interface TraceFile extends HarSelection {
  /** Absolute path. */
  readonly file: string;
  /** Format of the file. */
  readonly format: TraceFormat;
  /** True to refuse a file that cannot be replayed completely. */
  readonly strict: boolean;
}

/** Limits of a list of times and of an access log. */
export const LINE_LIMITS: LineLimits = {
  bytes: 256 * 1024 ** 2,
  lines: 5_000_000,
  length: 65_536,
};

/** Limits of a HAR, which is parsed as a whole. */
export const HAR_LIMITS: FileLimits = { bytes: 64 * 1024 ** 2 };

/** Greatest length of all distinct requests of a trace, in characters. */
export const MAX_REQUESTS: number = 128 * 1024 ** 2;

/** Maximum number of issues that are listed one by one. */
const MAX_LISTED = 10;

/** Finds out whether the file of a trace can be read, and returns the issues. */
export function traceIssues(
  { file, format }: Pick<TraceFile, "file" | "format">,
): readonly Issue[] {
  try {
    checkFile(file, format === "har" ? HAR_LIMITS : LINE_LIMITS);
    return [];
  } catch (error) {
    return unreadable(file, error).issues ?? [];
  }
}

/** Reads the file of a trace. */
export function readTrace(
  { file, format, strict, ...selection }: TraceFile,
): TraceReading {
  try {
    switch (format) {
      case "har":
        return readHar(file, strict, selection);
      case "access-log":
        return readLog(file, strict);
      case "times":
        return readTimes(file);
    }
  } catch (error) {
    return unreadable(file, error);
  }
}

function unreadable(path: string, error: unknown): TraceReading {
  if (!(error instanceof FileError)) throw error;
  const { message, allowed } = error;
  return failure(path, `Cannot read the file: ${message}`, allowed);
}

function failure(
  value: string,
  message: string,
  allowed?: string,
): TraceReading {
  return {
    issues: [{
      path: "/file",
      message,
      value,
      ...allowed === undefined ? {} : { allowed },
    }],
  };
}

function readHar(
  path: string,
  strict: boolean,
  selection: HarSelection,
): TraceReading {
  const text = readTextSync(path, HAR_LIMITS);
  const entries = new Entries("har");
  const left = new Omissions();
  let total = 0;
  try {
    for (const entry of harEntries(JSON.parse(text), selection)) {
      total++;
      if ("reason" in entry) left.add(entry, `entry ${total}`);
      else if (!entries.add(entry, MAX_REQUESTS)) return tooLong(path);
    }
  } catch (error) {
    // The parser's message quotes the text, which may be a secret.
    if (error instanceof SyntaxError) {
      return failure(path, "The file is not a HAR: it is not JSON");
    }
    if (!(error instanceof NoHar)) throw error;
    return failure(path, `The file is not a HAR: ${error.message}`);
  }
  if (entries.count === 0 && left.count > 0) {
    return failure(path, `No entry can be replayed: ${left}`);
  }
  return noted(arranged(entries), {
    path,
    left,
    total,
    unit: "entries",
    strict,
  });
}

function readLog(path: string, strict: boolean): TraceReading {
  const entries = new Entries("access-log");
  const left = new Omissions();
  const issues: Issue[] = [];
  let total = 0;
  let number = 0;
  for (const line of linesOf(path, LINE_LIMITS)) {
    number++;
    if (line.trim() === "") continue;
    total++;
    const entry = requestOf(line);
    if (!("reason" in entry)) {
      if (!entries.add(entry, MAX_REQUESTS)) return tooLong(path);
      continue;
    }
    left.add(entry, `line ${number}`);
    if (entries.count > 0 || issues.length === MAX_LISTED) continue;
    issues.push(lineIssue(path, number, `: ${entry.reason}`));
  }
  if (entries.count === 0 && left.count > 0) {
    return { issues: withRest(issues, left.count, path) };
  }
  return noted(arranged(entries), {
    path,
    left,
    total,
    unit: "lines",
    strict,
  });
}

/** Adds to a reading a note on the parts that were left out; a strict reading is refused then. */
function noted(
  reading: TraceReading,
  { path, left, total, unit, strict }: {
    readonly path: string;
    readonly left: Omissions;
    readonly total: number;
    readonly unit: string;
    readonly strict: boolean;
  },
): TraceReading {
  if (reading.issues !== undefined || left.count === 0) return reading;
  const hint = left.has(OTHER_HOST)
    ? "trace.hosts can list the hosts to replay, or *"
    : undefined;
  if (strict) {
    return {
      issues: left.lines.map((line) => ({
        path: "/file",
        message: `Cannot be replayed: ${line}`,
        value: path,
        allowed: `${unit} that can be sent again, or strict: false`,
        ...line.includes(OTHER_HOST) && hint !== undefined &&
          { suggestion: hint },
      })),
    };
  }
  const note = `${left.count} of ${total} ${unit} of ${
    basename(path)
  } left out: ${left}${hint === undefined ? "" : `; ${hint}`}`;
  return { trace: { ...reading.trace, notes: [note] } };
}

function readTimes(path: string): TraceReading {
  const entries = new Entries("times");
  const issues: Issue[] = [];
  let number = 0;
  let wrong = 0;
  for (const line of linesOf(path, LINE_LIMITS)) {
    number++;
    if (line.trim() === "" || isHeader(line, number)) continue;
    const entry = timeOf(line);
    if (entry !== undefined) entries.add(entry, MAX_REQUESTS);
    else if (++wrong <= MAX_LISTED) {
      issues.push(lineIssue(path, number, " is not a time"));
    }
  }
  return wrong === 0
    ? arranged(entries)
    : { issues: withRest(issues, wrong, path) };
}

function lineIssue(path: string, number: number, what: string): Issue {
  return { path: "/file", message: `Line ${number}${what}`, value: path };
}

/** Adds the number of issues that are not listed. */
function withRest(
  issues: readonly Issue[],
  count: number,
  path: string,
): readonly Issue[] {
  const rest = count - issues.length;
  return rest === 0 ? issues : [...issues, {
    path: "/file",
    message: `Further lines with errors: ${rest}`,
    value: path,
  }];
}

function tooLong(path: string): TraceReading {
  return failure(
    path,
    `The distinct requests of the file have more than ${MAX_REQUESTS} characters`,
  );
}

/** Makes a trace of the times that a script lists itself. */
export function listedTimes(times: readonly number[]): TraceReading {
  const entries = new Entries("times");
  for (const at of times) entries.add({ at }, MAX_REQUESTS);
  return arranged(entries, "/times");
}

/** Parses the first cell of a line: a number of ms, a date, or a duration; undefined if it is none. */
function timeOf(line: string): Entry | undefined {
  const at = stamp(line.split(/[,;\t]/)[0].trim());
  return Number.isNaN(at) ? undefined : { at };
}

/** A header line has no digit in its first cell. */
function isHeader(line: string, number: number): boolean {
  return number === 1 && !/\d/.test(line.split(/[,;\t]/)[0]);
}

const UNITS: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

function stamp(text: string): number {
  const number = /^(\d+(?:\.\d+)?)(us|ms|s|m|h)?$/.exec(text);
  if (number === null) return Date.parse(text);
  return Number(number[1]) * UNITS[number[2] ?? "ms"];
}
