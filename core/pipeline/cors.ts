/**
 * Cross-origin access: a frontend served from elsewhere may call mock routes with credentials and read their timings.
 *
 * @module
 */

/** Response headers that a script may read beyond the safelisted ones. */
const EXPOSED =
  "Server-Timing, Perfmock-Sequence, Retry-After, RateLimit, RateLimit-Policy";

/** Time for which a browser may keep the answer to a preflight, in seconds: two hours is the maximum in any browser. */
const PREFLIGHT_AGE = 7200;

/** Lets the page of this origin read the answer. */
export function corsHeaders(headers: Headers, origin: string): void {
  headers.append("access-control-allow-origin", origin);
  headers.append("access-control-allow-credentials", "true");
  headers.append("access-control-expose-headers", EXPOSED);
}

/** True for a preflight request: it is answered at once, outside sequence, pool and delay. */
export function isPreflight(request: Request): boolean {
  return request.method === "OPTIONS" && request.headers.has("origin") &&
    request.headers.has("access-control-request-method");
}

/** Permits what was asked for. */
export function preflight(request: Request): Response {
  const { headers } = request;
  const answer = new Headers({
    "access-control-allow-origin": headers.get("origin") ?? "*",
    "access-control-allow-credentials": "true",
    "access-control-allow-methods":
      headers.get("access-control-request-method") ?? "GET",
    "access-control-max-age": `${PREFLIGHT_AGE}`,
    vary:
      "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
  });
  const asked = headers.get("access-control-request-headers");
  if (asked !== null) answer.set("access-control-allow-headers", asked);
  if (headers.get("access-control-request-private-network") === "true") {
    answer.set("access-control-allow-private-network", "true");
  }
  return new Response(null, { status: 204, headers: answer });
}
