/**
 * The opening handshake of WebSocket (RFC 6455, section 4.2), of the server.
 *
 * @module
 */
import { createHash } from "node:crypto";

/** Text that a server proves its knowledge of the protocol with (RFC 6455, section 1.3). */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** Reads headers of a request by their lower-case names; null for an absent one. */
export type HeaderReader = (name: string) => string | null;

/** A request that does not open a WebSocket as it should. */
export interface HandshakeError {
  /** Status to answer with: 426 for another version, 400 for all else. */
  readonly status: 400 | 426;
  /** Reason in words, a sentence without a full stop. */
  readonly reason: string;
}

/** Returns true if a request asks for a WebSocket, whether or not it does so correctly. */
export function asksForWebSocket(header: HeaderReader): boolean {
  return tokens(header("upgrade")).includes("websocket");
}

/** Finds the error in a request that asks for a WebSocket; undefined if there is none. */
export function handshakeError(
  method: string,
  header: HeaderReader,
): HandshakeError | undefined {
  const wrong = (reason: string): HandshakeError => ({ status: 400, reason });
  if (method !== "GET") return wrong("A WebSocket is opened by GET");
  if (!tokens(header("connection")).includes("upgrade")) {
    return wrong('The header Connection does not contain "Upgrade"');
  }
  const length = header("content-length") ?? "0";
  if (length !== "0" || header("transfer-encoding") !== null) {
    return wrong("A request that opens a WebSocket has no body");
  }
  const version = header("sec-websocket-version");
  if (version !== "13") {
    return {
      status: 426,
      reason: "The header Sec-WebSocket-Version is not 13",
    };
  }
  // 16 bytes in Base64.
  if (!/^[A-Za-z0-9+/]{21}[AQgw]==$/.test(header("sec-websocket-key") ?? "")) {
    return wrong("The header Sec-WebSocket-Key is not 16 bytes in Base64");
  }
  return undefined;
}

/** Protocols that a client offers, the ones it prefers first. */
export function offeredProtocols(header: HeaderReader): string[] {
  return (header("sec-websocket-protocol") ?? "").split(",")
    .map((name) => name.trim()).filter((name) => name !== "");
}

/** Value of Sec-WebSocket-Accept for a key. */
export function acceptanceOf(key: string): string {
  return createHash("sha1").update(key + GUID).digest("base64");
}

/** Members of a list of words, parted by commas, in lower case. */
function tokens(list: string | null): string[] {
  return (list ?? "").toLowerCase().split(",").map((word) => word.trim());
}
