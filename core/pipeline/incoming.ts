/**
 * A request as the pipeline sees it, and the way back to its client. An engine that reads bytes itself makes a Request of the
 * Fetch API only where one is asked for, and sends bytes that a route has prepared.
 *
 * @module
 */

import type { AsciiWriter } from "../lib/ascii_writer.ts";
import { problem } from "../lib/problem.ts";
import type {
  Acceptance,
  SocketChannel,
  SocketListener,
  SocketRequest,
} from "../websocket/channel.ts";
import type { Outcome } from "../plugin.ts";
import {
  EMPTY_BODY,
  READ_LIMIT,
  readWhole,
  type ReceivedBody,
} from "./received_body.ts";

/** The client's end of a connection, as the HTTP server reports it. */
export interface Peer {
  /** Address of the client. */
  readonly remoteAddr: { readonly hostname?: string | undefined };
  /** {@linkcode Incoming.discard}. */
  readonly discard?: (() => void) | undefined;
  /** Request for a WebSocket, where the request is one. */
  readonly webSocket?: PeerSocketRequest | undefined;
}

/** A request for a WebSocket whose server opens it by an answer. */
export interface PeerSocketRequest extends Omit<SocketRequest, "accept"> {
  /**
   * Opens the WebSocket.
   *
   * @returns the way to the client, and the answer that opens it
   * @throws Error if the connection cannot be taken over
   */
  accept(
    acceptance: Acceptance,
    listener: SocketListener,
  ): { readonly channel: SocketChannel; readonly answer: Response };
}

/** Bytes that all answers of a route share. */
export interface PreparedAnswer {
  /** Status, 200…599. */
  readonly status: number;
  /**
   * Status line and the header lines that are the same in all answers, each ended by CRLF. Content-Length is among them, unless the
   * status allows none. There is no Connection and no blank line.
   */
  readonly head: Uint8Array<ArrayBuffer>;
  /** Body; empty for none. It is not sent in answer to HEAD. */
  readonly body: Uint8Array<ArrayBuffer>;
  /** True if the head has a Date, so that the engine must not add one. */
  readonly date: boolean;
  /** True to close the connection after the answer. The engine writes the header for it. */
  readonly closes: boolean;
}

/** Learns that a client has left. An exchange is its own, which saves a closure per request. */
export interface LeaveListener {
  /** The client has left. May come after the answer too; has no effect then. */
  left(): void;
}

/** A request as the engine that received it presents it, and the way back to its client. */
export interface Incoming {
  /** Method, upper case. */
  readonly method: string;
  /** Absolute URL. */
  readonly url: string;
  /** Address of the client; undefined if there is no connection. */
  readonly client: string | undefined;
  /** Request of the Fetch API, made at its first use. Its signal aborts when the client leaves. */
  readonly request: Request;
  /**
   * Sends prepared bytes with the header lines of one exchange, each ended by CRLF. Undefined where the engine takes responses
   * only. Called at most once, and neither before nor after `respond`, unless it throws: nothing is sent then.
   */
  readonly send:
    | ((answer: PreparedAnswer, fields: Pick<AsciiWriter, "bytes">) => void)
    | undefined;
  /**
   * Reads the body of the request from now on and drops it, since nobody will ask for it: a client may send all of it before it
   * reads the answer. Absent where the engine does so itself.
   */
  readonly discard?: (() => void) | undefined;
  /** Body of the request, once {@linkcode Incoming.readBody} has read it; undefined before, and where nobody looks into it. */
  readonly body: ReceivedBody | undefined;
  /**
   * Reads the body as a whole, at most {@linkcode READ_LIMIT} bytes. `request` has the same body afterwards. Called at most once,
   * before `request` and `discard`.
   *
   * @param done called once, now or later: with true when {@linkcode Incoming.body} is set, with false if the body is too long. Not
   * called if the client does not send all of it, which the engine answers by itself
   */
  readBody(done: (whole: boolean) => void): void;
  /** Request for a WebSocket; undefined if the request is none, or if the engine cannot open any. */
  readonly webSocket?: SocketRequest | undefined;
  /** Returns the value of a header by its lower-case name; null if absent. */
  header(name: string): string | null;
  /** Takes the answer; it goes nowhere if the client has left. Called at most once. Must not throw. */
  respond(response: Response | Promise<Response>): void;
  /** Resets the connection before any byte, in place of an answer. */
  reset(): void;
  /**
   * Reports the client's leaving, before its answer is complete, to a listener. Called before the answer, or after it if its body
   * goes on; called again, with the same listener, where the answer takes longer than expected.
   *
   * @param short true if the answer comes so soon that an engine whose watch is costly need not watch
   */
  onLeave(listener: LeaveListener, short: boolean): void;
}

/** A request that an engine presents as a Request of the Fetch API, and that waits for a response. */
export class FetchIncoming implements Incoming {
  body: ReceivedBody | undefined = undefined;
  #request: Request;
  readonly #peer: Peer | undefined;
  #answer: Response | Promise<Response> | undefined;
  #resolve: ((response: Response | Promise<Response>) => void) | undefined;
  #watched = false;
  #opened = false;

  /** @param peer the client's end of the connection; undefined if there is none */
  constructor(request: Request, peer?: Peer) {
    this.#request = request;
    this.#peer = peer;
  }

  get request(): Request {
    const { body } = this;
    if (body !== undefined && this.#request.bodyUsed) {
      this.#request = withBody(this.#request, body.bytes);
    }
    return this.#request;
  }

  get method(): string {
    return this.#request.method;
  }

  get url(): string {
    return this.#request.url;
  }

  get client(): string | undefined {
    return this.#peer?.remoteAddr.hostname;
  }

  /** Absent for a caller in the same process, who keeps the body. */
  get discard(): (() => void) | undefined {
    return this.#peer?.discard;
  }

  get send(): undefined {
    return undefined;
  }

  readBody(done: (whole: boolean) => void): void {
    const stream = this.#request.body;
    if (stream === null) {
      this.body = EMPTY_BODY;
      return done(true);
    }
    readWhole(stream, READ_LIMIT).then((read) => {
      if (read === "broken") {
        return this.respond(new Response(null, { status: 400 }));
      }
      if (read !== "large") this.body = read;
      done(read !== "large");
    }).catch((error) => {
      if (this.#answer === undefined) this.respond(Promise.reject(error));
    });
  }

  get webSocket(): SocketRequest | undefined {
    const asked = this.#peer?.webSocket;
    return asked && {
      error: asked.error,
      protocols: asked.protocols,
      accept: (acceptance, listener) => {
        const { channel, answer } = asked.accept(acceptance, listener);
        // From now on the WebSocket tells when the client leaves.
        this.#watched = true;
        this.#opened = true;
        this.respond(answer);
        return channel;
      },
    };
  }

  header(name: string): string | null {
    return this.#request.headers.get(name);
  }

  respond(response: Response | Promise<Response>): void {
    this.#answer ??= response;
    this.#resolve?.(response);
  }

  /** Answers with a network error: a listener that can resets the connection, and a caller in the same process receives it. */
  reset(): void {
    this.respond(Response.error());
  }

  onLeave(listener: LeaveListener, short: boolean): void {
    if (short || this.#watched) return;
    this.#watched = true;
    const { signal } = this.#request;
    const left = () => {
      if (this.#opened) return;
      listener.left();
      if (this.#answer === undefined) dismiss(this);
    };
    // It may have left while nobody watched. Not at once: the caller has not finished.
    if (signal.aborted) queueMicrotask(left);
    else signal.addEventListener("abort", left, { once: true });
  }

  /** Returns the answer if there is one, and otherwise its promise. */
  answer(): Response | Promise<Response> {
    return this.#answer ?? new Promise((resolve) => this.#resolve = resolve);
  }
}

/** Makes a request with the body that was read from another one. */
function withBody(
  request: Request,
  body: Uint8Array<ArrayBuffer>,
): Request {
  const { url, method, headers, signal } = request;
  const copy = new Request(url, { method, headers, signal, body });
  // A Request resolves "." and ".." in its URL; the one that was received may have them.
  return Object.defineProperty(copy, "url", { value: url });
}

/** Answers a request whose client has left: some caller may still wait for it. */
export function dismiss(incoming: Incoming): void {
  incoming.respond(abandoned("gone"));
}

/** Makes the answer to a request whose exchange was abandoned. Nobody reads it where the client has left. */
export function abandoned(outcome: Outcome): Response {
  if (outcome !== "cut") return new Response(null, { status: 499 });
  return problem({
    status: 503,
    title: "This request was cut",
    detail: "The server, or the session of the request, has ended before",
  });
}
