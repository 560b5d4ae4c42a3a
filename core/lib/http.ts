/**
 * Facts of HTTP that several parts of perfmock need.
 *
 * @module
 */

/** Methods of HTTP (RFC 9110, section 9; RFC 5789), which OpenTelemetry's conventions know. Others count as `_OTHER`. */
export const KNOWN_METHODS: ReadonlySet<string> = new Set([
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "OPTIONS",
  "TRACE",
  "CONNECT",
]);

/** Headers that concern one connection (RFC 9110, section 7.6.1, and older practice). */
export const HOP_BY_HOP: readonly string[] = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

/** Statuses whose responses have no body: 204 No Content, 205 Reset Content and 304 Not Modified (RFC 9110, section 15). */
export const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

/** Statuses whose responses end with their headers, so that they announce no length (RFC 9110, section 8.6; RFC 9112, section 6.3). */
export const LENGTHLESS: ReadonlySet<number> = new Set([204, 304]);

/** Standard reason phrase of each status from 200 to 599 (IANA, HTTP Status Code Registry). */
export const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  201: "Created",
  202: "Accepted",
  203: "Non-Authoritative Information",
  204: "No Content",
  205: "Reset Content",
  206: "Partial Content",
  207: "Multi-Status",
  208: "Already Reported",
  226: "IM Used",
  300: "Multiple Choices",
  301: "Moved Permanently",
  302: "Found",
  303: "See Other",
  304: "Not Modified",
  305: "Use Proxy",
  307: "Temporary Redirect",
  308: "Permanent Redirect",
  400: "Bad Request",
  401: "Unauthorized",
  402: "Payment Required",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  407: "Proxy Authentication Required",
  408: "Request Timeout",
  409: "Conflict",
  410: "Gone",
  411: "Length Required",
  412: "Precondition Failed",
  413: "Content Too Large",
  414: "URI Too Long",
  415: "Unsupported Media Type",
  416: "Range Not Satisfiable",
  417: "Expectation Failed",
  421: "Misdirected Request",
  422: "Unprocessable Content",
  423: "Locked",
  424: "Failed Dependency",
  425: "Too Early",
  426: "Upgrade Required",
  428: "Precondition Required",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  451: "Unavailable For Legal Reasons",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
  505: "HTTP Version Not Supported",
  506: "Variant Also Negotiates",
  507: "Insufficient Storage",
  508: "Loop Detected",
  511: "Network Authentication Required",
};

/** Headers as users write them: values by name. */
export type HeaderValues = Readonly<Record<string, string | readonly string[]>>;

/** Makes headers; each value of a list becomes a value of its own. */
export function headersOf(written: HeaderValues): Headers {
  const headers = new Headers();
  for (const [name, values] of Object.entries(written)) {
    for (const value of [values].flat()) headers.append(name, value);
  }
  return headers;
}

/**
 * Writes the date of Retry-After. Dates of HTTP have whole seconds: rounded up, so that no client returns too early.
 *
 * @param time in ms since 1970
 */
export function retryDate(time: number): string {
  return new Date(Math.ceil(time / 1000) * 1000).toUTCString();
}

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

const MONTH = `(?<month>${MONTHS.join("|")})`;
const TIME = "(?<hour>\\d\\d):(?<minute>\\d\\d):(?<second>\\d\\d)";

/** The three forms of a date in HTTP (RFC 9110, section 5.6.7), of which the first is the one to write. */
const DATES = [
  `(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (?<day>\\d\\d) ${MONTH} (?<year>\\d{4}) ${TIME} GMT`,
  `(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (?<day>\\d\\d)-${MONTH}-(?<year>\\d\\d) ${TIME} GMT`,
  `(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ${MONTH} (?<day>[ \\d]\\d) ${TIME} (?<year>\\d{4})`,
].map((form) => new RegExp(`^${form}$`));

/**
 * Reads a date of HTTP.
 *
 * @param now present time, in ms since 1970: a year of two digits lies at most 50 years after it
 * @returns time in ms since 1970; undefined for a text in none of the three forms
 */
export function dateOf(text: string, now: number): number | undefined {
  const { groups } = DATES.map((form) => form.exec(text))
    .find((match) => match !== null) ?? {};
  if (groups === undefined) return undefined;
  const { year, month, day, hour, minute, second } = groups;
  let full = Number(year);
  if (year.length === 2) {
    const present = new Date(now).getUTCFullYear();
    full += Math.floor(present / 100) * 100;
    if (full > present + 50) full -= 100;
  }
  return Date.UTC(
    full,
    MONTHS.indexOf(month),
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
}

const encoder = new TextEncoder();

/** Number of bytes of a text in UTF-8. */
export function byteLength(text: string): number {
  return encoder.encode(text).length;
}

/** Returns the path and the query of an absolute URL; a path alone is returned as it is. */
export function targetOf(url: string): string {
  if (url.startsWith("/")) return url;
  const start = url.indexOf("/", url.indexOf("//") + 2);
  return start < 0 ? "/" : url.slice(start);
}
