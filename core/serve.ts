/**
 * Listens on a port and hands requests on: the only place that knows the HTTP server.
 *
 * @module
 */
import { PerfmockError } from "./errors.ts";
import { TimeLimitError, withinLimit } from "./time/mod.ts";

/** A server that listens. */
export interface Listener {
  /** Where it can be reached, with a trailing slash. */
  readonly url: URL;
  /**
   * Takes no new connections, closes idle ones, lets answers that are being written leave, then ends. A client that neither
   * finishes sending nor reads is not waited for longer than the limit, in milliseconds; its connection ends when it does.
   */
  close(limit: number): Promise<void>;
  /** Closes every connection at once, whatever is under way on it; resolves when that is done. Not after close. */
  cut(): Promise<void>;
}

/** Where to listen. */
export interface Address {
  /** A host name or an IP address. */
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
}

/**
 * Starts to listen.
 *
 * @throws PerfmockError `PORT_IN_USE` or `SERVER_NOT_STARTED`
 */
export function listen(
  address: Address,
  handler: (request: Request) => Response | Promise<Response>,
): Listener {
  const ending = new AbortController();
  let server: Deno.HttpServer<Deno.NetAddr>;
  try {
    server = Deno.serve({
      hostname: address.host,
      port: address.port,
      signal: ending.signal,
      onListen() {},
      onError: () => new Response(null, { status: 500 }),
    }, handler as (request: Request) => Response | Promise<Response>);
  } catch (error) {
    throw notStarted(address, error);
  }
  const name = address.host.includes(":") ? `[${address.host}]` : address.host;
  return {
    // What listens on all addresses is reached on this machine's own.
    url: new URL(
      `http://${
        name === "0.0.0.0" ? "127.0.0.1" : name === "[::]" ? "[::1]" : name
      }:${server.addr.port}/`,
    ),
    async close(limit) {
      try {
        await withinLimit(server.shutdown(), limit);
      } catch (error) {
        if (!(error instanceof TimeLimitError)) throw error;
      }
    },
    async cut() {
      ending.abort();
      await server.finished;
    },
  };
}

function notStarted({ host, port }: Address, error: unknown): PerfmockError {
  if (error instanceof Deno.errors.AddrInUse) {
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
