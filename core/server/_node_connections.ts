/**
 * Connections of Node's server.
 *
 * @module
 */
import type { ServerResponse } from "node:http";
import type { Http2ServerResponse } from "node:http2";
import type { Socket } from "node:net";
import { LINGERING } from "../lib/lingering.ts";
import { pause } from "../lib/time/mod.ts";
import type { Incoming } from "./_node_body.ts";

/** Time between two looks at the heads that are on their way, in ms. */
const LOOK = 500;

/** Stands for a number of bytes while a request is on its way. */
const UNKNOWN = -1;

/** Answer to a head that does not come in time. */
const TOO_LATE = "HTTP/1.1 408 Request Timeout\r\nconnection: close\r\n\r\n";

/** State of an open connection. */
interface Open {
  /** Responses of the exchanges in flight. */
  readonly exchanges: Set<ServerResponse | Http2ServerResponse>;
  /** The latest request. */
  request: Incoming | undefined;
  /** True once nothing more is sent, and bytes that still come are discarded. */
  lingers: boolean;
  /** Number of bytes that were received before the head that may be on its way; {@linkcode UNKNOWN} during a request. */
  before: number;
  /** Number of looks since a head's first byte. */
  looks: number;
  /** Closes the connection once everything is sent, whatever has not been read. */
  readonly close: () => void;
}

/** Open connections. */
export class Connections {
  readonly #open = new Map<Socket, Open>();
  readonly #idle: number;
  readonly #head: number;
  /** Ends the looks at heads; undefined while there is no connection. */
  #looking: AbortController | undefined;
  #ending = false;

  /**
   * @param limits `idleTimeout`: time without a byte after which a connection without a request is closed, in ms; `headTimeout`:
   * time within which a head must be complete, in ms; 0 for no limit
   */
  constructor(
    { headTimeout, idleTimeout }: {
      readonly headTimeout: number;
      readonly idleTimeout: number;
    },
  ) {
    this.#idle = idleTimeout;
    this.#head = headTimeout || Infinity;
  }

  /** A connection was accepted. */
  add(socket: Socket): void {
    const open: Open = {
      exchanges: new Set(),
      request: undefined,
      lingers: false,
      before: socket.bytesRead,
      looks: 0,
      close: socket.destroySoon.bind(socket),
    };
    this.#open.set(socket, open);
    // Node calls it after the last answer of a connection, and would close the connection with unread bytes.
    if (!("alpnProtocol" in socket) || socket.alpnProtocol !== "h2") {
      socket.destroySoon = () => this.#end(socket, open);
    }
    socket.setTimeout(this.#idle, () => {
      if (open.exchanges.size === 0) socket.destroySoon();
    });
    socket.on("close", () => {
      this.#open.delete(socket);
      // Of pipelined requests Node tells the first one only.
      for (const response of open.exchanges) response.emit("close");
      if (this.#open.size === 0) this.#looking?.abort();
    });
    // A client may reset its connection: this is no error of the server.
    socket.on("error", () => {});
    if (this.#looking === undefined) this.#lookAtHeads();
  }

  /** Closes connections whose head does not come in time, until there is no connection: Node's server has no such limit here. */
  async #lookAtHeads(): Promise<void> {
    const looking = this.#looking = new AbortController();
    while (!looking.signal.aborted) {
      await pause(LOOK, looking.signal);
      for (const [socket, open] of this.#open) this.#lookAt(socket, open);
    }
    this.#looking = undefined;
    // A connection may have come since the last one was closed.
    if (this.#open.size > 0) await this.#lookAtHeads();
  }

  #lookAt(socket: Socket, open: Open): void {
    const { exchanges, lingers, request } = open;
    const isHttp2 = "alpnProtocol" in socket && socket.alpnProtocol === "h2";
    if (
      exchanges.size > 0 || lingers || request?.complete === false || isHttp2
    ) {
      open.before = UNKNOWN;
    } else if (open.before === UNKNOWN) {
      open.before = socket.bytesRead;
      open.looks = 0;
    } else if (socket.bytesRead === open.before) open.looks = 0;
    else if (++open.looks * LOOK > this.#head) {
      socket.write(TOO_LATE);
      socket.destroySoon();
    }
  }

  /** A request has come. */
  busy(
    request: Incoming,
    response: ServerResponse | Http2ServerResponse,
  ): void {
    const open = this.#open.get(socketOf(request));
    if (open === undefined) return;
    open.exchanges.add(response);
    open.request = request;
    response.on("close", () => {
      open.exchanges.delete(response);
      open.before = UNKNOWN;
      if (this.#ending) this.#endIdle();
    });
  }

  /** A connection leaves HTTP: it is no longer looked at. Its `destroySoon` lets what was written arrive, as for others. */
  upgraded(socket: Socket): void {
    this.#open.delete(socket);
    socket.setTimeout(0);
  }

  /** Ends idle connections now, and the others when their answers have left. */
  end(): void {
    this.#ending = true;
    this.#endIdle();
  }

  /** Closes all connections at once. */
  destroy(): void {
    for (const socket of this.#open.keys()) socket.destroy();
  }

  #endIdle(): void {
    for (const open of this.#open.values()) {
      if (open.exchanges.size === 0 && !open.lingers) open.close();
    }
  }

  #end(socket: Socket, open: Open): void {
    if (open.lingers || socket.destroyed) return;
    // Where no request is half read, nothing keeps a server that ends from closing.
    if (this.#ending && open.request?.complete !== false) return open.close();
    open.lingers = true;
    // Neither Node's parser nor a request takes what still comes.
    socket.removeAllListeners("data");
    let left = LINGERING.bytes;
    const close = () => void socket.destroy();
    const closed = new AbortController();
    pause(LINGERING.total, closed.signal).then(close);
    socket.on("data", ({ length }: Uint8Array) => {
      left -= length;
      if (left < 0) close();
    });
    socket.on("end", close);
    socket.on("close", () => closed.abort());
    socket.setTimeout(this.#idle, close);
    socket.once("finish", () => socket.setTimeout(LINGERING.idle));
    socket.end();
    socket.resume();
  }
}

/** Socket of the connection. Over HTTP/2 the socket of a request is only a proxy of it. */
export function socketOf(request: Incoming): Socket {
  return "stream" in request
    ? request.stream.session?.socket as Socket
    : request.socket;
}
