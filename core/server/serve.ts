/**
 * Listens on a port and hands requests on: the only place that knows the HTTP server.
 *
 * @module
 */
import { PerfmockError } from "../errors.ts";
import type { Peer } from "../pipeline/exchange.ts";
import { listenWithDeno } from "./serve_deno.ts";
import { TimeLimitError, withinLimit } from "../lib/time/mod.ts";

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

/** A certificate and its key, as PEM. */
export interface Certificate {
  /** The certificate, with those between it and a root. */
  readonly cert: string;
  /** Its private key. */
  readonly key: string;
}

/** Where to listen, and with what. */
export interface Address {
  /** A host name or an IP address. */
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  /** The HTTP server: Deno's is faster, Node's can reset connections. */
  readonly engine: "deno" | "node";
  /** With one it speaks TLS, and HTTP/2 with those who can; undefined for plain HTTP. */
  readonly certificate?: Certificate | undefined;
}

/** What answers requests; `Response.error()` resets the connection, where the engine can. */
export type Handler = (
  request: Request,
  peer?: Peer,
) => Response | Promise<Response>;

/** What an HTTP server is started with. */
export interface EngineParts extends Omit<Address, "engine"> {
  /** Answers. */
  readonly handler: Handler;
}

/** An HTTP server that listens. */
export interface Engine {
  /** The port it listens on. */
  readonly port: number;
  /** Takes no new connections, closes idle ones, resolves once all have ended. */
  shutdown(): Promise<void>;
  /** Closes every connection at once. */
  cut(): Promise<void>;
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
    // What listens on all addresses is reached on this machine's own.
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
  const { listenWithNode } = await import("./serve_node.ts");
  return await listenWithNode({ ...address, handler });
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
