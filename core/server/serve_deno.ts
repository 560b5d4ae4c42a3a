/**
 * Deno's HTTP server. It speaks TLS and HTTP/2, but cannot reset or close a connection before the headers.
 *
 * @module
 */
import { BODILESS } from "../lib/http.ts";
import type { Peer } from "../pipeline/incoming.ts";
import type { Engine, EngineOptions } from "./engine.ts";

/** Starts to listen. Throws the system's error. */
export function listenWithDeno(
  { host, port, certificate, failed, handler }: EngineOptions,
): Engine {
  const ending = new AbortController();
  const server = Deno.serve({
    hostname: host,
    port,
    signal: ending.signal,
    onListen() {},
    onError(error) {
      failed(error);
      return new Response(null, { status: 500 });
    },
    ...certificate,
  }, (request: Request, peer: Peer) => {
    const answer = handler(request, peer);
    if (request.method !== "HEAD") return answer;
    return answer instanceof Response ? unsized(answer) : answer.then(unsized);
  });
  return {
    name: "deno",
    port: server.addr.port,
    shutdown: () => server.shutdown(),
    async cut() {
      ending.abort();
      await server.finished;
    },
  };
}

/**
 * Makes an answer to HEAD whose length is not known announce none: Deno announces 0 for an answer without a body, which is
 * only right if GET would be answered with nothing (RFC 9110, section 8.6).
 */
function unsized(response: Response): Response {
  const { body, headers, status } = response;
  return body !== null || headers.has("content-length") ||
      response.type === "error" || BODILESS.has(status)
    ? response
    : new Response(new ReadableStream({ start: (it) => it.close() }), {
      status,
      headers,
    });
}
