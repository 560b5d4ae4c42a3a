/**
 * The load engine's HTTP/1.1 connection with promises: one exchange at a time, and a new connection after the last one was closed.
 * A fetch costs several times as much.
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
  Addresses,
  Connection,
  type ConnectionSettings,
  type FailureKind,
  type PreparedRequest,
  prepareRequest as prepare,
} from "../../plugins/load_engine/http/mod.ts";

export type { FailureKind, PreparedRequest };

/** Address of a server. */
export interface Address {
  /** Name or IP address. */
  readonly hostname: string;
  /** 1…65535. */
  readonly port: number;
}

/** Result of an exchange; valid until the client's next one. Times are in ms of `performance.now()`. */
export interface LeanResponse {
  /** Status code. */
  readonly status: number;
  /** Length of the body in bytes, without the framing of chunks. */
  readonly bodyLength: number;
  /** Time just before the request was written; the connection was open by then. */
  readonly sentAt: number;
  /** Time at which the first bytes were read. */
  readonly firstByteAt: number;
  /** Time at which the response was complete. */
  readonly endedAt: number;
  /** Returns the value of a header, null if absent; the name is in lower case. */
  header(name: string): string | null;
}

/** An exchange has failed. The client connects anew for the next. */
export class LeanError extends Error {
  /** The name of this class. */
  override readonly name = "LeanError";

  constructor(
    /** Reason of the failure. */
    readonly kind: FailureKind,
  ) {
    super(`The exchange failed: ${kind}`);
  }
}

/** Encodes a request once, so that sending it costs one write. Host and content-length are added to its headers. */
export function prepareRequest(
  method: string,
  { pathname, search, host }: URL,
  { headers = {}, body }: {
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
  } = {},
): PreparedRequest {
  const path = pathname + search;
  return prepare(
    { method, path, headers: Object.entries(headers), body },
    host,
  );
}

/** Client with one connection that is kept alive. */
export class LeanClient implements LeanResponse, Disposable {
  readonly #settings: ConnectionSettings<undefined>;
  #connection: Connection<undefined>;
  #answer: PromiseWithResolvers<LeanResponse> | undefined;
  /** Number of connections made. */
  connects = 0;
  /** See {@linkcode LeanResponse.sentAt}; NaN before the first request was sent. */
  sentAt: number = NaN;

  /** Connects at the first exchange. */
  constructor({ hostname, port }: Address) {
    this.#settings = {
      clock: performance,
      addresses: new Addresses([hostname], port),
      ended: (connection) => this.#onEnded(connection),
    };
    this.#connection = new Connection(this.#settings);
  }

  /** True while a connection is open: false before the first exchange and after the server has closed it. */
  get connected(): boolean {
    return this.#connection.connected;
  }

  /** See {@linkcode LeanResponse.status}. */
  get status(): number {
    return this.#connection.status;
  }

  /** See {@linkcode LeanResponse.bodyLength}. */
  get bodyLength(): number {
    return this.#connection.bodyLength;
  }

  /** See {@linkcode LeanResponse.firstByteAt}. */
  get firstByteAt(): number {
    return this.#connection.firstByteAt;
  }

  /** See {@linkcode LeanResponse.endedAt}. */
  get endedAt(): number {
    return this.#connection.endedAt;
  }

  /** See {@linkcode LeanResponse.header}. */
  header(name: string): string | null {
    return this.#connection.header(name);
  }

  /**
   * Connects before the first exchange, which then costs no more than any other. If that fails, the first exchange tries again and
   * reports the reason.
   */
  async connect(): Promise<void> {
    if (this.connected) return;
    const connection = new Connection(this.#settings);
    this.#connection = connection;
    if (await connection.open()) this.connects++;
  }

  /**
   * Sends a request and waits for the complete response. Connects first if there is no connection, or if the server has closed it. A
   * request is never sent twice.
   *
   * @returns this client, as the response
   * @throws LeanError with the kind of the failure
   */
  exchange(request: PreparedRequest): Promise<LeanResponse> {
    if (this.#answer !== undefined) {
      return Promise.reject(new Error("Cannot send: an exchange is active"));
    }
    this.#answer = Promise.withResolvers();
    const { promise } = this.#answer;
    if (this.connected) this.#send(request);
    else this.#connectAndSend(request);
    return promise;
  }

  /** Fails the active exchange. */
  abort(kind: FailureKind = "cut"): void {
    this.#connection.abort(kind);
    if (this.#answer === undefined) return;
    // The connection is still being made.
    this.#connection.close();
    this.#onEnded({ failure: kind });
  }

  /** Closes the connection; an active exchange fails as `cut`. */
  [Symbol.dispose](): void {
    this.abort();
    this.#connection.close();
  }

  #send(request: PreparedRequest): void {
    this.sentAt = performance.now();
    this.#connection.send(request, undefined);
  }

  async #connectAndSend(request: PreparedRequest): Promise<void> {
    const answer = this.#answer;
    this.sentAt = NaN;
    await this.connect();
    if (this.#answer !== answer) return;
    if (this.connected) this.#send(request);
    else this.#onEnded(this.#connection);
  }

  #onEnded(
    { failure }: Pick<Connection<undefined>, "failure">,
  ): void {
    const answer = this.#answer;
    this.#answer = undefined;
    if (failure === "") answer?.resolve(this);
    else answer?.reject(new LeanError(failure));
  }
}
