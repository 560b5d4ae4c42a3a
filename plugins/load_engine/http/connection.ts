/**
 * Connections of HTTP/1.1 over Deno's TCP sockets. They write prepared bytes, read the status line and the framing, and take time
 * stamps; fetch costs several times as much. Where the loop of the kernel's sockets runs, `loop_connection.ts` takes their place.
 *
 * @module
 */
import {
  ClientConnection,
  type Connector,
  type ExchangeSettings,
  type FailureKind,
} from "./client_connection.ts";
import type { Order } from "../order.ts";
import type { PreparedRequest } from "./request.ts";
import { MalformedResponse } from "./response_reader.ts";
import type { Destination } from "./targets.ts";

/** Settings of connections. */
export interface ConnectionSettings<Tag> extends ExchangeSettings<Tag> {
  /** Addresses to connect to. */
  readonly addresses: Addresses;
}

/** One connection over Deno's sockets. */
export class Connection<Tag> extends ClientConnection<Tag> {
  readonly #addresses: Addresses;
  #socket: Deno.TcpConn | undefined;
  #reading: Promise<number | null> | undefined;
  #unsent = 0;

  /** See {@linkcode ClientConnection}. */
  constructor(settings: ConnectionSettings<Tag>) {
    super(settings);
    this.#addresses = settings.addresses;
  }

  /** See {@linkcode ClientConnection.connected}. */
  override get connected(): boolean {
    return this.#socket !== undefined;
  }

  /** See {@linkcode ClientConnection.open}. */
  override async open(): Promise<boolean> {
    this.state = "opening";
    try {
      await this.#connect();
      if (this.state === "opening") this.state = "idle";
    } catch (error) {
      this.shut();
      if (this.failure === "") this.failure = kindOfConnectError(error);
    }
    return this.usable;
  }

  protected override exchange(request: PreparedRequest): void {
    const socket = this.#socket;
    if (socket === undefined) this.#connectAndExchange(request);
    else this.#exchange(socket, request);
  }

  /** Never rejects. The exchange may have been aborted whenever this continues after an `await`. */
  async #connectAndExchange(request: PreparedRequest): Promise<void> {
    try {
      await this.#connect();
    } catch (error) {
      this.abort(kindOfConnectError(error));
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
    const { reader } = this;
    try {
      this.#write(socket, request.bytes);
      let n = await this.#reading ?? null;
      while (n !== null) {
        if (this.state !== "busy") return;
        this.stamp();
        if (reader.push(n)) return this.succeed();
        n = await socket.read(reader.space());
      }
      if (this.state !== "busy") return;
      if (reader.end()) this.succeed();
      else this.fail("closed");
    } catch (error) {
      this.abort(error instanceof MalformedResponse ? "protocol" : "reset");
    }
  }

  async #connect(): Promise<void> {
    const socket = await this.#addresses.connect();
    if (this.state === "closed") return socket.close();
    socket.setNoDelay(true);
    this.#socket = socket;
    this.rest();
  }

  /** Reads before the next request is sent, so that a connection closed by the server is noticed before it is used. */
  protected override rest(): void {
    this.#reading = this.#socket?.read(this.reader.space());
    this.#reading?.then(this.#onUnasked, this.#onUnasked);
  }

  /** The server has closed the connection, or sent bytes without a request. */
  readonly #onUnasked = (): void => {
    if (this.state === "idle") this.shut();
  };

  /** Continues while the response arrives: servers respond early if a request is too large. */
  async #write(
    socket: Deno.TcpConn,
    bytes: Uint8Array<ArrayBuffer>,
  ): Promise<void> {
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

  protected override get reusable(): boolean {
    return this.#unsent === 0;
  }

  protected override release(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    try {
      socket?.close();
    } catch {
      // The connection is closed already.
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

/** Connections of an environment over Deno's sockets. */
export class DenoConnector implements Connector {
  readonly #addresses: Addresses;

  /** Connects with the first exchange. */
  constructor({ addresses, port }: Destination) {
    this.#addresses = new Addresses(addresses, port);
  }

  /** See {@linkcode Connector.create}. */
  create(settings: ExchangeSettings<Order>): Connection<Order> {
    return new Connection({ ...settings, addresses: this.#addresses });
  }

  /** See {@linkcode Connector.close}. */
  close(): void {
    this.#addresses.close();
  }
}

/** Words in the messages of failed fetches and sockets, in the order of the search. */
const WORDS: readonly (readonly [RegExp, FailureKind])[] = [
  [/refused/i, "connection-refused"],
  [/certificate|tls|handshake|alert/i, "tls"],
  [/dns|lookup|unreachable|no route|\(Connect\)|tcp connect/i, "connect"],
  [/reset|broken pipe|aborted/i, "reset"],
  [/closed|incomplete|eof|end of file/i, "closed"],
];

/** Returns the kind of a failed attempt to connect. */
export function kindOfConnectError(error: unknown): FailureKind {
  const kind = kindOfError(error);
  return kind === "connection-refused" || kind === "tls" ? kind : "connect";
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
