/**
 * Deno's HTTP server. It speaks TLS and HTTP/2, but cannot reset or close a connection before the headers. It tells of no
 * connection before its first request, has no time-outs, and reads on what a client sends after an answer that refuses it.
 *
 * @module
 */
import { BODILESS } from "../lib/http.ts";
import type { Peer } from "../pipeline/incoming.ts";
import type { Engine, EngineOptions } from "./engine.ts";
import { Listening } from "./listening.ts";

/** Starts to listen. Throws the system's error. */
export function listenWithDeno(
  { host, port, certificate, failed, handler, heldBack }: EngineOptions,
): Engine {
  const ending = new AbortController();
  const failure = () => new Response(null, { status: 500 });
  const report = (error: unknown) => {
    failed(error);
    return failure();
  };
  const serveOn = (port: number) =>
    Deno.serve({
      hostname: host,
      port,
      signal: ending.signal,
      onListen() {},
      // Called for bodies that break off, as those of faults and upstreams do: these are no errors of perfmock.
      onError: failure,
      ...certificate,
    }, (request: Request, peer: Peer) => {
      const isHead = request.method === "HEAD";
      try {
        const answer = handler(request, peer);
        if (answer instanceof Response) {
          return isHead ? unsized(answer) : answer;
        }
        return (isHead ? answer.then(unsized) : answer).catch(report);
      } catch (error) {
        return report(error);
      }
    });
  /** Servers with connections: the one that listens, and former ones, each until its last connection is closed. */
  const servers = new Set<Deno.HttpServer<Deno.NetAddr>>();
  let server = start(port);
  const { port: own } = server.addr;
  const listening = new Listening({
    open: () => void (server = start(own)),
    // Idle connections are closed with it, which makes room.
    close: () => void server.shutdown().catch(() => {}),
  }, { heldBack });

  function start(port: number): Deno.HttpServer<Deno.NetAddr> {
    const started = serveOn(port);
    servers.add(started);
    started.finished.catch(() => {
      // It ends by itself if no descriptor is left for a connection.
      if (started === server) listening.lost();
    }).finally(() => servers.delete(started));
    return started;
  }

  return {
    name: "deno",
    port: own,
    async shutdown() {
      await listening.end();
      // Those that have ended by themselves reject.
      await Promise.allSettled(
        Array.from(servers, (each) => each.shutdown()),
      );
    },
    async cut() {
      await listening.end();
      ending.abort();
      await Promise.allSettled(Array.from(servers, ({ finished }) => finished));
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
