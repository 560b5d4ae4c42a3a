/**
 * Recorded traffic: one time a line, an access log, or a HAR.
 *
 * @module
 */
import { type Issue, toPointer } from "../../../core/plugin.ts";

/** Formats of a trace. */
export const TRACE_FORMATS = ["times", "access-log", "har"] as const;

/** One of {@linkcode TRACE_FORMATS}. */
export type TraceFormat = typeof TRACE_FORMATS[number];

/** A recorded request. */
export interface RecordedRequest {
  /** HTTP method in upper case. */
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Body and its content type; undefined if it had none. */
  readonly body:
    | { readonly type: string; readonly text: string }
    | undefined;
}

/** A recording. */
export interface Trace {
  /** Times in ms since the first, ascending. */
  readonly times: Float64Array;
  /** Index of each request in `requests`; undefined if only times were recorded. */
  readonly choices: Uint32Array | undefined;
  /** The distinct requests. */
  readonly requests: readonly RecordedRequest[];
}

/** A trace, or its issues with paths relative to the trace. */
export type TraceReading =
  | { readonly trace: Trace; readonly issues?: undefined }
  | { readonly issues: readonly Issue[] };

/** Maximum size of a trace, in bytes. */
const MAX_SIZE = 256 * 1024 ** 2;

/** Maximum number of issues that are listed one by one. */
const MAX_LISTED = 10;

/** One recorded arrival. */
interface Entry {
  /** Time in ms, from any origin. */
  readonly at: number;
  readonly request?: RecordedRequest;
}

/** Reads the file of a trace. */
export function readTrace(path: string, format: TraceFormat): TraceReading {
  const failure = (message: string, value: unknown = path): TraceReading => ({
    issues: [{ path: "/file", message, value }],
  });
  let text;
  try {
    const { size } = Deno.statSync(path);
    if (size > MAX_SIZE) {
      return failure(
        `The file has ${size} bytes; the maximum is ${MAX_SIZE}`,
      );
    }
    text = Deno.readTextFileSync(path);
  } catch (error) {
    return failure(`Cannot read the file: ${(error as Error).message}`);
  }
  if (format === "har") {
    try {
      return arranged(harEntries(JSON.parse(text)));
    } catch (error) {
      return failure(`The file is not a HAR: ${(error as Error).message}`);
    }
  }
  const read = format === "times" ? timeOf : requestOf;
  const entries: Entry[] = [];
  const issues: Issue[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "" || format === "times" && isHeader(line, index)) {
      continue;
    }
    const entry = read(line);
    if (typeof entry === "object") entries.push(entry);
    else {
      issues.push({
        path: "/file",
        message: `Line ${index + 1} ${entry}`,
        value: line.slice(0, 200),
      });
    }
  }
  if (issues.length === 0) return arranged(entries, format);
  const unlisted = issues.length - MAX_LISTED;
  return {
    issues: unlisted <= 0 ? issues : [...issues.slice(0, MAX_LISTED), {
      path: "/file",
      message: `Further lines with errors: ${unlisted}`,
      value: path,
    }],
  };
}

/** Makes a trace of the times that a script lists itself. */
export function listedTimes(times: readonly number[]): TraceReading {
  return arranged(times.map((at) => ({ at })), "times", "/times");
}

/** Parses the first cell of a line: a number of ms, a date, or a duration. */
function timeOf(line: string): Entry | string {
  const at = stamp(line.split(/[,;\t]/)[0].trim());
  return Number.isNaN(at) ? "is not a time" : { at };
}

/** A header line has no digit in its first cell. */
function isHeader(line: string, index: number): boolean {
  return index === 0 && !/\d/.test(line.split(/[,;\t]/)[0]);
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

/** `host ident user [10/Oct/2026:13:55:36 -0700] "GET /path HTTP/1.1" 200 2326 …`: common and combined. */
const LINE = /^\S+ \S+ .*?\[([^\]]+)\] "([A-Z]+) (\S+)(?: HTTP\/[\d.]+)?" /;

const DATE =
  /^(\d{2})\/([A-Z][a-z]{2})\/(\d{4}):(\d{2}:\d{2}:\d{2})(\.\d+)? ([+-]\d{2})(\d{2})$/;

function requestOf(line: string): Entry | string {
  const [, date, method, target] = LINE.exec(line) ?? [];
  if (date === undefined) {
    return "is not a line of an access log in the common or combined format";
  }
  const [, day, month, year, time, part = "", hours, minutes] =
    DATE.exec(date) ?? [];
  const at = Date.parse(
    `${day} ${month} ${year} ${time} ${hours ?? ""}${minutes ?? ""}`,
  ) + Number(`0${part}`) * 1000;
  const path = pathOf(target);
  if (Number.isNaN(at)) return "has no date that can be read";
  if (path === undefined) return "has no path that can be read";
  return { at, request: { method, path, body: undefined } };
}

function pathOf(target: string): string | undefined {
  const url = URL.parse(target, "http://localhost");
  return url === null ? undefined : url.pathname + url.search;
}

/** See http://www.softwareishard.com/blog/har-12-spec/: log.entries[]. */
function harEntries(har: unknown): Entry[] {
  const entries = (har as {
    log?: {
      entries?: {
        startedDateTime?: string;
        request?: {
          method?: string;
          url?: string;
          postData?: { mimeType?: string; text?: string };
        };
      }[];
    };
  } | null)?.log?.entries;
  if (!Array.isArray(entries)) throw new Error("it has no log.entries");
  return entries.map(({ startedDateTime, request }, index) => {
    const at = Date.parse(startedDateTime ?? "");
    const path = pathOf(request?.url ?? "http://[");
    if (Number.isNaN(at) || path === undefined || !request?.method) {
      throw new Error(`entry ${index} has no date, method and URL`);
    }
    const { text, mimeType = "application/octet-stream" } = request.postData ??
      {};
    return {
      at,
      request: {
        method: request.method.toUpperCase(),
        path,
        body: text === undefined ? undefined : { type: mimeType, text },
      },
    };
  });
}

/** Makes a trace of its entries. Listed times must be in order; logs and HARs are written in the order of ends, and are sorted. */
function arranged(
  entries: Entry[],
  format: TraceFormat = "har",
  path = "/file",
): TraceReading {
  if (entries.length === 0) {
    return { issues: [{ path, message: "The trace contains no times" }] };
  }
  if (format === "times") {
    const back = entries.findIndex(({ at }, i) =>
      i > 0 && at < entries[i - 1].at
    );
    if (back > 0) {
      return {
        issues: [{
          path: path === "/file" ? path : path + toPointer([back]),
          message: `The times are not in order: number ${
            back + 1
          } is before the one above it`,
          value: entries[back].at,
          allowed: `at least ${entries[back - 1].at}`,
        }],
      };
    }
  } else entries.sort((a, b) => a.at - b.at);
  const requests = new Map<string, [index: number, RecordedRequest]>();
  const times = Float64Array.from(entries, ({ at }) => at - entries[0].at);
  if (format === "access-log") spread(times);
  const chosen = entries.flatMap(({ request }) => {
    if (request === undefined) return [];
    const key = JSON.stringify(request);
    let known = requests.get(key);
    if (known === undefined) {
      requests.set(key, known = [requests.size, request]);
    }
    return [known[0]];
  });
  return {
    trace: {
      times,
      choices: chosen.length === 0 ? undefined : Uint32Array.from(chosen),
      requests: [...requests.values()].map(([, request]) => request),
    },
  };
}

/** An access log has whole seconds: arrivals of the same second are spread over it. */
function spread(times: Float64Array): void {
  for (let from = 0; from < times.length;) {
    let to = from + 1;
    while (to < times.length && times[to] === times[from]) to++;
    if (times[from] % 1000 === 0) {
      const second = times[from];
      for (let i = from; i < to; i++) {
        times[i] = second + (i - from) / (to - from) * 1000;
      }
    }
    from = to;
  }
}
