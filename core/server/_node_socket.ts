/**
 * WebSockets of Node's HTTP server, whose sockets carry perfmock's own framing.
 *
 * @module
 */
import type { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { writeResponse } from "../http1/response_writer.ts";
import {
  asksForWebSocket,
  handshakeError,
  type HeaderReader,
  offeredProtocols,
} from "../websocket/handshake.ts";
import type { SocketRequest } from "../websocket/channel.ts";
import {
  type ByteTaker,
  ServerPeer,
  switchingHead,
  type Transport,
} from "../websocket/server_peer.ts";

/** Returns a reader of the headers of a request. */
export function headersOf(
  { headers }: Pick<IncomingMessage, "headers">,
): HeaderReader {
  return (name) => {
    const value = headers[name];
    return value === undefined ? null : [value].flat().join(", ");
  };
}

/** Returns true if a request asks for a WebSocket. */
export function isSocketRequest(
  incoming: Pick<IncomingMessage, "headers">,
): boolean {
  return asksForWebSocket(headersOf(incoming));
}

/**
 * Makes the request for a WebSocket.
 *
 * @param first bytes that came with the request
 */
export function nodeSocketRequest(
  incoming: IncomingMessage,
  socket: Duplex,
  first: Buffer,
): SocketRequest {
  const header = headersOf(incoming);
  return {
    error: handshakeError(incoming.method ?? "", header),
    protocols: offeredProtocols(header),
    accept(acceptance, listener) {
      if (socket.destroyed) {
        throw new Error("Cannot open a WebSocket: the client has left");
      }
      const key = header("sec-websocket-key") ?? "";
      return new ServerPeer(
        (taker) => {
          socket.write(switchingHead(key, acceptance));
          return transportOver(socket as Socket, taker, first);
        },
        listener,
        acceptance.limit,
      );
    },
  };
}

/** Answers a request for a WebSocket that is not accepted, and ends the connection. */
export async function answerOver(
  socket: Duplex,
  response: Response,
): Promise<void> {
  if (response.type === "error") {
    return void (socket as Socket).resetAndDestroy();
  }
  await writeResponse(response, { method: "GET", minor: 1 }, {
    get closed() {
      return socket.destroyed;
    },
    date: "",
    connection: () => "connection: close\r\n",
    write: (bytes) => void socket.write(bytes),
    onClose: (callback) => void socket.on("close", callback),
    drained: () => undefined,
  });
  (socket as Socket).destroySoon();
}

/** Makes the transport over a socket. Bytes come not before the caller has returned. */
function transportOver(
  socket: Socket,
  taker: ByteTaker,
  first: Buffer,
): Transport {
  if (first.length > 0) socket.unshift(first);
  socket.on("data", (bytes: Buffer) => taker.received(bytes));
  socket.on("end", () => {
    taker.lost();
    socket.end();
  });
  socket.on("close", () => taker.lost());
  socket.on("error", () => taker.lost());
  socket.on("drain", () => socket.resume());
  return {
    get buffered() {
      return socket.writableLength;
    },
    write(bytes) {
      if (socket.writable && !socket.write(bytes)) {
        // A client that does not take what it asks for must not ask for more.
        socket.pause();
      }
    },
    end: () => void socket.destroySoon(),
    cut: () => void socket.resetAndDestroy(),
  };
}
