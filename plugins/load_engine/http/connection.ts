/**
 * One connection of HTTP/1.1 over TCP: one exchange at a time, never pipelined, kept alive in between. Prepared bytes out,
 * status line and framing in, time stamps on the way; a fetch costs several times as much.
 *
 * @module
 */
import type { Clock } from "../../../core/plugin.ts";
import { type FailureKind, kindOfConnectError } from "./failure.ts";
import type { PreparedRequest } from "./request.ts";
import { MalformedResponse, ResponseReader } from "./response_reader.ts";
import type { Addresses } from "./addresses.ts";

/** What connections are made with. */
export interface ConnectionSettings<Tag> {
  /** What times are taken from. */
  readonly clock: Clock;
  /** Where to. */
  readonly addresses: Addresses;
  /** An exchange has ended, well or not: called once for each, never from within {@linkcode Connection.send}. */
  ended(connection: Connection<Tag>): void;
}

/** One connection. What it says of the last exchange is valid until the next. */
export class Connection<Tag> {
  readonly #settings: ConnectionSettings<Tag>;
  readonly #reader = new ResponseReader();
  #socket: Deno.TcpConn | undefined;
  #reading: Promise<number | null> | undefined;
  #state: "idle" | "busy" | "closed" = "idle";
  #unsent = 0;
  #keepAlive = true;
  /** What the caller of {@linkcode Connection.send} wants to find again; not before the first exchange. */
  tag!: Tag;
  /** The timer of the exchange's time-out, for the caller to keep. */
  timer = 0;
  /** Why the last exchange failed; empty where it did not. */
  failure: FailureKind | "" = "";
  /** When the first bytes were read; NaN where none were. */
  firstByteAt: number = NaN;
  /** When the response was complete, or the exchange failed. */
  endedAt: number = NaN;

  /** Connects at the first exchange, or before by {@linkcode Connection.open}. */
  constructor(settings: ConnectionSettings<Tag>) {
    this.#settings = settings;
  }

  /** Whether another exchange may be sent: false once it failed, or either side has closed it. */
  get usable(): boolean {
    return this.#state === "idle";
  }

  /** The status code of the last response; 0 where none came. */
  get status(): number {
    return this.#reader.status;
  }

  /** The text of the last response's body, where the request asked to keep it. */
  get bodyText(): string {
    return this.#reader.bodyText;
  }

  /** Connects ahead of the first exchange. Never rejects; returns whether the connection is {@linkcode Connection.usable}. */
  async open(): Promise<boolean> {
    this.#state = "busy";
    try {
      await this.#connect();
      this.#state = "idle";
    } catch {
      this.#state = "closed";
    }
    return this.usable;
  }

  /** Sends a request; only where the connection is {@linkcode Connection.usable}. A request that was sent is never sent again. */
  send(request: PreparedRequest, tag: Tag): void {
    this.#state = "busy";
    this.tag = tag;
    this.failure = "";
    this.firstByteAt = this.endedAt = NaN;
    this.#reader.start(request.bodyless, request.keepBody);
    this.#exchange(request);
  }

  /** Ends the exchange under way as failed, at once; and the connection, which would still answer it. */
  abort(kind: FailureKind): void {
    if (this.#state === "busy") this.#fail(kind);
  }

  /** Closes a connection that is idle. */
  close(): void {
    if (this.#state === "idle") this.#close();
  }

  /** Never rejects. Whatever it waits for, the exchange may have been aborted when it goes on. */
  async #exchange(request: PreparedRequest): Promise<void> {
    try {
      if (this.#socket === undefined) await this.#connect();
    } catch (error) {
      if (this.#state === "busy") this.#fail(kindOfConnectError(error));
      return;
    }
    try {
      const socket = this.#socket;
      if (socket === undefined) return;
      this.#keepAlive = request.keepAlive;
      this.#write(socket, request.bytes);
      await this.#receive(socket);
    } catch (error) {
      if (this.#state !== "busy") return;
      this.#fail(error instanceof MalformedResponse ? "protocol" : "reset");
    }
  }

  async #connect(): Promise<void> {
    const socket = await this.#settings.addresses.connect();
    if (this.#state !== "busy") return socket.close();
    socket.setNoDelay(true);
    this.#socket = socket;
    this.#arm(socket);
  }

  /** Reads ahead of the next request: so a connection that the server closes meanwhile is noticed before it is used. */
  #arm(socket: Deno.TcpConn): void {
    this.#reading = socket.read(this.#reader.space());
    this.#reading.then(this.#onUnasked, this.#onUnasked);
  }

  /** The server has closed the connection, or says something, though it was asked nothing. */
  readonly #onUnasked = (): void => {
    if (this.#state === "idle") this.#close();
  };

  /** Goes on while the response comes: servers answer early where a request is too large. */
  async #write(socket: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
    this.#unsent = bytes.length;
    try {
      this.#unsent -= await socket.write(bytes);
      while (this.#unsent > 0) {
        const rest = bytes.subarray(bytes.length - this.#unsent);
        this.#unsent -= await socket.write(rest);
      }
    } catch {
      // The read that waits for the response fails as well, and says why.
    }
  }

  async #receive(socket: Deno.TcpConn): Promise<void> {
    const reader = this.#reader;
    const { clock } = this.#settings;
    let n = await this.#reading ?? null;
    if (n !== null) this.firstByteAt = this.endedAt = clock.now();
    while (n !== null) {
      if (this.#state !== "busy") return;
      if (reader.push(n)) return this.#succeed(socket);
      n = await socket.read(reader.space());
      this.endedAt = clock.now();
    }
    if (this.#state !== "busy") return;
    if (reader.end()) this.#succeed(socket);
    else this.#fail("closed");
  }

  #succeed(socket: Deno.TcpConn): void {
    if (this.#reader.keepAlive && this.#keepAlive && this.#unsent === 0) {
      this.#state = "idle";
      this.#arm(socket);
    } else this.#close();
    this.#settings.ended(this);
  }

  #fail(kind: FailureKind): void {
    this.#close();
    this.failure = kind;
    this.endedAt = this.#settings.clock.now();
    this.#settings.ended(this);
  }

  #close(): void {
    this.#state = "closed";
    const socket = this.#socket;
    this.#socket = undefined;
    try {
      socket?.close();
    } catch {
      // It was closed before.
    }
  }
}
