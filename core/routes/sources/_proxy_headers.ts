/**
 * Headers on their way through a proxy (RFC 9110, section 7.6).
 *
 * @module
 */

/** They concern one connection. */
const HOP_BY_HOP: readonly string[] = [
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

/**
 * What an upstream is told of a request: Host becomes its own, the original goes into X-Forwarded-Host, and the body is asked
 * for without a coding: fetch() would take off any other that it asked for itself.
 */
export function requestHeaders(request: Request): Headers {
  const headers = endToEnd(request.headers);
  const { host, protocol } = new URL(request.url);
  if (!headers.has("x-forwarded-host")) {
    headers.set("x-forwarded-host", headers.get("host") ?? host);
  }
  if (!headers.has("x-forwarded-proto")) {
    headers.set("x-forwarded-proto", protocol.slice(0, -1));
  }
  headers.delete("host");
  headers.set("accept-encoding", "identity");
  return headers;
}

/** Headers without those that concern one connection, the ones that Connection names included. */
export function endToEnd(received: Headers): Headers {
  const headers = new Headers(received);
  const named = (received.get("connection") ?? "").split(",");
  for (const name of [...HOP_BY_HOP, ...named]) {
    const header = name.trim();
    if (/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(header)) headers.delete(header);
  }
  return headers;
}
