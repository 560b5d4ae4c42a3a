/**
 * A lean HTTP/1.1 client on a bare TCP connection, for generating load: prepared request bytes out, status line and framing
 * in, time stamps on the way. A fetch costs several times as much.
 *
 * ```ts ignore
 * using client = new LeanClient({ hostname: "127.0.0.1", port: 8080 });
 * const request = prepareRequest("GET", new URL("http://127.0.0.1:8080/api/orders"));
 * const { status, sentAt, firstByteAt } = await client.exchange(request);
 * ```
 *
 * @module
 */
import {
  MalformedResponse,
  ResponseReader,
} from "../../plugins/load_engine/http/mod.ts";

/** Where a client connects to. */
export interface Address {
  /** A name or an IP address. */
  readonly hostname: string;
  /** 1…65535. */
  readonly port: number;
}

/** A request as it goes over the wire. */
export interface PreparedRequest {
  /** Head and body. */
  readonly bytes: Uint8Array;
  /** True for HEAD, whose response has no body. */
  readonly bodyless: boolean;
}

/** What came of an exchange; valid until the client's next one. Times are `performance.now()` milliseconds. */
export interface LeanResponse {
  /** The status code. */
  readonly status: number;
  /** The bytes of the body, without the framing of its chunks. */
  readonly bodyLength: number;
  /** Just before the request was written; the connection was open by then. */
  readonly sentAt: number;
  /** When the first bytes were read. */
  readonly firstByteAt: number;
  /** When the response was complete. */
  readonly endedAt: number;
  /** A header's value, null where absent; the name in lower case. */
  header(name: string): string | null;
}

/**
 * Why an exchange failed: the connection was refused or could not be made otherwise, was reset or closed before the
 * response was complete, the response was no HTTP/1.1, or the exchange was given up by {@linkcode LeanClient.abort}.
 */
export type FailureKind =
  | "refused"
  | "connect"
  | "reset"
  | "closed"
  | "malformed"
  | "aborted";

/** An exchange failed. The client connects anew at the next. */
export class LeanError extends Error {
  /** The name of this class. */
  override readonly name = "LeanError";

  /**
   * Made by {@linkcode LeanClient} only.
   *
   * @param kind why
   * @param options the error behind it
   */
  constructor(
    /** Why. */
    readonly kind: FailureKind,
    options?: ErrorOptions,
  ) {
    super(`The exchange failed: ${kind}`, options);
  }
}

/** Puts a request into bytes once, so that sending it costs one write. */
export function prepareRequest(
  method: string,
  url: URL,
  more: {
    /** Further headers; host and content-length are made here. */
    readonly headers?: Readonly<Record<string, string>>;
    /** The body. */
    readonly body?: string;
  } = {},
): PreparedRequest {
  const encoder = new TextEncoder();
  const body = encoder.encode(more.body ?? "");
  const length = more.body === undefined ? {} : {
    "content-length": String(body.length),
  };
  const fields = { host: url.host, ...more.headers, ...length };
  const head = encoder.encode(
    `${method} ${url.pathname}${url.search} HTTP/1.1\r\n${
      Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
        .join("")
    }\r\n`,
  );
  const bytes = new Uint8Array(head.length + body.length);
  bytes.set(head);
  bytes.set(body, head.length);
  return { bytes, bodyless: method === "HEAD" };
}

/** One connection that is kept alive, one exchange at a time. */
export class LeanClient implements LeanResponse, Disposable {
  readonly #address: Address;
  readonly #reader = new ResponseReader();
  #connection: Deno.TcpConn | undefined;
  #reading: Promise<number | null> | undefined;
  #busy = false;
  #aborted = false;
  #unsent = 0;
  /** How often it has connected. */
  connects = 0;
  /** See {@linkcode LeanResponse.sentAt}. */
  sentAt: number = NaN;
  /** See {@linkcode LeanResponse.firstByteAt}. */
  firstByteAt: number = NaN;
  /** See {@linkcode LeanResponse.endedAt}. */
  endedAt: number = NaN;

  /** Connects at the first exchange. */
  constructor(address: Address) {
    this.#address = address;
  }

  /** Whether a connection is open: not before the first exchange, nor once the server has closed it. */
  get connected(): boolean {
    return this.#connection !== undefined;
  }

  /** See {@linkcode LeanResponse.status}. */
  get status(): number {
    return this.#reader.status;
  }

  /** See {@linkcode LeanResponse.bodyLength}. */
  get bodyLength(): number {
    return this.#reader.bodyLength;
  }

  /** See {@linkcode LeanResponse.header}. */
  header(name: string): string | null {
    return this.#reader.header(name);
  }

  /**
   * Connects ahead of the first exchange, which then costs no more than all others. Where that fails, the first exchange
   * tries again, and says why it failed.
   */
  async connect(): Promise<void> {
    try {
      if (this.#connection === undefined) await this.#connect();
    } catch (error) {
      if (!(error instanceof LeanError)) throw error;
    }
  }

  /**
   * Sends a request and waits for the complete response. Connects first where there is no connection, or where the server
   * has closed it since; a request that was sent is never sent again.
   *
   * @returns this client, as the response
   * @throws LeanError with the kind of the failure
   */
  async exchange(request: PreparedRequest): Promise<LeanResponse> {
    if (this.#busy) throw new Error("Cannot send: an exchange is under way");
    this.#busy = true;
    this.#aborted = false;
    this.sentAt = this.firstByteAt = this.endedAt = NaN;
    try {
      const connection = this.#connection ?? await this.#connect();
      this.#reader.start(request.bodyless);
      this.sentAt = performance.now();
      this.#send(connection, request.bytes);
      await this.#receive(connection);
      if (this.#reader.keepAlive && this.#unsent === 0) this.#arm(connection);
      else this.#disconnect();
      return this;
    } catch (error) {
      this.#disconnect();
      throw this.#failure(error);
    } finally {
      this.#busy = false;
    }
  }

  /** Gives up the exchange under way: it fails as `aborted`. */
  abort(): void {
    if (!this.#busy) return;
    this.#aborted = true;
    this.#disconnect();
  }

  /** Closes the connection; an exchange under way fails as `aborted`. */
  [Symbol.dispose](): void {
    this.abort();
    this.#disconnect();
  }

  async #connect(): Promise<Deno.TcpConn> {
    let connection;
    try {
      connection = await Deno.connect(this.#address);
    } catch (error) {
      const refused = error instanceof Deno.errors.ConnectionRefused;
      throw new LeanError(refused ? "refused" : "connect", { cause: error });
    }
    this.#connection = connection;
    if (this.#aborted) throw new LeanError("aborted");
    connection.setNoDelay(true);
    this.connects++;
    this.#arm(connection);
    return connection;
  }

  /** Reads ahead of the next request: so a connection that the server closes meanwhile is noticed before it is used. */
  #arm(connection: Deno.TcpConn): void {
    this.#reading = connection.read(this.#reader.space());
    this.#reading.then(
      (n) => n === null && this.#lose(connection),
      () => this.#lose(connection),
    );
  }

  #lose(connection: Deno.TcpConn): void {
    if (!this.#busy && this.#connection === connection) this.#disconnect();
  }

  async #send(connection: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
    this.#unsent = bytes.length;
    try {
      while (this.#unsent > 0) {
        const rest = bytes.subarray(bytes.length - this.#unsent);
        this.#unsent -= await connection.write(rest);
      }
    } catch {
      // The read that waits for the response fails as well, and says why.
    }
  }

  async #receive(connection: Deno.TcpConn): Promise<void> {
    const reader = this.#reader;
    let n = await this.#reading ?? null;
    this.firstByteAt = this.endedAt = performance.now();
    while (n !== null) {
      if (reader.push(n)) return;
      n = await connection.read(reader.space());
      this.endedAt = performance.now();
    }
    if (!reader.end()) throw new LeanError("closed");
  }

  #disconnect(): void {
    try {
      this.#connection?.close();
    } catch {
      // It was closed before.
    }
    this.#connection = undefined;
    this.#reading = undefined;
  }

  #failure(error: unknown): LeanError {
    if (this.#aborted) return new LeanError("aborted", { cause: error });
    if (error instanceof LeanError) return error;
    const malformed = error instanceof MalformedResponse;
    return new LeanError(malformed ? "malformed" : "reset", { cause: error });
  }
}
