/**
 * The server's end of a WebSocket over a connection of bytes: messages, pings, and the closing handshake (RFC 6455, sections 5 to
 * 7).
 *
 * @module
 */
import { pause } from "../lib/time/mod.ts";
import type { MessageData, SocketChannel, SocketListener } from "./channel.ts";
import {
  CLOSE,
  encodeClose,
  encodeFrame,
  encodeText,
  FrameReader,
  type FrameSink,
  OPCODE,
} from "./frames.ts";
import { acceptanceOf } from "./handshake.ts";

/** Time that a client has to answer a close, in ms. */
const CLOSING = 2000;

/** Connection of bytes. After its end, nothing has an effect. */
export interface Transport {
  /** Number of bytes that are not sent yet. */
  readonly buffered: number;
  /** Sends bytes, or keeps them until they can be sent: they must not change. */
  write(bytes: Uint8Array<ArrayBuffer>): void;
  /** Ends the connection after what was written. */
  end(): void;
  /** Ends the connection at once. */
  cut(): void;
}

/** Takes the bytes of a connection. */
export interface ByteTaker {
  /** Takes bytes; they are not kept. */
  received(bytes: Uint8Array): void;
  /** The connection has ended. */
  lost(): void;
}

/** Makes the head of the answer that opens a WebSocket. */
export function switchingHead(
  key: string,
  { fields, protocol }: {
    readonly fields: string;
    readonly protocol: string | undefined;
  },
): Uint8Array<ArrayBuffer> {
  const agreed = protocol === undefined
    ? ""
    : `sec-websocket-protocol: ${protocol}\r\n`;
  return new TextEncoder().encode(
    `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ${
      acceptanceOf(key)
    }\r\n${agreed}${fields}\r\n`,
  );
}

/** The server's end of a WebSocket. */
export class ServerPeer implements FrameSink, SocketChannel, ByteTaker {
  readonly #transport: Transport;
  readonly #listener: SocketListener;
  readonly #reader: FrameReader;
  readonly #closed = new AbortController();
  /** Code of the close that was sent; undefined if none was. */
  #sent: number | undefined;

  /**
   * @param open takes the connection over, for the bytes that come
   * @param limit maximum size of a client's message, in bytes
   */
  constructor(
    open: (taker: ByteTaker) => Transport,
    listener: SocketListener,
    limit: number,
  ) {
    this.#transport = open(this);
    this.#listener = listener;
    this.#reader = new FrameReader(this, limit);
  }

  /** Takes bytes of the client; they are not kept. */
  received(bytes: Uint8Array): void {
    this.#reader.push(bytes);
  }

  /** The connection has ended. */
  lost(): void {
    this.#end(CLOSE.abnormal);
  }

  get buffered(): number {
    return this.#transport.buffered;
  }

  send(data: MessageData): void {
    if (this.#sent !== undefined) return;
    this.#transport.write(
      typeof data === "string"
        ? encodeText(data)
        : encodeFrame(OPCODE.binary, data),
    );
  }

  close(code: number, reason: string): void {
    if (this.#sent !== undefined || this.#closed.signal.aborted) return;
    this.#sent = code;
    this.#transport.write(encodeClose(code, reason));
    pause(CLOSING, this.#closed.signal).then(() => {
      if (this.#closed.signal.aborted) return;
      this.#end(CLOSE.abnormal);
      this.#transport.end();
    });
  }

  cut(): void {
    this.#end(CLOSE.abnormal);
    this.#transport.cut();
  }

  text(text: string): void {
    if (this.#sent === undefined) this.#listener.message(text);
  }

  binary(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#sent === undefined) this.#listener.message(bytes);
  }

  ping(payload: Uint8Array<ArrayBuffer>): void {
    if (this.#sent !== undefined) return;
    this.#transport.write(encodeFrame(OPCODE.pong, payload));
  }

  pong(): void {
    // Answers nothing that was asked: this end sends no pings.
  }

  closing(code: number): void {
    const own = this.#sent;
    if (own === undefined) {
      this.#sent = code;
      this.#transport.write(
        encodeClose(code === CLOSE.none ? undefined : code, ""),
      );
    }
    this.#end(own ?? code);
    this.#transport.end();
  }

  violated(code: number, reason: string): void {
    if (this.#sent === undefined) {
      this.#sent = code;
      this.#transport.write(encodeClose(code, reason));
    }
    this.#end(code);
    this.#transport.end();
  }

  #end(code: number): void {
    if (this.#closed.signal.aborted) return;
    this.#closed.abort();
    this.#listener.ended(code);
  }
}
