/**
 * Recorded traffic: one time a line, an access log, or a HAR.
 *
 * @module
 */
import {
  checkFile,
  FileError,
  type FileLimits,
  type Issue,
  type LineLimits,
  linesOf,
  readTextSync,
  toPointer,
} from "../../../core/plugin.ts";

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

/** Limits of a list of times and of an access log. */
const LINE_LIMITS: LineLimits = {
  bytes: 256 * 1024 ** 2,
  lines: 5_000_000,
  length: 65_536,
};

/** Limits of a HAR, which is parsed as a whole. */
const HAR_LIMITS: FileLimits = { bytes: 64 * 1024 ** 2 };

/** Greatest length of all distinct requests of a trace, in characters. */
const MAX_REQUESTS = 128 * 1024 ** 2;

/** Finds out whether the file of a trace can be read, and returns the issues. */
export function traceIssues(
  path: string,
  format: TraceFormat,
): readonly Issue[] {
  try {
    checkFile(path, format === "har" ? HAR_LIMITS : LINE_LIMITS);
    return [];
  } catch (error) {
    return unreadable(path, error).issues ?? [];
  }
}

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
  try {
    return format === "har" ? readHar(path) : readLines(path, format);
  } catch (error) {
    return unreadable(path, error);
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

function readHar(path: string): TraceReading {
  const text = readTextSync(path, HAR_LIMITS);
  try {
    return arranged(new Entries("har").addAll(harEntries(JSON.parse(text))));
  } catch (error) {
    // The parser's message quotes the text, which may be a secret.
    const reason = error instanceof SyntaxError
      ? "it is not JSON"
      : (error as Error).message;
    return failure(path, `The file is not a HAR: ${reason}`);
  }
}

function readLines(path: string, format: "times" | "access-log"): TraceReading {
  const read = format === "times" ? timeOf : requestOf;
  const entries = new Entries(format);
  const issues: Issue[] = [];
  let number = 0;
  let unlisted = 0;
  for (const line of linesOf(path, LINE_LIMITS)) {
    number++;
    if (line.trim() === "" || format === "times" && isHeader(line, number)) {
      continue;
    }
    const entry = read(line);
    if (typeof entry === "object") {
      if (issues.length === 0 && !entries.add(entry)) {
        return failure(
          path,
          `The distinct requests of the file have more than ${MAX_REQUESTS} characters`,
        );
      }
    } else if (issues.length === MAX_LISTED) unlisted++;
    else {
      issues.push({
        path: "/file",
        message: `Line ${number} ${entry}`,
        value: path,
      });
    }
  }
  if (issues.length === 0) return arranged(entries);
  return {
    issues: unlisted === 0 ? issues : [...issues, {
      path: "/file",
      message: `Further lines with errors: ${unlisted}`,
      value: path,
    }],
  };
}

/** Arrivals that are gathered one by one: a number each, and every distinct request once. */
class Entries {
  readonly format: TraceFormat;
  readonly requests: RecordedRequest[] = [];
  readonly #known = new Map<string, number>();
  #times = new Float64Array(1024);
  #choices = new Uint32Array(1024);
  #count = 0;
  #length = 0;

  constructor(format: TraceFormat) {
    this.format = format;
  }

  /** Times as recorded. */
  get times(): Float64Array {
    return this.#times.subarray(0, this.#count);
  }

  /** Index of each request; empty if only times were recorded. */
  get choices(): Uint32Array {
    return this.#choices.subarray(
      0,
      this.requests.length === 0 ? 0 : this.#count,
    );
  }

  /** Adds an arrival; returns false where the requests are too long together. */
  add({ at, request }: Entry): boolean {
    if (this.#count === this.#times.length) {
      const times = new Float64Array(2 * this.#count);
      const choices = new Uint32Array(2 * this.#count);
      times.set(this.#times);
      choices.set(this.#choices);
      this.#times = times;
      this.#choices = choices;
    }
    this.#times[this.#count] = at;
    if (request !== undefined) {
      this.#choices[this.#count] = this.#place(request);
    }
    this.#count++;
    return this.#length <= MAX_REQUESTS;
  }

  /** Adds arrivals. */
  addAll(entries: Iterable<Entry>): this {
    for (const entry of entries) this.add(entry);
    return this;
  }

  #place(request: RecordedRequest): number {
    const key = JSON.stringify(request);
    let place = this.#known.get(key);
    if (place === undefined) {
      place = this.requests.length;
      this.#known.set(key, place);
      this.requests.push(request);
      this.#length += key.length;
    }
    return place;
  }
}

/** Makes a trace of the times that a script lists itself. */
export function listedTimes(times: readonly number[]): TraceReading {
  const entries = new Entries("times");
  return arranged(entries.addAll(times.map((at) => ({ at }))), "/times");
}

/** Parses the first cell of a line: a number of ms, a date, or a duration. */
function timeOf(line: string): Entry | string {
  const at = stamp(line.split(/[,;\t]/)[0].trim());
  return Number.isNaN(at) ? "is not a time" : { at };
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

/** `host ident user [10/Oct/2026:13:55:36 -0700] "GET /path HTTP/1.1" 200 2326 …`: common and combined. */
const LINE =
  /^\S+ \S+ [^[]*\[([^\]]{1,40})\] "([A-Z]+) (\S+)(?: HTTP\/[\d.]+)?" /;

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
function arranged(entries: Entries, path = "/file"): TraceReading {
  const { format } = entries;
  let { times, choices, requests } = entries;
  if (times.length === 0) {
    return { issues: [{ path, message: "The trace contains no times" }] };
  }
  const back = times.findIndex((at, i) => i > 0 && at < times[i - 1]);
  if (back > 0 && format === "times") {
    return {
      issues: [{
        path: path === "/file" ? path : path + toPointer([back]),
        message: `The times are not in order: number ${
          back + 1
        } is before the one above it`,
        ...path === "/file"
          ? { allowed: "at least the time before" }
          : { value: times[back], allowed: `at least ${times[back - 1]}` },
      }],
    };
  }
  if (back > 0) {
    const recorded = times;
    const order = Uint32Array.from(times, (_, i) => i)
      .sort((a, b) => recorded[a] - recorded[b] || a - b);
    times = Float64Array.from(order, (place) => recorded[place]);
    [choices, requests] = renumbered(
      Uint32Array.from(
        choices.length === 0 ? [] : order,
        (place) => entries.choices[place],
      ),
      requests,
    );
  }
  const from = times[0];
  const gaps = times.map((at) => at - from);
  if (format === "access-log") spread(gaps);
  return {
    trace: {
      times: gaps,
      choices: choices.length === 0 ? undefined : choices.slice(),
      requests,
    },
  };
}

/** Numbers requests in the order of their first arrival. */
function renumbered(
  choices: Uint32Array,
  requests: readonly RecordedRequest[],
): [Uint32Array, RecordedRequest[]] {
  const places = new Map<number, number>();
  const ordered: RecordedRequest[] = [];
  const renumber = (choice: number): number => {
    let place = places.get(choice);
    if (place === undefined) {
      places.set(choice, place = ordered.length);
      ordered.push(requests[choice]);
    }
    return place;
  };
  return [choices.map(renumber), ordered];
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
