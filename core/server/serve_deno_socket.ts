/**
 * WebSockets of Deno's HTTP server, which has a framing of its own.
 *
 * @module
 */
import type { PeerSocketRequest } from "../pipeline/incoming.ts";
import type {
  MessageData,
  SocketChannel,
  SocketListener,
} from "../websocket/channel.ts";
import { CLOSE } from "../websocket/frames.ts";
import {
  asksForWebSocket,
  handshakeError,
  offeredProtocols,
} from "../websocket/handshake.ts";

/** Returns the request for a WebSocket that a request is; undefined if it is none. */
export function denoSocketRequest(
  request: Request,
): PeerSocketRequest | undefined {
  const header = (name: string) => request.headers.get(name);
  if (header("upgrade") === null || !asksForWebSocket(header)) return undefined;
  return {
    error: handshakeError(request.method, header),
    protocols: offeredProtocols(header),
    accept({ protocol, fields, limit }, listener) {
      const { socket, response } = Deno.upgradeWebSocket(request, {
        // A scripted WebSocket may be silent for long.
        idleTimeout: 0,
      });
      // Deno finds no protocol in a list without spaces.
      if (protocol !== undefined) {
        response.headers.set("sec-websocket-protocol", protocol);
      }
      for (const line of fields.split("\r\n")) {
        const colon = line.indexOf(": ");
        if (colon > 0) {
          response.headers.append(
            line.slice(0, colon),
            line.slice(colon + 2),
          );
        }
      }
      const channel = new DenoChannel(socket, listener, limit);
      return { channel, answer: response };
    },
  };
}

/** The way to a client over a WebSocket of Deno. */
class DenoChannel implements SocketChannel {
  readonly #socket: WebSocket;
  /** Messages that wait for the WebSocket to open. */
  #waiting: MessageData[] | undefined = [];
  /** Number of their bytes; of a text, its length, which is about that. */
  #waitingBytes = 0;
  #closing: { readonly code: number; readonly reason: string } | undefined;

  constructor(socket: WebSocket, listener: SocketListener, limit: number) {
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.#open();
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (this.#closing !== undefined) return;
      const message = typeof data === "string" ? data : new Uint8Array(data);
      const size = typeof message === "string"
        ? 3 * message.length > limit
          ? new TextEncoder().encode(message).length
          : 0
        : message.length;
      if (size > limit) {
        this.close(CLOSE.tooBig, `A message may have ${limit} bytes`);
      } else listener.message(message);
    };
    let ended = false;
    const end = (code: number) => {
      if (ended) return;
      ended = true;
      listener.ended(code);
    };
    // Deno has no code for a connection that ends without a close.
    socket.onclose = ({ code }) => end(code === 0 ? CLOSE.abnormal : code);
    // The close follows, with the code.
    socket.onerror = () => {};
  }

  get buffered(): number {
    return this.#socket.bufferedAmount + this.#waitingBytes;
  }

  #open(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    this.#waitingBytes = 0;
    for (const data of waiting) this.#socket.send(data);
    const closing = this.#closing;
    if (closing !== undefined) this.#socket.close(closing.code, closing.reason);
  }

  send(data: MessageData): void {
    if (this.#closing !== undefined) return;
    if (this.#waiting !== undefined) {
      this.#waiting.push(data);
      this.#waitingBytes += data.length;
    } else if (this.#socket.readyState === WebSocket.OPEN) {
      this.#socket.send(data);
    }
  }

  close(code: number, reason: string): void {
    if (this.#closing !== undefined) return;
    this.#closing = { code, reason };
    if (this.#waiting === undefined) this.#socket.close(code, reason);
  }

  cut(): void {
    this.close(CLOSE.goingAway, "");
  }
}
