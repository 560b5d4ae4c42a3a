/**
 * Cross-origin access: a frontend served from elsewhere may call mock routes with credentials and read their timings.
 *
 * @module
 */
import type { Incoming } from "./incoming.ts";

/** Response headers that a script may read beyond the safelisted ones. */
const EXPOSED =
  "Server-Timing, Perfmock-Sequence, Retry-After, RateLimit, RateLimit-Policy";

/** Time for which a browser may keep the answer to a preflight, in seconds: two hours is the maximum in any browser. */
const PREFLIGHT_AGE = 7200;

/** Lines of those CORS headers that are the same for all origins. */
const FIELDS =
  `access-control-allow-credentials: true\r\naccess-control-expose-headers: ${EXPOSED}\r\n`;

/** Lets the page of this origin read the answer. */
export function corsHeaders(headers: Headers, origin: string): void {
  headers.append("access-control-allow-origin", origin);
  headers.append("access-control-allow-credentials", "true");
  headers.append("access-control-expose-headers", EXPOSED);
}

/** The same headers as lines of HTTP/1.1; the origin must be printable ASCII. */
export function corsFields(origin: string): string {
  return `access-control-allow-origin: ${origin}\r\n${FIELDS}`;
}

/** True for a preflight request: it is answered at once, outside sequence, pool and delay. */
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

/** Permits what was asked for. */
export function preflight(incoming: Pick<Incoming, "header">): Response {
  const answer = new Headers({
    "access-control-allow-origin": incoming.header("origin") ?? "*",
    "access-control-allow-credentials": "true",
    "access-control-allow-methods":
      incoming.header("access-control-request-method") ?? "GET",
    "access-control-max-age": `${PREFLIGHT_AGE}`,
    vary:
      "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
  });
  const asked = incoming.header("access-control-request-headers");
  if (asked !== null) answer.set("access-control-allow-headers", asked);
  if (incoming.header("access-control-request-private-network") === "true") {
    answer.set("access-control-allow-private-network", "true");
  }
  return new Response(null, { status: 204, headers: answer });
}
