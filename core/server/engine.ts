/**
 * Types of an HTTP server that listens: `serve_native.ts` implements them with the kernel's sockets, `serve_deno.ts` with Deno's
 * server, `serve_node.ts` with Node's.
 *
 * @module
 */
import type { EngineName, ServerLimits } from "../config/mod.ts";
import type { PreciseClock } from "../lib/time/mod.ts";
import type { Incoming, Peer } from "../pipeline/incoming.ts";
import type { Log } from "../world/state.ts";
import type { HoldReason } from "./held_back.ts";

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

/** Limits that an engine keeps, in bytes, ms and numbers; a time of 0 is no limit. */
export type EngineLimits = ServerLimits;

/** Options of an HTTP server. */
export interface EngineOptions {
  /** Host name or IP address to listen on. */
  readonly host: string;
  /** Port; 0 for any free port. */
  readonly port: number;
  /** Certificate for TLS, with HTTP/2 for clients that support it; undefined for plain HTTP. Not for the engine `native`. */
  readonly certificate?: Certificate | undefined;
  /** Answers requests of the Fetch API. */
  readonly handler: Handler;
  /** Takes requests that an engine has read itself. */
  readonly receive: (incoming: Incoming) => void;
  /** Limits; an engine keeps those that it can. */
  readonly limits: EngineLimits;
  /** True to share the port with other processes. Only for the engine `native`. */
  readonly reusePort: boolean;
  /** Takes lines of the log. */
  readonly log: Log;
  /** Counts that new connections have to wait, or that one was refused. */
  readonly heldBack: (reason: HoldReason) => void;
  /** Takes an error that an answer or a connection has met: an engine swallows none. */
  readonly failed: (error: unknown) => void;
}

/** HTTP server that listens. */
export interface Engine {
  /** Name of the server. */
  readonly name: EngineName;
  /** Port on which it listens. */
  readonly port: number;
  /** Keeps the deadlines of a clock, until the clock is disposed. Only `native` has a loop that can. */
  readonly drive?: (clock: PreciseClock) => Promise<void>;
  /** Stops accepting connections and closes idle ones. Resolves when all connections have ended. */
  shutdown(): Promise<void>;
  /** Closes all connections at once. */
  cut(): Promise<void>;
}

/**
 * Starts to listen.
 *
 * @throws Error the system's error, with `code` `EADDRINUSE`, `EADDRNOTAVAIL` or `EACCES` if the address is the reason; any other
 * error's message says why the engine cannot run here
 */
export type Listen = (options: EngineOptions) => Promise<Engine>;

/** Number of descriptors that a process needs besides those of connections: files, pipes, outgoing connections. */
const OTHER_DESCRIPTORS = 100;

/**
 * Returns the maximum number of connections, such that the process keeps descriptors for everything else.
 *
 * @param limit number of descriptors that the process may open
 * @param connections maximum number that the configuration allows
 */
export function connectionLimit(limit: number, connections: number): number {
  const others = Math.min(OTHER_DESCRIPTORS, limit / 2);
  return Math.max(1, Math.min(connections, Math.floor(limit - others)));
}

/**
 * Returns the warning for a process that may open fewer descriptors than its connections need.
 *
 * @param limit number of descriptors that the process may open
 * @param connections maximum number of connections
 */
export function descriptorWarning(limit: number, connections: number): string {
  const needed = connections + OTHER_DESCRIPTORS;
  return `This process may open ${limit} descriptors, but server.limits.connections (${connections}) takes ${needed}: further connections will wait. Run \`ulimit -n ${needed}\` before the start, or lower server.limits.connections to ${
    Math.max(1, limit - OTHER_DESCRIPTORS)
  }`;
}

/** Returns true if a process may open fewer descriptors than its connections need. */
export function lacksDescriptors(limit: number, connections: number): boolean {
  return limit < connections + OTHER_DESCRIPTORS;
}
