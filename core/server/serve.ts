/**
 * Listens on a port and passes requests to a handler, with Deno's HTTP server or with Node's.
 *
 * @module
 */
import { PerfmockError } from "../errors.ts";
import { TimeLimitError, withinLimit } from "../lib/time/mod.ts";
import { BODILESS } from "../lib/http.ts";
import type { Peer } from "../pipeline/incoming.ts";
import type { Engine, EngineOptions, Handler } from "./engine.ts";

/** Server that listens. */
export interface Listener {
  /** URL under which clients reach it, with a trailing slash. */
  readonly url: URL;
  /**
   * Stops accepting connections, closes idle ones, lets answers leave that are being written, then ends.
   *
   * @param limit maximum wait, in ms, for clients that neither finish sending nor read; the connection of such a client ends later, when
   * the client ends it
   */
  close(limit: number): Promise<void>;
  /** Closes all connections at once, including those with exchanges in flight. Not after `close`. */
  cut(): Promise<void>;
}

/** Address to listen on. */
export interface Address extends Omit<EngineOptions, "handler"> {
  /** HTTP server: Deno's is faster, Node's can reset connections. */
  readonly engine: "deno" | "node";
}

/**
 * Starts to listen.
 *
 * @throws PerfmockError `PORT_IN_USE` or `SERVER_NOT_STARTED`
 */
export async function listen(
  address: Address,
  handler: Handler,
): Promise<Listener> {
  let engine: Engine;
  try {
    engine = await start(address, handler);
  } catch (error) {
    throw notStarted(address, error);
  }
  const name = address.host.includes(":") ? `[${address.host}]` : address.host;
  const scheme = address.certificate === undefined ? "http" : "https";
  return {
    // A server that listens on all addresses is reached under the loopback address.
    url: new URL(
      `${scheme}://${
        name === "0.0.0.0" ? "127.0.0.1" : name === "[::]" ? "[::1]" : name
      }:${engine.port}/`,
    ),
    async close(limit) {
      try {
        await withinLimit(engine.shutdown(), limit);
      } catch (error) {
        if (!(error instanceof TimeLimitError)) throw error;
      }
    },
    cut: () => engine.cut(),
  };
}

async function start(address: Address, handler: Handler): Promise<Engine> {
  if (address.engine === "deno") return listenWithDeno({ ...address, handler });
  // Loaded only if it is used: most servers run on Deno's engine.
  const { listenWithNode } = await import("./serve_node.ts");
  return await listenWithNode({ ...address, handler });
}

/** Starts Deno's HTTP server, which cannot reset or close a connection before the headers. Throws the system's error. */
function listenWithDeno(
  { host, port, certificate, handler }: EngineOptions,
): Engine {
  const ending = new AbortController();
  const server = Deno.serve({
    hostname: host,
    port,
    signal: ending.signal,
    onListen() {},
    onError: () => new Response(null, { status: 500 }),
    ...certificate,
  }, (request: Request, peer: Peer) => {
    const answer = handler(request, peer);
    if (request.method !== "HEAD") return answer;
    return answer instanceof Response ? unsized(answer) : answer.then(unsized);
  });
  return {
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

function notStarted({ host, port }: Address, error: unknown): PerfmockError {
  const inUse = error instanceof Deno.errors.AddrInUse ||
    Reflect.get(Object(error), "code") === "EADDRINUSE";
  if (inUse) {
    return new PerfmockError(
      "PORT_IN_USE",
      `Cannot listen on ${host}:${port}: the port is in use`,
      [{
        path: "/server/port",
        message: "The port is in use",
        value: port,
        allowed: "a free port, or 0 to have one picked",
        suggestion: "--port 0",
      }],
      { cause: error },
    );
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new PerfmockError(
    "SERVER_NOT_STARTED",
    `Cannot listen on ${host}:${port}: ${reason}`,
    [{ path: "/server/host", message: reason, value: host }],
    { cause: error },
  );
}
