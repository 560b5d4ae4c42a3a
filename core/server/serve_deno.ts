/**
 * Deno's own HTTP server: the faster engine; it can neither reset a connection nor close it before the headers.
 *
 * @module
 */
import type { Peer } from "../pipeline/exchange.ts";
import type { Engine, EngineParts } from "./serve.ts";

/** Starts to listen. Throws what the system says. */
export function listenWithDeno(
  { host, port, certificate, handler }: EngineParts,
): Engine {
  const ending = new AbortController();
  const server = Deno.serve({
    hostname: host,
    port,
    signal: ending.signal,
    onListen() {},
    onError: () => new Response(null, { status: 500 }),
    ...certificate,
  }, handler as (request: Request, peer: Peer) => Response | Promise<Response>);
  return {
    port: server.addr.port,
    shutdown: () => server.shutdown(),
    async cut() {
      ending.abort();
      await server.finished;
    },
  };
}
