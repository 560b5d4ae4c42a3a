/**
 * Exchanges as spans of OpenTelemetry, in the JSON mapping of its protocol buffers. Names and attributes follow the semantic
 * conventions for HTTP servers.
 *
 * An exchange is a span of kind SERVER from its arrival to its response headers. Of its time, the parts above 0 are child spans of
 * kind INTERNAL, one after the other: `queue`, `service` (lateness included) and `degrade`. They are the parts of Server-Timing.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server
 * @see https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
 * @module
 */
import {
  type JournalEntry,
  KNOWN_METHODS,
  type Outcome,
  spanId as idOf,
  TraceIds,
} from "../../core/plugin.ts";

/** SPAN_KIND_INTERNAL and SPAN_KIND_SERVER. */
const [INTERNAL, SERVER] = [1, 2];

/** STATUS_CODE_ERROR. */
const ERROR = 2;

/** Flags of a span: the trace is sampled, and the next bit says whether the parent is in another process. */
const SAMPLED = 0x101;

/** Flag of a span whose parent is in another process. */
const REMOTE_PARENT = 0x200;

/** Outcomes that are errors of the server, whatever status was sent. */
const BROKEN: ReadonlySet<Outcome> = new Set(["failed", "reset", "cut"]);

/** Query parameters whose values the conventions call secret. */
const SECRET =
  /((?:^|&)(?:AWSAccessKeyId|Signature|sig|X-Goog-Signature)=)[^&]*/g;

/** Spans of one exchange. */
export interface Spans {
  /** JSON objects, separated by commas. */
  readonly json: string;
  /** Number of spans. */
  readonly count: number;
}

/** Options of a {@linkcode SpanWriter}. */
export interface SpanWriterOptions {
  /** perfmock's version. */
  readonly version: string;
  /** The resource's `service.instance.id`. */
  readonly instance: string;
  /** Returns the scheme of the server's URL. */
  readonly scheme: () => string;
}

/** Writes exchanges as spans. */
export class SpanWriter {
  readonly #head: string;
  readonly #scheme: () => string;
  readonly #ids = new TraceIds();

  /** Creates a writer. */
  constructor({ version, instance, scheme }: SpanWriterOptions) {
    this.#scheme = scheme;
    const resource = `{"attributes":[${
      [
        text("service.name", "perfmock"),
        text("service.version", version),
        text("service.instance.id", instance),
      ].join(",")
    }]}`;
    const scope = JSON.stringify({ name: "perfmock", version });
    this.#head =
      `{"resourceSpans":[{"resource":${resource},"scopeSpans":[{"scope":${scope},"spans":[`;
  }

  /** Body of the request that delivers spans, which are separated by commas. */
  request(spans: string): string {
    return `${this.#head}${spans}]}]}]}`;
  }

  /** Writes the spans of an exchange, which must have a trace id. */
  spans(entry: JournalEntry): Spans {
    const { traceId, spanId, parentSpanId, route, pattern, method } = entry;
    const known = KNOWN_METHODS.has(method);
    const start = microseconds(entry.time);
    const { queue, service, degrade } = partsOf(entry);
    const end = start + rounded(entry.totalMs);
    const error = errorOf(entry);
    const name = JSON.stringify(`${known ? method : "HTTP"} ${pattern}`);
    const parent = parentSpanId === null
      ? ""
      : `"parentSpanId":"${parentSpanId}",`;
    const flags = parentSpanId === null ? SAMPLED : SAMPLED | REMOTE_PARENT;
    const status = error === undefined ? "" : `,"status":{"code":${ERROR}}`;
    let json =
      `{"traceId":"${traceId}","spanId":"${spanId}",${parent}"flags":${flags},"name":${name},"kind":${SERVER},${
        interval(start, end)
      },"attributes":[${this.#request(entry, known)},${
        text("http.route", pattern)
      }`;
    if (entry.status > 0) {
      json += `,${integer("http.response.status_code", entry.status)}`;
    }
    if (error !== undefined) json += `,${text("error.type", error)}`;
    json += `,${text("perfmock.route", route)}`;
    if (entry.session !== null) {
      json += `,${text("perfmock.session", entry.session)}`;
    }
    json += `,${integer("perfmock.sequence", entry.sequence)},${
      text("perfmock.outcome", entry.outcome)
    },${double("perfmock.drawn_ms", entry.drawnMs)}`;
    if (entry.latenessMs !== null) {
      json += `,${double("perfmock.lateness_ms", entry.latenessMs)}`;
    }
    json += `]${status}}`;
    let count = 1;
    let from = start;
    const child = (name: string, duration: number) => {
      if (duration <= 0) return;
      json += `,{"traceId":"${traceId}","spanId":"${
        idOf(this.#ids.word(), this.#ids.word())
      }","parentSpanId":"${spanId}","flags":${SAMPLED},"name":"${name}","kind":${INTERNAL},${
        interval(from, from + duration)
      }}`;
      from += duration;
      count++;
    };
    child("queue", queue);
    child("service", service);
    child("degrade", degrade);
    return { json, count };
  }

  /** Attributes of the request. */
  #request({ method, path }: JournalEntry, known: boolean): string {
    let list = text("http.request.method", known ? method : "_OTHER");
    if (!known) list += `,${text("http.request.method_original", method)}`;
    if (path === null) return list;
    const mark = path.indexOf("?");
    list += `,${text("url.scheme", this.#scheme())},${
      text("url.path", mark < 0 ? path : path.slice(0, mark))
    }`;
    // A mark with nothing behind it is no query.
    return mark < 0 || mark === path.length - 1
      ? list
      : `${list},${
        text("url.query", path.slice(mark + 1).replace(SECRET, "$1REDACTED"))
      }`;
  }
}

/** Parts of an exchange's time, in microseconds. */
interface Parts {
  readonly queue: number;
  readonly service: number;
  readonly degrade: number;
}

/**
 * Parts as Server-Timing has them, each rounded where it begins and ends, so that they add up. A request that was not admitted has no
 * service.
 */
function partsOf(
  { outcome, queueMs, degradationMs, totalMs }: JournalEntry,
): Parts {
  const end = rounded(totalMs);
  const begin = Math.min(rounded(queueMs), end);
  if (outcome === "rejected") return { queue: begin, service: 0, degrade: 0 };
  const degradation = outcome === "answered" ? degradationMs : 0;
  const served = Math.max(begin, rounded(totalMs - degradation));
  return { queue: begin, service: served - begin, degrade: end - served };
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 1000);
}

/** Type of the error of the server; undefined for none. */
function errorOf({ outcome, status }: JournalEntry): string | undefined {
  if (status >= 500) return `${status}`;
  return BROKEN.has(outcome) ? outcome : undefined;
}

/** Number of characters of a time in ISO 8601 before its microseconds. */
const MILLISECONDS_END = "2000-01-01T00:00:00.000".length;

/** Microseconds since 1970 of a time in ISO 8601 with microseconds. */
function microseconds(iso: string): number {
  return Date.parse(`${iso.slice(0, MILLISECONDS_END)}Z`) * 1000 +
    Number(iso.slice(MILLISECONDS_END, -1));
}

/** Start and end, given in microseconds since 1970. */
function interval(start: number, end: number): string {
  return `"startTimeUnixNano":"${start}000","endTimeUnixNano":"${end}000"`;
}

function text(key: string, value: string): string {
  return `{"key":"${key}","value":{"stringValue":${JSON.stringify(value)}}}`;
}

/** An integer of 64 bits, which JSON has as a string. */
function integer(key: string, value: number): string {
  return `{"key":"${key}","value":{"intValue":"${value}"}}`;
}

function double(key: string, value: number): string {
  const written = Number.isFinite(value) ? value : `"${value}"`;
  return `{"key":"${key}","value":{"doubleValue":${written}}}`;
}
