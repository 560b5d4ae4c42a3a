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
 * What an upstream is told of a request: Host becomes its own, and the body is asked for without a coding: fetch() would take
 * off any other that it asked for itself. X-Forwarded-For goes on with the client's address; X-Forwarded-Host and
 * X-Forwarded-Proto tell of the first request on its way, so they stay where another proxy has set them.
 *
 * @param client the address of the client's end of the connection; undefined where there is none
 */
export function requestHeaders(
  request: Request,
  client: string | undefined,
): Headers {
  const headers = endToEnd(request.headers);
  const { host, protocol } = new URL(request.url);
  if (client !== undefined) headers.append("x-forwarded-for", client);
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
