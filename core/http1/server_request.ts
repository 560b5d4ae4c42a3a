/**
 * One request that the native engine received. It reads headers in the bytes they came in, and makes a Request of the Fetch API
 * only where one is asked for.
 *
 * @module
 */
import type { AsciiWriter } from "../lib/ascii_writer.ts";
import type {
  Incoming,
  LeaveListener,
  PreparedAnswer,
} from "../pipeline/incoming.ts";
import {
  EMPTY_BODY,
  READ_LIMIT,
  type ReceivedBody,
} from "../pipeline/received_body.ts";
import type { SocketRequest } from "../websocket/channel.ts";
import {
  asksForWebSocket,
  handshakeError,
  offeredProtocols,
} from "../websocket/handshake.ts";
import {
  type ByteTaker,
  ServerPeer,
  switchingHead,
  type Transport,
} from "../websocket/server_peer.ts";
import { NotTakenError } from "./_refusals.ts";
import { HeaderFields } from "./header_fields.ts";
import type { RequestBody } from "./request_body.ts";
import type { RequestHead } from "./request_head.ts";

/** The connection that a request came on. */
export interface RequestConnection {
  /** Address of the client. */
  readonly client: string;
  /** Sends prepared bytes, unless the client has left. */
  send(
    request: ServerRequest,
    answer: PreparedAnswer,
    fields: Pick<AsciiWriter, "bytes">,
  ): void;
  /** Sends a response, unless the client has left. */
  respond(
    request: ServerRequest,
    response: Response | Promise<Response>,
  ): void;
  /** Resets the connection in place of an answer. */
  reset(request: ServerRequest): void;
  /**
   * Leaves HTTP, in place of an answer: sends a head, and gives the bytes that come to a taker, not before the caller has returned.
   *
   * @throws Error if the client has left
   */
  switchTo(
    request: ServerRequest,
    head: Uint8Array<ArrayBuffer>,
    taker: ByteTaker,
  ): Transport;
  /** Returns the body of a request, which nobody has begun to read; undefined if there is none. */
  bodyOf(
    request: ServerRequest,
  ): Pick<RequestBody, "collect" | "stream"> | undefined;
  /** Answers a request that the server could not take because of an error. */
  notTaken(request: ServerRequest, error: unknown): void;
}

/** Methods whose Request cannot have a body. */
const WITHOUT_BODY: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/** A head without headers. */
const FORGOTTEN = new HeaderFields("forgotten\r\n\r\n");

/** A request, from its head to its answer. */
export class ServerRequest implements Incoming {
  readonly method: string;
  readonly url: string;
  body: ReceivedBody | undefined = undefined;
  readonly #connection: RequestConnection;
  #head: RequestHead | HeaderFields;
  readonly #upgrades: boolean;
  #listener: LeaveListener | undefined = undefined;
  #request: Request | undefined = undefined;
  #leaving: AbortController | undefined = undefined;
  #left = false;
  /** True once someone has asked for the signal of the Request. */
  #signalled = false;

  /**
   * @param head complete head in the parser's buffer, until {@linkcode ServerRequest.keep}
   * @param url absolute URL
   */
  constructor(connection: RequestConnection, head: RequestHead, url: string) {
    this.#connection = connection;
    this.#head = head;
    this.method = head.method;
    this.url = url;
    this.#upgrades = head.upgrades;
  }

  get webSocket(): SocketRequest | undefined {
    return this.#upgrades ? this.#handshake() : undefined;
  }

  #handshake(): SocketRequest | undefined {
    const header = (name: string) => this.header(name);
    if (!asksForWebSocket(header)) return undefined;
    return {
      error: handshakeError(this.method, header),
      protocols: offeredProtocols(header),
      accept: (acceptance, listener) => {
        const key = this.header("sec-websocket-key") ?? "";
        // Hooks may read the headers until the WebSocket ends.
        this.keep();
        return new ServerPeer(
          (taker) =>
            this.#connection.switchTo(
              this,
              switchingHead(key, acceptance),
              taker,
            ),
          listener,
          acceptance.limit,
        );
      },
    };
  }

  get client(): string {
    return this.#connection.client;
  }

  get request(): Request {
    return this.#request ??= this.#make();
  }

  header(name: string): string | null {
    return this.#head.header(name);
  }

  readBody(done: (whole: boolean) => void): void {
    const body = WITHOUT_BODY.has(this.method)
      ? undefined
      : this.#connection.bodyOf(this);
    if (body === undefined) {
      this.body = EMPTY_BODY;
      return done(true);
    }
    body.collect(READ_LIMIT, (read) => {
      try {
        this.body = read;
        done(read !== undefined);
      } catch (error) {
        this.#connection.notTaken(this, error);
      }
    });
  }

  send(answer: PreparedAnswer, fields: Pick<AsciiWriter, "bytes">): void {
    this.#connection.send(this, answer, fields);
  }

  respond(response: Response | Promise<Response>): void {
    this.#connection.respond(this, response);
  }

  reset(): void {
    this.#connection.reset(this);
  }

  onLeave(listener: LeaveListener): void {
    if (this.#left) listener.left();
    else this.#listener = listener;
  }

  /** True if someone waits for the client's leaving, by a listener or the Request's signal: the answer has still to come. */
  get watched(): boolean {
    return this.#listener !== undefined || this.#signalled;
  }

  /** Copies the head, whose bytes are about to be overwritten. */
  keep(): void {
    if ("take" in this.#head) this.#head = this.#head.take();
  }

  /** Forgets the head of an answered request: its bytes are about to become those of another. */
  forget(): void {
    if ("take" in this.#head) this.#head = FORGOTTEN;
  }

  /** The client has left before its answer was complete. */
  left(): void {
    if (this.#left) return;
    this.#left = true;
    this.#listener?.left();
    this.#leaving?.abort();
  }

  #make(): Request {
    this.keep();
    const head = this.#head as HeaderFields;
    const leaving = this.#leaving = new AbortController();
    if (this.#left) leaving.abort();
    const body = WITHOUT_BODY.has(this.method)
      ? null
      : this.body?.bytes ?? this.#connection.bodyOf(this)?.stream() ?? null;
    try {
      const request = new Request(this.url, {
        method: this.method,
        headers: head.entries(),
        ...body !== null && { body, duplex: "half" },
      } as RequestInit);
      // Where nobody asks for the signal, a client that has ended its direction is answered too.
      const signal = () => {
        this.#signalled = true;
        return leaving.signal;
      };
      return Object.defineProperty(request, "signal", { get: signal });
    } catch (error) {
      throw new NotTakenError(error instanceof Error ? error.message : "");
    }
  }
}
