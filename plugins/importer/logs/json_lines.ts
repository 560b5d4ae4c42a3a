/**
 * Access logs with a JSON object on each line, as Caddy, Traefik, Envoy and others write them.
 *
 * @module
 */
import {
  loggedRequest,
  loggedTime,
  type Omission,
  targetOf,
} from "../../../core/plugin.ts";
import { isRecord, type Json } from "../mocks/resolver.ts";
import { dateIn, type LineFormat, type LogEntry } from "./line_formats.ts";

/** Keys of the parts of a request, the preferred ones first. Dots lead into objects where there is no such key. */
const KEYS = {
  time: [
    "time_iso8601",
    "time_local",
    "@timestamp",
    "timestamp",
    "StartUTC",
    "start_time",
    "time",
    "ts",
    "msec",
    "date",
  ],
  request: ["request", "http.request.line"],
  method: [
    "method",
    "request_method",
    "RequestMethod",
    "http_method",
    "verb",
    "request.method",
    "req.method",
    "http.request.method",
    "httpRequest.requestMethod",
  ],
  path: [
    "request_uri",
    "uri",
    "path",
    "RequestPath",
    "url",
    "request.uri",
    "req.url",
    "url.original",
    "url.path",
    "httpRequest.requestUrl",
  ],
  status: [
    "status",
    "status_code",
    "statusCode",
    "response_code",
    "DownstreamStatus",
    "res.statusCode",
    "http.response.status_code",
    "httpRequest.status",
  ],
  size: [
    "body_bytes_sent",
    "bytes_sent",
    "size",
    "DownstreamContentSize",
    "http.response.body.bytes",
  ],
} as const;

/** Keys of durations with the factor to ms; undefined where the number's unit is not in the name. */
const DURATIONS:
  readonly (readonly [key: string, factor: number | undefined])[] = [
    ["upstream_header_time", 1000],
    ["upstream_response_time", 1000],
    ["response_duration", 1],
    ["upstream_service_time", 1],
    ["OriginDuration", 1e-6],
    ["request_time", 1000],
    ["duration_ms", 1],
    ["latency_ms", 1],
    ["elapsed_ms", 1],
    ["response_time_ms", 1],
    ["responseTime", 1],
    ["duration_us", 0.001],
    ["duration_ns", 1e-6],
    ["Duration", 1e-6],
    ["event.duration", 1e-6],
    ["httpRequest.latency", 1000],
    ["duration", undefined],
    ["latency", undefined],
    ["response_time", undefined],
    ["elapsed", undefined],
    ["took", undefined],
  ];

/** Reads lines of JSON. The keys are found with the first line that has them. */
export function jsonLines(): LineFormat {
  let source: string | undefined;
  return {
    name: "JSON lines",
    get durations() {
      return source;
    },
    replays: false,
    read(line) {
      let entry: unknown;
      try {
        // docker and syslog add a prefix.
        entry = JSON.parse(line.slice(Math.max(0, line.indexOf("{"))));
      } catch {
        return { reason: "no JSON", isForeign: true };
      }
      if (!isRecord(entry)) {
        return { reason: "no JSON object", isForeign: true };
      }
      const logged = requestIn(entry);
      if ("reason" in logged) return logged;
      const duration = durationIn(entry);
      if (duration !== undefined) source ??= duration.source;
      const read: LogEntry = {
        ...logged,
        at: timeOf(textIn(entry, KEYS.time)),
        status: Number(textIn(entry, KEYS.status) ?? NaN),
        duration: duration?.ms,
        size: sizeOf(textIn(entry, KEYS.size)),
      };
      return read;
    },
  };
}

function valueAt(entry: Json, key: string): unknown {
  if (Object.hasOwn(entry, key)) return entry[key];
  let value: unknown = entry;
  for (const part of key.split(".")) {
    if (!isRecord(value)) return undefined;
    value = value[part];
  }
  return value;
}

function textIn(entry: Json, keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const value = valueAt(entry, key);
    if (typeof value === "string" || typeof value === "number") {
      return `${value}`;
    }
  }
  return undefined;
}

function requestIn(entry: Json): { method: string; path: string } | Omission {
  const method = textIn(entry, KEYS.method);
  const path = textIn(entry, KEYS.path);
  if (method !== undefined && path !== undefined) {
    return targetOf(method.toUpperCase(), path);
  }
  const request = textIn(entry, KEYS.request);
  return request === undefined
    ? { reason: "no request" }
    : loggedRequest(request);
}

function timeOf(text: string | undefined): number {
  if (text === undefined) return NaN;
  const number = Number(text);
  // Seconds since 1970 have ten digits, ms thirteen, µs sixteen, ns nineteen.
  if (text !== "" && Number.isFinite(number)) {
    const digits = Math.floor(Math.log10(Math.max(1, Math.abs(number)))) + 1;
    return number *
      10 **
        (13 - (digits <= 11 ? 10 : digits <= 14 ? 13 : digits <= 17 ? 16 : 19));
  }
  const local = loggedTime(text);
  return Number.isNaN(local) ? dateIn(text) : local;
}

function sizeOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  "µs": 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
};

function durationIn(
  entry: Json,
): { readonly ms: number; readonly source: string } | undefined {
  for (const [key, factor] of DURATIONS) {
    const value = valueAt(entry, key);
    if (
      typeof value !== "number" && typeof value !== "string" || value === "" ||
      value === "-"
    ) {
      continue;
    }
    const unit = /^([\d.]+)\s*(ns|us|µs|ms|s|m)$/.exec(`${value}`);
    if (unit !== null) {
      return { ms: Number(unit[1]) * UNITS[unit[2]], source: key };
    }
    const number = Number(value);
    if (!(number >= 0)) continue;
    if (factor !== undefined) return { ms: number * factor, source: key };
    // Caddy writes seconds beside its object `request`; all others that name no unit are taken for ms.
    return isRecord(entry.request)
      ? { ms: number * 1000, source: `${key}, taken for seconds` }
      : { ms: number, source: `${key}, taken for ms` };
  }
  return undefined;
}
