/**
 * One connection of HTTP/1.1 over TCP: one exchange at a time, no pipelining, kept alive between exchanges. It writes prepared
 * bytes, reads the status line and the framing, and takes time stamps; fetch costs several times as much.
 *
 * @module
 */
import type { Clock } from "../../../core/plugin.ts";
import type { ErrorKind } from "../order.ts";
import type { PreparedRequest } from "./request.ts";
import { MalformedResponse, ResponseReader } from "./response_reader.ts";

/** Settings of connections. */
export interface ConnectionSettings<Tag> {
  /** Source of time stamps, in ms. */
  readonly clock: Pick<Clock, "now">;
  /** Addresses to connect to. */
  readonly addresses: Addresses;
  /**
   * Reports that an exchange has ended, well or not. Called once for each exchange, never from within {@linkcode Connection.send}.
   */
  ended(connection: Connection<Tag>): void;
}

/** One connection. Its results of an exchange are valid until the next {@linkcode Connection.send}. */
export class Connection<Tag> {
  readonly #settings: ConnectionSettings<Tag>;
  readonly #reader = new ResponseReader();
  #socket: Deno.TcpConn | undefined;
  #reading: Promise<number | null> | undefined;
  #state: "idle" | "busy" | "closed" = "idle";
  #unsent = 0;
  #keepAlive = true;
  /** Value that the caller of {@linkcode Connection.send} attached to the exchange; unset before the first exchange. */
  tag!: Tag;
  /** Timer of the exchange's timeout, for use by the caller. */
  timer = 0;
  /** Reason for the failure of the last exchange; empty if it succeeded. */
  failure: ErrorKind = "";
  /** Time at which the first bytes were read; NaN if none came. */
  firstByteAt: number = NaN;
  /** Time at which the response was complete or the exchange failed. */
  endedAt: number = NaN;

  /** Connects at the first exchange, or earlier with {@linkcode Connection.open}. */
  constructor(settings: ConnectionSettings<Tag>) {
    this.#settings = settings;
  }

  /** True if another exchange may be sent: false after a failure, and after either side has closed the connection. */
  get usable(): boolean {
    return this.#state === "idle";
  }

  /** True while the connection is open: false before it has connected and after either side has closed it. */
  get connected(): boolean {
    return this.#socket !== undefined;
  }

  /** Status of the last response; 0 if none came. */
  get status(): number {
    return this.#reader.status;
  }

  /** Text of the last response's body; empty unless the request set `keepBody`. */
  get bodyText(): string {
    return this.#reader.bodyText;
  }

  /** Length of the last response's body in bytes, without the framing of chunks. */
  get bodyLength(): number {
    return this.#reader.bodyLength;
  }

  /**
   * Returns the value of a header of the last response, the first of several; null if absent.
   *
   * @param name in lower case
   */
  header(name: string): string | null {
    return this.#reader.header(name);
  }

  /**
   * Connects before the first exchange. Never rejects. Returns whether the connection is {@linkcode Connection.usable}; if not,
   * {@linkcode Connection.failure} has the reason.
   */
  async open(): Promise<boolean> {
    this.#state = "busy";
    try {
      await this.#connect();
      if (this.#state === "busy") this.#state = "idle";
    } catch (error) {
      this.#state = "closed";
      if (this.failure === "") this.failure = kindOfConnectError(error);
    }
    return this.usable;
  }

  /** Sends a request. The connection must be {@linkcode Connection.usable}. A request is never sent twice. */
  send(request: PreparedRequest, tag: Tag): void {
    this.#state = "busy";
    this.tag = tag;
    this.failure = "";
    this.firstByteAt = this.endedAt = NaN;
    this.#reader.start(request.bodyless, request.keepBody);
    const socket = this.#socket;
    if (socket === undefined) this.#connectAndExchange(request);
    else this.#exchange(socket, request);
  }

  /** Fails the active exchange at once and closes the connection, because the server would still respond to it. */
  abort(kind: FailureKind): void {
    if (this.#state === "busy") this.#fail(kind);
  }

  /** Closes an idle connection. */
  close(): void {
    if (this.#state === "idle") this.#close();
  }

  /** Never rejects. The exchange may have been aborted whenever this continues after an `await`. */
  async #connectAndExchange(request: PreparedRequest): Promise<void> {
    try {
      await this.#connect();
    } catch (error) {
      if (this.#state === "busy") this.#fail(kindOfConnectError(error));
      return;
    }
    const socket = this.#socket;
    if (socket !== undefined) await this.#exchange(socket, request);
  }

  /** Never rejects. See above. One function, because each further `await` costs a request several hundred nanoseconds. */
  async #exchange(
    socket: Deno.TcpConn,
    request: PreparedRequest,
  ): Promise<void> {
    const reader = this.#reader;
    const { clock } = this.#settings;
    try {
      this.#keepAlive = request.keepAlive;
      this.#write(socket, request.bytes);
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

  /** Reads before the next request is sent, so that a connection closed by the server is noticed before it is used. */
  #arm(socket: Deno.TcpConn): void {
    this.#reading = socket.read(this.#reader.space());
    this.#reading.then(this.#onUnasked, this.#onUnasked);
  }

  /** The server has closed the connection, or sent bytes without a request. */
  readonly #onUnasked = (): void => {
    if (this.#state === "idle") this.#close();
  };

  /** Continues while the response arrives: servers respond early if a request is too large. */
  async #write(socket: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
    this.#unsent = bytes.length;
    try {
      this.#unsent -= await socket.write(bytes);
      while (this.#unsent > 0) {
        const rest = bytes.subarray(bytes.length - this.#unsent);
        this.#unsent -= await socket.write(rest);
      }
    } catch {
      // The pending read fails as well and has the reason.
    }
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
      // It is closed already.
    }
  }
}

/**
 * The IP addresses of a target, resolved and checked once. Connections go to these even if the target's name resolves to others
 * later.
 */
export class Addresses {
  readonly #hosts: readonly string[];
  readonly #port: number;
  /** Index of the address that accepted the last connection. */
  #current = 0;
  readonly #cut = new AbortController();

  /**
   * @param hosts IP addresses, at least one, in the order in which they are tried
   * @param port 1…65535
   */
  constructor(hosts: readonly string[], port: number) {
    this.#hosts = hosts;
    this.#port = port;
  }

  /**
   * Connects to the address that accepted the last connection, or else to the first of the others that accepts.
   *
   * @throws the error of the last attempt
   */
  async connect(): Promise<Deno.TcpConn> {
    for (let tried = 1;; tried++) {
      const index = this.#current;
      try {
        return await this.#open(this.#hosts[index]);
      } catch (error) {
        if (tried >= this.#hosts.length) throw error;
        // Another connection may have moved on already.
        if (index === this.#current) {
          this.#current = (index + 1) % this.#hosts.length;
        }
      }
    }
  }

  /** Aborts all current and future attempts. */
  close(): void {
    this.#cut.abort();
  }

  #open(hostname: string): Promise<Deno.TcpConn> {
    return Deno.connect({
      hostname,
      port: this.#port,
      signal: this.#cut.signal,
    });
  }
}

/** Reason for a missing or incomplete response. */
export type FailureKind = Exclude<ErrorKind, "">;

/** Words in the messages of failed fetches and sockets, in the order of the search. */
const WORDS: readonly (readonly [RegExp, FailureKind])[] = [
  [/refused/i, "refused"],
  [/certificate|tls|handshake|alert/i, "tls"],
  [/dns|lookup|unreachable|no route|\(Connect\)|tcp connect/i, "connect"],
  [/reset|broken pipe|aborted/i, "reset"],
  [/closed|incomplete|eof|end of file/i, "closed"],
];

/** Returns the kind of a failed attempt to connect. */
export function kindOfConnectError(error: unknown): FailureKind {
  const kind = kindOfError(error);
  return kind === "refused" || kind === "tls" ? kind : "connect";
}

/**
 * Returns the kind of a failed fetch or socket by the words of its message and those of its causes; `protocol` if none is known.
 */
export function kindOfError(error: unknown): FailureKind {
  let text = "";
  for (let e = error; e instanceof Error; e = e.cause) {
    text += `${e.name}: ${e.message}\n`;
  }
  return WORDS.find(([words]) => words.test(text))?.[1] ?? "protocol";
}
