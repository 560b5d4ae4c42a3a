/**
 * Headers of the request to an upstream, and the marks by which a route recognises a request that has come back to it: its own
 * name in Via (RFC 9110, section 7.6.3), and a number of hops for upstreams that remove Via.
 *
 * @module
 */
import { PerfmockError } from "../errors.ts";
import { HOP_BY_HOP } from "../lib/http.ts";

/** Header with the number of proxied routes that a request has passed. */
const HOPS = "perfmock-hops";

/** Maximum number of proxied routes, of this server and others, that a request passes. */
export const MAX_HOPS = 16;

/** Copies headers without those that concern one connection, including the ones that Connection names. */
export function endToEnd(received: Headers): Headers {
  const headers = new Headers(received);
  const named = (received.get("connection") ?? "").split(",");
  for (const name of [...HOP_BY_HOP, ...named]) {
    const header = name.trim();
    if (/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(header)) headers.delete(header);
  }
  return headers;
}

/** A proxied route as the requests that pass it name it. */
export class Passage {
  // One name per route, not per server: a request may pass several routes of a server, but none of them twice.
  readonly #name = `perfmock-${crypto.randomUUID()}`;

  /**
   * Recognises a request that goes round in a circle.
   *
   * @param url URL of the upstream, for the message
   * @param header returns the value of a header of the request; null if absent
   * @returns the error; undefined if the request may pass
   */
  refusal(
    url: string,
    header: (name: string) => string | null,
  ): PerfmockError | undefined {
    const reason = header("via")?.includes(this.#name)
      ? "this request has passed this route before, so the upstream leads back to it"
      : hopsIn(header(HOPS)) >= MAX_HOPS
      ? `this request has passed ${MAX_HOPS} proxied routes, so it probably goes round in a circle`
      : undefined;
    return reason === undefined ? undefined : new PerfmockError(
      "UPSTREAM_LOOP",
      `Cannot pass a request on to ${url}: ${reason}`,
    );
  }

  /**
   * Headers of the request to the upstream. Host is the upstream's own. The body is requested without a coding, because fetch()
   * would otherwise request one itself and decode it. X-Forwarded-For is extended by the client's address. X-Forwarded-Host and
   * X-Forwarded-Proto describe the first request on its way, so values of an earlier proxy remain.
   *
   * @param client address of the client's end of the connection; undefined if there is no connection
   */
  headers(request: Request, client: string | undefined): Headers {
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
    headers.append("via", `1.1 ${this.#name}`);
    headers.set(HOPS, `${hopsIn(headers.get(HOPS)) + 1}`);
    return headers;
  }
}

/** Reads a number of hops; a value that is none counts as 0. */
function hopsIn(value: string | null): number {
  return value !== null && /^\d{1,9}$/.test(value) ? Number(value) : 0;
}
