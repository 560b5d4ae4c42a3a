/**
 * Formats of access logs as servers are told them: `log_format` of nginx, `LogFormat` of Apache, format strings of Envoy, and HAProxy's
 * HTTP format.
 *
 * @module
 */
import {
  loggedRequest,
  loggedTime,
  type Omission,
  targetOf,
} from "../../../core/plugin.ts";

/** Source of a logged duration: some of the response's head come before those of the whole response. */
export type DurationKind = "first byte" | "upstream" | "total";

/** A logged request. */
export interface LogEntry {
  /** Time in ms since 1970; NaN if it is not logged. */
  readonly at: number;
  /** Method in capital letters. */
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Status; NaN if it is not logged. */
  readonly status: number;
  /** Duration in ms; undefined if it is not logged. */
  readonly duration: number | undefined;
  /** Size of the body in bytes; undefined if it is not logged. */
  readonly size: number | undefined;
}

/** A format of lines. */
export interface LineFormat {
  /** Name in words. */
  readonly name: string;
  /** Source of durations in words; undefined if there are none, or it is found with the first line. */
  readonly durations: string | undefined;
  /** True if the plugin `load_engine` can replay such a log by itself. */
  readonly replays: boolean;
  /** Reads a line; returns the reason where it holds no request. */
  read(line: string): LogEntry | LineOmission;
}

/** A line without a request. */
export interface LineOmission extends Omission {
  /** True if the line is not in the format. Default false. */
  readonly isForeign?: boolean;
}

/** Meaning of a part of a line. */
export type Field =
  | {
    readonly kind:
      | "request"
      | "method"
      | "path"
      | "query"
      | "status"
      | "size"
      | "list"
      | "ignored";
  }
  | { readonly kind: "time"; readonly parse: (text: string) => number }
  | {
    readonly kind: "duration";
    readonly of: DurationKind;
    readonly factor: number;
  };

/** A format as parts: texts, and fields with their names. */
type Part = string | { readonly name: string; readonly field: Field };

/** Parses a date such as `2026-11-27T10:00:00.5+01:00`. One without a zone is taken for UTC, whatever the zone of this machine. */
export function dateIn(text: string): number {
  const date = text.trim().replace(/,(?=\d)/, ".");
  return /(?:[A-Z]{1,4}|[+-]\d{2}:?\d{2})$/.test(date)
    ? Date.parse(date)
    : Date.parse(`${date.replace(/^(\d{4}-\d{2}-\d{2}) /, "$1T")}Z`);
}

const IGNORED: Field = { kind: "ignored" };
const LIST: Field = { kind: "list" };
const LOCAL: Field = { kind: "time", parse: loggedTime };
const DATE: Field = { kind: "time", parse: dateIn };
const EPOCH: Field = { kind: "time", parse: (text) => Number(text) * 1000 };
const duration = (of: DurationKind, factor: number): Field => ({
  kind: "duration",
  of,
  factor,
});

/** Variables of nginx. */
const NGINX: Readonly<Record<string, Field>> = {
  time_local: LOCAL,
  time_iso8601: DATE,
  msec: EPOCH,
  request: { kind: "request" },
  request_method: { kind: "method" },
  request_uri: { kind: "path" },
  uri: { kind: "path" },
  args: { kind: "query" },
  query_string: { kind: "query" },
  status: { kind: "status" },
  body_bytes_sent: { kind: "size" },
  upstream_header_time: duration("first byte", 1000),
  upstream_response_time: duration("upstream", 1000),
  request_time: duration("total", 1000),
};

/** Directives of Apache, by letter or by name in braces and letter. */
const APACHE: Readonly<Record<string, Field>> = {
  t: LOCAL,
  "{sec}t": EPOCH,
  "{msec}t": { kind: "time", parse: Number },
  "{usec}t": { kind: "time", parse: (text) => Number(text) / 1000 },
  r: { kind: "request" },
  m: { kind: "method" },
  U: { kind: "path" },
  q: { kind: "query" },
  s: { kind: "status" },
  b: { kind: "size" },
  B: { kind: "size" },
  D: duration("total", 0.001),
  T: duration("total", 1000),
  "{s}T": duration("total", 1000),
  "{ms}T": duration("total", 1),
  "{us}T": duration("total", 0.001),
};

/** Operators of Envoy. */
const ENVOY: Readonly<Record<string, Field>> = {
  START_TIME: DATE,
  "REQ(:METHOD)": { kind: "method" },
  "REQ(:PATH)": { kind: "path" },
  "REQ(X-ENVOY-ORIGINAL-PATH?:PATH)": { kind: "path" },
  RESPONSE_CODE: { kind: "status" },
  BYTES_SENT: { kind: "size" },
  RESPONSE_DURATION: duration("first byte", 1),
  "RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)": duration("upstream", 1),
  DURATION: duration("total", 1),
};

/** Formats that have a name, those first that say more of lines that are in several of them. */
const NAMED: Readonly<Record<string, string>> = {
  "ingress-nginx":
    '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $request_length $request_time [$proxy_upstream_name] [$proxy_alternative_upstream_name] $upstream_addr $upstream_response_length $upstream_response_time $upstream_status',
  traefik:
    '%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" %X "%{router}x" "%{url}x" %{ms}Tms',
  combined: '%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i"',
  common: '%h %l %u %t "%r" %>s %b',
  istio:
    '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% "%UPSTREAM_TRANSPORT_FAILURE_REASON%" %BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%',
  envoy:
    '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% %BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%',
};

/** Names of the formats that lines are compared with, in the order of the table. */
export const FOUND_FORMATS: readonly string[] = [
  ...Object.keys(NAMED),
  "haproxy",
];

/** Names of formats that a user can give. */
export const FORMAT_NAMES: readonly string[] = [
  ...Object.keys(NAMED),
  "haproxy",
  "json",
];

/** Formats whose lines a load script can read: date and request are where the common format has them. */
const REPLAYED =
  /^\S+ \S+ [^[]*(?:\[\$time_local\]|%t) \\?"(?:\$request|%r)\\?"/;

/** Returns the format of a name or of a format string; undefined where it has no request and no path. */
export function formatOf(written: string): LineFormat | undefined {
  if (written === "haproxy") return HAPROXY;
  const named = Object.hasOwn(NAMED, written) ? NAMED[written] : undefined;
  const format = named ?? written;
  const parts = partsOf(format);
  const kinds = new Set(
    parts.map((part) => typeof part === "string" ? "" : part.field.kind),
  );
  if (!kinds.has("request") && !kinds.has("path")) return undefined;
  return compiled(
    parts,
    named === undefined ? "the given format" : `the format ${written}`,
    REPLAYED.test(format),
  );
}

/** Splits a format string into texts and fields. */
function partsOf(format: string): Part[] {
  const isEnvoy = /%[A-Z_]{3,}(?:\([^)]*\))?(?::\d+)?%/.test(format);
  const syntax = format.includes("$")
    ? /\$(?:\{(\w+)\}|(\w+))/g
    : isEnvoy
    ? /%([A-Z_]+(?:\([^)]*\))?)(?::\d+)?%/g
    : /%[<>!,\d]*(?:\{([^}]*)\})?(\^?[A-Za-z]{1,2}\b|[A-Za-z])/g;
  // LogFormat is written in quotes, with those within escaped.
  const text = format.replaceAll('\\"', '"');
  const parts: Part[] = [];
  let end = 0;
  for (const match of text.matchAll(syntax)) {
    parts.push(text.slice(end, match.index));
    end = match.index + match[0].length;
    const [, first, second] = match;
    const name = format.includes("$")
      ? first ?? second
      : isEnvoy
      ? first
      : first === undefined
      ? second
      : `{${first}}${second}`;
    const table = format.includes("$") ? NGINX : isEnvoy ? ENVOY : APACHE;
    // START_TIME may have a format of its own.
    const field = (Object.hasOwn(table, name) ? table[name] : undefined) ??
      (name.startsWith("START_TIME(") ? DATE : undefined) ??
      (name.startsWith("upstream_") ? LIST : IGNORED);
    // Apache writes the time with its brackets.
    if (table === APACHE && name === "t") parts.push("[", { name, field }, "]");
    else parts.push({ name, field });
  }
  parts.push(text.slice(end));
  return parts.filter((part) => part !== "");
}

/** Order in which durations are preferred. */
const PREFERRED: readonly DurationKind[] = ["first byte", "upstream", "total"];

function compiled(
  parts: readonly Part[],
  name: string,
  replays: boolean,
): LineFormat {
  // A replay accepts whatever stands before the date, such as a list of addresses; docker and syslog add a prefix.
  const open = replays
    ? parts.findIndex((part) => typeof part === "string" && part.endsWith("["))
    : -1;
  let source = replays
    ? "^\\S+ \\S+ [^[]*\\["
    : typeof parts[0] === "string" && parts[0].startsWith("[")
    ? "(?:^|\\s)"
    : "^";
  const fields: Field[] = [];
  const names: string[] = [];
  for (const [index, part] of parts.entries()) {
    if (index <= open) continue;
    if (typeof part === "string") {
      source += escaped(part);
      continue;
    }
    const next = parts[index + 1];
    const before = parts[index - 1];
    const quoted = typeof next === "string" && next.startsWith('"') &&
      typeof before === "string" && before.endsWith('"');
    source += `(${
      valueOf(
        part.field,
        typeof next === "string" ? next[0] : undefined,
        quoted,
      )
    })`;
    fields.push(part.field);
    names.push(part.name);
  }
  const expression = new RegExp(source);
  const durations = fields.flatMap((field, index) =>
    field.kind === "duration" ? [{ ...field, index }] : []
  ).sort((a, b) => PREFERRED.indexOf(a.of) - PREFERRED.indexOf(b.of));
  const place = (kind: Field["kind"]) =>
    fields.findIndex((field) => field.kind === kind);
  const [time, request, method, path, query, status, size] =
    (["time", "request", "method", "path", "query", "status", "size"] as const)
      .map(place);
  return {
    name,
    durations: durations.length === 0
      ? undefined
      : durations.map(({ index }) => names[index]).join(", else "),
    replays,
    read(line) {
      const match = expression.exec(line);
      if (match === null) return { reason: `not in ${name}`, isForeign: true };
      const at = (index: number) => index < 0 ? "" : match[index + 1];
      const logged = request >= 0 ? loggedRequest(at(request)) : targetOf(
        method < 0 ? "GET" : at(method),
        joined(at(path), at(query)),
      );
      if ("reason" in logged) return logged;
      if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(logged.method)) {
        return { reason: "no request" };
      }
      const field = time < 0 ? undefined : fields[time];
      return {
        ...logged,
        at: field?.kind === "time" ? field.parse(at(time)) : NaN,
        status: status < 0 ? NaN : Number(at(status)),
        duration: firstDuration(durations, at),
        size: size < 0 ? undefined : wholeNumber(at(size)),
      };
    },
  };
}

function escaped(text: string): string {
  return text.replaceAll(
    /[.*+?^${}()|[\]\\/]/g,
    (character) => `\\${character}`,
  )
    .replaceAll(/ +/g, " +");
}

/** Expression of a value that ends before a character. */
function valueOf(
  field: Field,
  next: string | undefined,
  quoted: boolean,
): string {
  if (quoted) return '(?:[^"\\\\]|\\\\.)*';
  // Requests that nginx passed on several times have several times.
  if (field.kind === "duration") {
    return "-|[\\d.]+(?:(?:, ?| : )(?:[\\d.]+|-))*";
  }
  if (field.kind === "query") {
    return next === undefined ? ".*" : `[^${classOf(next)}]*`;
  }
  if (field.kind === "list" && next === " ") {
    return "[^ ,]*(?:(?:, ?| : )[^ ,]+)*";
  }
  if (next === undefined) return field.kind === "path" ? "[^?\\s]*" : "\\S*";
  return `[^${classOf(next)}]*`;
}

function classOf(character: string): string {
  return `${/[\]\\^-]/.test(character) ? "\\" : ""}${character}`;
}

function joined(path: string, query: string): string {
  if (query === "" || query === "-" || path.includes("?")) return path;
  return query.startsWith("?") ? path + query : `${path}?${query}`;
}

/** Returns the first duration that a line has, in ms. Of several attempts, the sum counts. */
function firstDuration(
  durations: readonly { readonly index: number; readonly factor: number }[],
  at: (index: number) => string,
): number | undefined {
  for (const { index, factor } of durations) {
    const numbers = at(index).split(/, ?| : /).map((text) =>
      text === "-" ? NaN : Number(text)
    )
      .filter((number) => number >= 0);
    if (numbers.length > 0 && at(index) !== "") {
      return numbers.reduce((sum, number) => sum + number, 0) * factor;
    }
  }
  return undefined;
}

function wholeNumber(text: string): number | undefined {
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

/** Date of HAProxy, without a zone. */
const HAPROXY_DATE =
  /^(\d{2})\/([A-Z][a-z]{2})\/(\d{4}):(\d{2}:\d{2}:\d{2})(\.\d+)?$/;

/** Addresses, date, names, timers, status, bytes, cookies, flags, counts, optional captures, request. */
const HAPROXY_LINE =
  /(?:^|\s)\S+:\d+ \[([^\]]{1,40})\] \S+ \S+ (-?\d+)\/(-?\d+)\/(-?\d+)\/(-?\d+)\/\+?(-?\d+) (-?\d+) \+?(\d+) \S+ \S+ \S{4} [\d/+-]+ [\d/]+ (?:\{[^}]*\} )*"([^"]*)"/;

/** Lines of HAProxy with `option httplog`. */
const HAPROXY: LineFormat = {
  name: "HAProxy's HTTP format",
  durations: "Tr, the time until the response's head",
  replays: false,
  read(line) {
    const match = HAPROXY_LINE.exec(line);
    if (match === null) {
      return { reason: "not in HAProxy's HTTP format", isForeign: true };
    }
    const logged = loggedRequest(match[9]);
    if ("reason" in logged) return logged;
    const [, day = "", month = "", year = "", time = "", part = ""] =
      HAPROXY_DATE.exec(match[1]) ?? [];
    const response = Number(match[5]);
    return {
      ...logged,
      at: Date.parse(`${day} ${month} ${year} ${time} UTC`) +
        Number(`0${part}`) * 1000,
      status: Number(match[7]),
      duration: response >= 0 ? response : undefined,
      size: Number(match[8]),
    };
  },
};
