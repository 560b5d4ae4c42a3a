/**
 * One connection of HTTP/1.1 over TCP: one exchange at a time, never pipelined, kept alive in between. Prepared bytes out,
 * status line and framing in, time stamps on the way; a fetch costs several times as much.
 *
 * @module
 */
import type { Clock } from "../../../core/plugin.ts";
import type { PreparedRequest } from "./request.ts";
import { MalformedResponse, ResponseReader } from "./response_reader.ts";

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

/** Where connections go. */
export class Addresses {
  readonly #hosts: readonly string[];
  readonly #port: number;
  /** The one that took the last connection. */
  #current = 0;
  readonly #cut = new AbortController();

  /**
   * @param hosts IP addresses, one at least, in the order in which they are tried
   * @param port 1…65535
   */
  constructor(hosts: readonly string[], port: number) {
    this.#hosts = hosts;
    this.#port = port;
  }

  /**
   * Connects: to the address that took the last connection, or the first of the others that takes this one.
   *
   * @throws what the last of them fails with
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

  /** Gives up all attempts under way and to come. */
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

/**
 * Why there was no whole answer: the connection was refused, failed in its TLS handshake, or could not be made for another
 * reason; it was reset, or closed too early; what came was no HTTP; the time was up; or the exchange was cut.
 */
export type FailureKind =
  | "refused"
  | "tls"
  | "connect"
  | "reset"
  | "closed"
  | "protocol"
  | "timeout"
  | "cut";

/** Words of the messages that fetch and sockets fail with, in the order in which they are looked for. */
const WORDS: readonly (readonly [RegExp, FailureKind])[] = [
  [/refused/i, "refused"],
  [/certificate|tls|handshake|alert/i, "tls"],
  [/dns|lookup|unreachable|no route|\(Connect\)|tcp connect/i, "connect"],
  [/reset|broken pipe|aborted/i, "reset"],
  [/closed|incomplete|eof|end of file/i, "closed"],
];

/** The kind of a failed attempt to connect. */
export function kindOfConnectError(error: unknown): FailureKind {
  const kind = kindOfError(error);
  return kind === "refused" || kind === "tls" ? kind : "connect";
}

/** The kind of what a fetch or a socket failed with, by the words of its message and those of its causes; else `protocol`. */
export function kindOfError(error: unknown): FailureKind {
  let text = "";
  for (let e = error; e instanceof Error; e = e.cause) {
    text += `${e.name}: ${e.message}\n`;
  }
  return WORDS.find(([words]) => words.test(text))?.[1] ?? "protocol";
}
