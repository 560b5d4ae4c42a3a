/**
 * Recorded traffic: time stamps one a line, an access log, or a HAR.
 *
 * @module
 */
import { type Issue, toPointer } from "../../../core/plugin.ts";

/** The forms a trace can have. */
export const TRACE_FORMATS = ["times", "access-log", "har"] as const;

/** One of them. */
export type TraceFormat = typeof TRACE_FORMATS[number];

/** A request as it was recorded. */
export interface RecordedRequest {
  /** Upper case. */
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Its body and content type; undefined where it had none. */
  readonly body:
    | { readonly type: string; readonly text: string }
    | undefined;
}

/** What was recorded. */
export interface Trace {
  /** In ms since the first, ascending. */
  readonly times: Float64Array;
  /** Which request each is; undefined where only times were recorded. */
  readonly choices: Uint32Array | undefined;
  /** The different requests. */
  readonly requests: readonly RecordedRequest[];
}

/** A trace, or what is wrong with it, paths relative to the trace. */
export type TraceReading =
  | { readonly trace: Trace; readonly faults?: undefined }
  | { readonly faults: readonly Issue[] };

/** The most that is read of one file, in bytes. */
const LIMIT = 256 * 1024 ** 2;

/** How many faults of one file are told one by one. */
const TOLD = 10;

/** An entry of a trace before it is put together. */
interface Entry {
  /** In ms, from whatever origin. */
  readonly at: number;
  readonly request?: RecordedRequest;
}

/** Reads a trace's file. */
export function readTrace(path: string, format: TraceFormat): TraceReading {
  const fault = (message: string, value: unknown = path): TraceReading => ({
    faults: [{ path: "/file", message, value }],
  });
  let text;
  try {
    const { size } = Deno.statSync(path);
    if (size > LIMIT) {
      return fault(`The file holds ${size} bytes, at most ${LIMIT} are read`);
    }
    text = Deno.readTextFileSync(path);
  } catch (error) {
    return fault(`Cannot read the file: ${(error as Error).message}`);
  }
  if (format === "har") {
    try {
      return arranged(harEntries(JSON.parse(text)));
    } catch (error) {
      return fault(`The file is no HAR: ${(error as Error).message}`);
    }
  }
  const read = format === "times" ? timeOf : requestOf;
  const entries: Entry[] = [];
  const faults: Issue[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "" || format === "times" && isHeader(line, index)) {
      continue;
    }
    const entry = read(line);
    if (typeof entry === "object") entries.push(entry);
    else {
      faults.push({
        path: "/file",
        message: `Line ${index + 1} ${entry}`,
        value: line.slice(0, 200),
      });
    }
  }
  if (faults.length === 0) return arranged(entries, format);
  const untold = faults.length - TOLD;
  return {
    faults: untold <= 0 ? faults : [...faults.slice(0, TOLD), {
      path: "/file",
      message: `Further lines are at fault: ${untold}`,
      value: path,
    }],
  };
}

/** Takes the times that a script lists itself. */
export function listedTimes(times: readonly number[]): TraceReading {
  return arranged(times.map((at) => ({ at })), "times", "/times");
}

/** The first cell of a line: a number of ms, a date, or a duration. */
function timeOf(line: string): Entry | string {
  const at = stamp(line.split(/[,;\t]/)[0].trim());
  return Number.isNaN(at) ? "is no time" : { at };
}

/** A header has no digit in its first cell. */
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
    return "is not of an access log in the common or combined format";
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

/** Puts a trace together. Time stamps have to be in order; logs and HARs are written in the order of ends, and are sorted. */
function arranged(
  entries: Entry[],
  format: TraceFormat = "har",
  path = "/file",
): TraceReading {
  if (entries.length === 0) {
    return { faults: [{ path, message: "The trace holds no time" }] };
  }
  if (format === "times") {
    const back = entries.findIndex(({ at }, i) =>
      i > 0 && at < entries[i - 1].at
    );
    if (back > 0) {
      return {
        faults: [{
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

/** A log tells the second only: what shares one is spread over it. */
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
