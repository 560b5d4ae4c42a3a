/**
 * Types of an HTTP server that listens: `serve.ts` implements them with Deno's, `serve_node.ts` with Node's.
 *
 * @module
 */
import type { Peer } from "../pipeline/incoming.ts";

/** Certificate and its key, in PEM. */
export interface Certificate {
  /** Certificate, followed by those between it and a root. */
  readonly cert: string;
  /** Private key. */
  readonly key: string;
}

/** Answers requests. `Response.error()` resets the connection if the engine can do that. */
export type Handler = (
  request: Request,
  peer?: Peer,
) => Response | Promise<Response>;

/** Options of an HTTP server. */
export interface EngineOptions {
  /** Host name or IP address to listen on. */
  readonly host: string;
  /** Port; 0 for any free port. */
  readonly port: number;
  /** Certificate for TLS, with HTTP/2 for clients that support it; undefined for plain HTTP. */
  readonly certificate?: Certificate | undefined;
  /** Answers requests. */
  readonly handler: Handler;
}

/** HTTP server that listens. */
export interface Engine {
  /** Port on which it listens. */
  readonly port: number;
  /** Stops accepting connections and closes idle ones. Resolves when all connections have ended. */
  shutdown(): Promise<void>;
  /** Closes all connections at once. */
  cut(): Promise<void>;
}
