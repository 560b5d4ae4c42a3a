/**
 * Cross-origin access: a frontend served from elsewhere may call mock routes with credentials and read their timings.
 *
 * @module
 */
import type { Incoming } from "./incoming.ts";

/** Response headers of perfmock's own that a script may read. */
const OWN =
  "Server-Timing, Perfmock-Sequence, Perfmock-Override-Refused, Retry-After, RateLimit, RateLimit-Policy";

/**
 * Headers that need no exposure: those that any script may read (Fetch, "CORS-safelisted response-header name"), those that none
 * may, and those that concern browsers and connections only.
 */
const UNLISTED: ReadonlySet<string> = new Set([
  ...OWN.toLowerCase().split(", "),
  "cache-control",
  "connection",
  "content-language",
  "content-length",
  "content-type",
  "expires",
  "last-modified",
  "pragma",
  "set-cookie",
  "set-cookie2",
  "timing-allow-origin",
  "vary",
]);

const EXPOSE = "access-control-expose-headers";

/** Time for which a browser may keep the answer to a preflight, in seconds: two hours is the maximum in any browser. */
const PREFLIGHT_AGE = 7200;

/** Names of the headers of an answer that scripts of other origins may read. With credentials, `*` would not stand for all. */
export function exposedNames(headers: Headers): string {
  return [OWN, ...others(headers)].join(", ");
}

function others(headers: Headers): string[] {
  return [...headers.keys()].filter((name) =>
    !UNLISTED.has(name) && !name.startsWith("access-control-")
  );
}

/** Lets the page of this origin read the answer and its headers. */
export function corsHeaders(headers: Headers, origin: string): void {
  const names = exposedNames(headers);
  headers.append("access-control-allow-origin", origin);
  headers.append("access-control-allow-credentials", "true");
  headers.append(EXPOSE, names);
}

/** The same headers as lines of HTTP/1.1; the origin must be printable ASCII. */
export function corsFields(origin: string, names: string): string {
  return `access-control-allow-origin: ${origin}\r\naccess-control-allow-credentials: true\r\n${EXPOSE}: ${names}\r\n`;
}

/** Exposes those headers too that were added after {@linkcode corsHeaders}. */
export function exposeRest(headers: Headers): void {
  const names = headers.get(EXPOSE);
  if (names === null) return;
  const listed = new Set(names.toLowerCase().split(/\s*,\s*/));
  for (const name of others(headers)) {
    if (!listed.has(name)) headers.append(EXPOSE, name);
  }
}

/** True for a preflight request. Unless a route is written for OPTIONS, it is answered at once, outside sequence, pool and delay. */
export function isPreflight(
  incoming: Pick<Incoming, "method" | "header">,
): boolean {
  return incoming.method === "OPTIONS" && incoming.header("origin") !== null &&
    incoming.header("access-control-request-method") !== null;
}

/** Method of a request, or the one that its preflight asks for. */
export function wantedMethod(
  incoming: Pick<Incoming, "method" | "header">,
): string {
  const wanted = isPreflight(incoming)
    ? incoming.header("access-control-request-method")
    : null;
  return wanted ?? incoming.method;
}

/** Answers a preflight request: permits what was asked for. */
export function preflight(incoming: Pick<Incoming, "header">): Response {
  const headers = new Headers({
    "access-control-allow-origin": incoming.header("origin") ?? "*",
    "access-control-allow-credentials": "true",
    vary: "Origin",
  });
  allowPreflight(headers, incoming);
  return new Response(null, { status: 204, headers });
}

/** Permits what a preflight request asks for, except where the headers already say what is permitted. */
export function allowPreflight(
  headers: Headers,
  incoming: Pick<Incoming, "header">,
): void {
  const permit = (name: string, value: string | null) => {
    if (value !== null && !headers.has(name)) headers.set(name, value);
  };
  const asked = (name: string) =>
    incoming.header(`access-control-request-${name}`);
  permit("access-control-allow-methods", asked("method") ?? "GET");
  permit("access-control-allow-headers", asked("headers"));
  permit("access-control-max-age", `${PREFLIGHT_AGE}`);
  permit(
    "access-control-allow-private-network",
    asked("private-network") === "true" ? "true" : null,
  );
  headers.append(
    "vary",
    "Access-Control-Request-Method, Access-Control-Request-Headers",
  );
}
