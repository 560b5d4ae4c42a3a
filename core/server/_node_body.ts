/**
 * Bodies of requests on Node's server.
 *
 * @module
 */
import type { IncomingMessage } from "node:http";
import { constants, type Http2ServerRequest } from "node:http2";
import { RequestBodyError } from "../lib/request_body_error.ts";

/** Request over HTTP/1.1 or HTTP/2. */
export type Incoming = IncomingMessage | Http2ServerRequest;

/**
 * Body of one request, read only as far as its reader asks. Unlike the stream that Node makes of a request, it leaves the connection as
 * it is when its reader gives up, so that the answer still arrives.
 */
export class NodeBody {
  readonly #incoming: Incoming;
  #controller:
    | ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>
    | undefined;
  #begun = false;
  #discards = false;

  /** Stream of the bytes. */
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;

  /** Reads nothing before the stream is read. */
  constructor(incoming: Incoming) {
    this.#incoming = incoming;
    this.stream = new ReadableStream({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: () => this.#pull(),
      cancel: () => {
        this.#controller = undefined;
        if ("stream" in incoming) incoming.destroy();
      },
    }, { highWaterMark: 0 });
  }

  #pull(): void {
    const incoming = this.#incoming;
    if (!this.#begun) {
      this.#begun = true;
      incoming.on("data", (chunk: Uint8Array) => {
        this.#controller?.enqueue(new Uint8Array(chunk));
        if (this.#controller !== undefined) incoming.pause();
      });
      incoming.on("end", () => {
        this.#controller?.close();
        this.#controller = undefined;
      });
      incoming.on("error", () => this.fail());
      incoming.on("close", () => this.fail());
    }
    incoming.resume();
  }

  /** Ends the stream with an error, unless it has ended: the client has left, or its request is not valid. */
  fail(): void {
    this.#controller?.error(
      new RequestBodyError("The client has not sent the body to its end"),
    );
    this.#controller = undefined;
  }

  /**
   * Lets the rest go nowhere, so that the next request of the connection can be read, and a stream of HTTP/2 can end. Nobody may read the
   * body any more.
   *
   * @param limit number of bytes after which the connection is closed; a stream of HTTP/2 ends without an error then
   */
  discard(limit: number): void {
    const incoming = this.#incoming;
    if (this.#discards || incoming.complete || incoming.destroyed) return;
    this.#discards = true;
    this.#controller?.error(new TypeError("The body was not read to its end"));
    this.#controller = undefined;
    let left = limit;
    incoming.on("data", ({ length }: Uint8Array) => {
      left -= length;
      if (left >= 0) return;
      if ("stream" in incoming) {
        incoming.stream.close(constants.NGHTTP2_NO_ERROR);
      } else incoming.socket.destroySoon();
    });
    // The client may leave meanwhile.
    incoming.on("error", () => {});
    incoming.resume();
  }
}
