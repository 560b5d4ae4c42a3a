/**
 * Deno's HTTP server. It speaks TLS and HTTP/2, but cannot reset or close a connection before the headers.
 *
 * @module
 */
import { BODILESS } from "../lib/http.ts";
import { pause } from "../lib/time/mod.ts";
import type { Peer } from "../pipeline/incoming.ts";
import type { Engine, EngineOptions } from "./engine.ts";

/** Starts to listen. Throws the system's error. */
export function listenWithDeno(
  { host, port, certificate, failed, handler, heldBack }: EngineOptions,
): Engine {
  const ending = new AbortController();
  let ended = false;
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
  let server = serveOn(port);
  const { port: own } = server.addr;
  const finished = keepListening();

  /** Listens again where Deno's server ends by itself, as it does when no descriptor is left for a connection. */
  async function keepListening(): Promise<void> {
    for (;;) {
      try {
        await server.finished;
        return;
      } catch {
        // The listener is closed now; open connections go on.
        if (ended) return;
        heldBack("descriptors");
      }
      do {
        await pause(RETRY, ending.signal);
        if (ended) return;
      } while (!listensAgain());
    }
  }

  function listensAgain(): boolean {
    try {
      server = serveOn(own);
      return true;
    } catch {
      heldBack("descriptors");
      return false;
    }
  }

  return {
    name: "deno",
    port: own,
    async shutdown() {
      ended = true;
      // It rejects if it has ended by itself.
      await server.shutdown().catch(() => {});
      await finished;
    },
    async cut() {
      ended = true;
      ending.abort();
      await finished;
    },
  };
}

/** Time between two attempts to listen again, in ms. */
const RETRY = 50;

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
