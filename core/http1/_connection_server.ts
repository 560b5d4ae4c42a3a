/**
 * The server of a connection, as the connection sees it.
 *
 * @module
 */
import type { Loop } from "../net/loop.ts";
import type { HeadLimits, RequestHead } from "./request_head.ts";
import type { ServerRequest } from "./server_request.ts";

/** Parts that all connections of one server share. */
export interface ConnectionServer {
  readonly loop: Loop;
  /** Parser of heads that come in one piece. */
  readonly head: RequestHead;
  /** Limits of heads, and of bodies in bytes. */
  readonly limits: { readonly head: HeadLimits; readonly body: number };
  /** Takes a request, which receives its answer by itself. */
  readonly receive: (request: ServerRequest) => void;
  /** True once no further request is taken on a connection. */
  readonly ending: boolean;
  /** Time of the latest sweep, in ms: exact enough for time-outs of seconds. */
  readonly roughly: number;
  /** Line of the header Date, ended by CRLF. */
  readonly date: string;
  /** That line and the blank line after the head, until the next sweep. */
  readonly endOfHead: Uint8Array;
  /** Absolute URL of a request. */
  url(host: string, path: string): string;
  /** Reports an error of perfmock, which ends no more than one connection. */
  failed(error: unknown): void;
  /** A connection is closed. */
  closed(connection: { readonly slot: number }): void;
}

/** State of a connection. */
export type Phase =
  /** No request has begun. */
  | "idle"
  /** A head has begun. */
  | "head"
  /** A request waits for its answer. */
  | "busy"
  /** The answer is given, and its last bytes or those of the request's body are still on their way. */
  | "finishing"
  /** All was sent and nothing more is expected: bytes that still come are discarded until the client ends the connection. */
  | "lingering"
  /** The connection has left HTTP: its bytes are those of another protocol. */
  | "upgraded"
  | "closed";
