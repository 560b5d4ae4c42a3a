/**
 * The part of a client's connection that all transports share: one exchange at a time, no pipelining, kept alive between exchanges.
 *
 * @module
 */
import type { Clock } from "../../../core/plugin.ts";
import type { ErrorKind, Order } from "../order.ts";
import type { PreparedRequest } from "./request.ts";
import { ResponseReader } from "./response_reader.ts";

/** Reason for a missing or incomplete response. */
export type FailureKind = Exclude<ErrorKind, "">;

/** Settings of connections. */
export interface ExchangeSettings<Tag> {
  /** Source of time stamps, in ms. */
  readonly clock: Pick<Clock, "now">;
  /**
   * Reports that an exchange has ended, well or not. Called once for each exchange, never from within
   * {@linkcode ClientConnection.send}.
   */
  ended(connection: ClientConnection<Tag>): void;
  /** Reports that a connection was closed, or will not be opened. Called once for each connection. */
  closed?(connection: ClientConnection<Tag>): void;
}

/** One connection. Its results of an exchange are valid until the next {@linkcode ClientConnection.send}. */
export abstract class ClientConnection<Tag> {
  readonly #settings: ExchangeSettings<Tag>;
  readonly #clock: Pick<Clock, "now">;
  #keepAlive = true;
  /** `closed` after a failure, and after either side has closed the connection. */
  protected state: "idle" | "opening" | "busy" | "closed" = "idle";
  /** Reader of the responses. */
  protected readonly reader: ResponseReader = new ResponseReader();
  /** Value that the caller of {@linkcode ClientConnection.send} attached to the exchange; unset before the first exchange. */
  tag!: Tag;
  /** Reason for the failure of the last exchange; empty if it succeeded. */
  failure: ErrorKind = "";
  /** Time at which the first bytes were read; NaN if none came. */
  firstByteAt: number = NaN;
  /** Time at which the response was complete or the exchange failed. */
  endedAt: number = NaN;
  /** Connections whose exchanges began before and after, for use by the caller. */
  earlier: ClientConnection<Tag> | undefined = undefined;
  /** See {@linkcode ClientConnection.earlier}. */
  later: ClientConnection<Tag> | undefined = undefined;

  /** Connects at the first exchange, or earlier with {@linkcode ClientConnection.open}. */
  constructor(settings: ExchangeSettings<Tag>) {
    this.#settings = settings;
    this.#clock = settings.clock;
  }

  /** True if another exchange may be sent: false after a failure, and after either side has closed the connection. */
  get usable(): boolean {
    return this.state === "idle";
  }

  /** True while the connection is open: false before it has connected and after either side has closed it. */
  abstract get connected(): boolean;

  /** Status of the last response; 0 if none came. */
  get status(): number {
    return this.reader.status;
  }

  /** Text of the last response's body; empty unless the request set `keepBody`. */
  get bodyText(): string {
    return this.reader.bodyText;
  }

  /** Length of the last response's body in bytes, without the framing of chunks. */
  get bodyLength(): number {
    return this.reader.bodyLength;
  }

  /**
   * Returns the value of a header of the last response, the first of several; null if absent.
   *
   * @param name in lower case
   */
  header(name: string): string | null {
    return this.reader.header(name);
  }

  /**
   * Connects before the first exchange. Never rejects. Returns whether the connection is {@linkcode ClientConnection.usable}; if
   * not, {@linkcode ClientConnection.failure} has the reason.
   */
  abstract open(): Promise<boolean>;

  /** Sends a request. The connection must be {@linkcode ClientConnection.usable}. A request is never sent twice. */
  send(request: PreparedRequest, tag: Tag): void {
    this.state = "busy";
    this.tag = tag;
    this.failure = "";
    this.firstByteAt = this.endedAt = NaN;
    this.#keepAlive = request.keepAlive;
    this.reader.start(request.bodyless, request.keepBody);
    this.exchange(request);
  }

  /** Fails the active exchange at once and closes the connection, because the server would still respond to it. */
  abort(kind: FailureKind): void {
    if (this.state === "busy") this.fail(kind);
  }

  /** Closes a connection without an exchange, even while it is being opened. */
  close(): void {
    if (this.state === "idle" || this.state === "opening") this.shut();
  }

  /** Sends a request, and connects before if that is necessary. */
  protected abstract exchange(request: PreparedRequest): void;

  /** True if another request may follow the response that was read last, as far as the connection knows. */
  protected abstract get reusable(): boolean;

  /** Prepares for the next exchange. */
  protected abstract rest(): void;

  /** Releases what carries the bytes. May be called several times. */
  protected abstract release(): void;

  /** Records that bytes came now. */
  protected stamp(): void {
    const now = this.#clock.now();
    this.endedAt = now;
    if (this.firstByteAt !== this.firstByteAt) this.firstByteAt = now;
  }

  /** Ends an exchange whose response is complete. */
  protected succeed(): void {
    if (this.reader.keepAlive && this.#keepAlive && this.reusable) {
      this.state = "idle";
      this.rest();
    } else this.shut();
    this.#settings.ended(this);
  }

  /** Ends an exchange without a complete response. */
  protected fail(kind: FailureKind): void {
    this.shut();
    this.failure = kind;
    this.endedAt = this.#clock.now();
    this.#settings.ended(this);
  }

  /** Closes the connection. */
  protected shut(): void {
    const first = this.state !== "closed";
    this.state = "closed";
    this.release();
    if (first) this.#settings.closed?.(this);
  }
}

/** Connections to one destination. */
export interface Connector {
  /** Creates a connection that is not open. */
  create(settings: ExchangeSettings<Order>): ClientConnection<Order>;
  /** Gives up all attempts to connect. */
  close(): void;
}
