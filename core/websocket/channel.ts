/**
 * A WebSocket as a route sees it, whichever HTTP server has it.
 *
 * @module
 */
import type { HandshakeError } from "./handshake.ts";

/** Data of a message: text, or bytes. */
export type MessageData = string | Uint8Array<ArrayBuffer>;

/** Takes what a client does. */
export interface SocketListener {
  /** A whole message has come. */
  message(data: MessageData): void;
  /**
   * The connection has ended; called once, last.
   *
   * @param code code with which it was closed; 1005 for a close without a code, 1006 for an end without a close
   */
  ended(code: number): void;
}

/** Way to the client. After the end, nothing has an effect. */
export interface SocketChannel {
  /** Number of bytes that the client has yet to take. */
  readonly buffered: number;
  /** Sends a message. */
  send(data: MessageData): void;
  /**
   * Begins to close the connection: the client has a moment to answer.
   *
   * @param code code that a close frame may have
   * @param reason at most 123 bytes of UTF-8
   */
  close(code: number, reason: string): void;
  /** Ends the connection at once, without a close frame. */
  cut(): void;
}

/** Answer to a request for a WebSocket. */
export interface Acceptance {
  /** Protocol that was agreed on; undefined for none. */
  readonly protocol: string | undefined;
  /** Further header lines, in ASCII, each ended by CRLF. A server whose own handshake has no place for them leaves them out. */
  readonly fields: string;
  /** Maximum size of a client's message, in bytes. */
  readonly limit: number;
}

/** A request for a WebSocket. */
export interface SocketRequest {
  /** Error of the request, which then cannot be accepted; undefined if there is none. */
  readonly error: HandshakeError | undefined;
  /** Protocols that the client offers, the ones it prefers first. */
  readonly protocols: readonly string[];
  /**
   * Opens the WebSocket, in place of an answer.
   *
   * @throws Error if the connection cannot be taken over
   */
  accept(acceptance: Acceptance, listener: SocketListener): SocketChannel;
}
