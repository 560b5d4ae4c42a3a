/**
 * The body of a request, sized or chunked: read as a stream by whoever asks for it, discarded otherwise.
 *
 * @module
 */
import { RequestBodyError } from "../lib/request_body_error.ts";
import { BodyPieces, type ReceivedBody } from "../pipeline/received_body.ts";
import { ChunkedBody } from "./chunked_body.ts";
import type { HeadLimits } from "./request_head.ts";

/** Takes a body that is read as a whole; undefined if it is too long. */
type Taker = (read: ReceivedBody | undefined) => void;

/** A body on its way from the client. The stream takes a piece only when its reader asks for one. */
export class RequestBody {
  readonly #chunked: ChunkedBody | undefined;
  readonly #limit: number;
  readonly #resume: () => void;
  #rest: number;
  #received = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  #controller:
    | ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>
    | undefined;
  #pulled = false;
  #discards = false;
  #pieces: BodyPieces | undefined;
  #taker: Taker | undefined;

  /**
   * @param length length in bytes; -1 if the body is chunked
   * @param limits limit of the body in bytes, and of its trailers
   * @param resume called when the reader asks for more
   */
  constructor(
    length: number,
    limits: { readonly body: number; readonly head: HeadLimits },
    resume: () => void,
  ) {
    this.#rest = length;
    this.#limit = limits.body;
    this.#chunked = length < 0 ? new ChunkedBody(limits.head) : undefined;
    this.#resume = resume;
  }

  /** True after the last byte. */
  get done(): boolean {
    return this.#chunked === undefined ? this.#rest === 0 : this.#chunked.done;
  }

  /** True if {@linkcode RequestBody.take} may be called: bytes are asked for, or go nowhere. */
  get wants(): boolean {
    return this.#pulled || this.#discards;
  }

  /** Reason of a refusal in words, without a full stop. */
  get reason(): string {
    return this.#chunked?.reason || "the body is larger than allowed";
  }

  /**
   * Takes bytes.
   *
   * @returns index after the bytes that belong to the body; < 0: minus the status to answer with before closing
   */
  take(bytes: Uint8Array, from: number, to: number): number {
    if (this.#chunked === undefined) {
      const end = Math.min(to, from + this.#rest);
      this.#rest -= end - from;
      this.#emit(bytes, from, end);
      if (this.#rest === 0) this.#close();
      return end;
    }
    this.#bytes = bytes;
    const end = this.#chunked.decode(bytes, from, to, this.#onData);
    if (end < 0) return end;
    if (this.#received > this.#limit) return -413;
    if (this.#chunked.done) this.#close();
    return end;
  }

  /** Begins to hand the body over. */
  stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return new ReadableStream({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: () => {
        this.#pulled = true;
        this.#resume();
      },
      cancel: () => {
        this.discard();
        this.#resume();
      },
    }, { highWaterMark: 0 });
  }

  /**
   * Reads the body as a whole, in place of a stream.
   *
   * @param limit maximum length in bytes; the rest of a longer body goes nowhere
   * @param taker called once; not called if the client does not send all of it
   */
  collect(limit: number, taker: Taker): void {
    if (this.#rest > limit) {
      this.#discards = true;
      return taker(undefined);
    }
    this.#pieces = new BodyPieces(limit);
    this.#taker = taker;
    this.#pulled = true;
    this.#resume();
  }

  /** Lets the rest go nowhere. */
  discard(): void {
    this.#discards = true;
    const controller = this.#controller;
    this.#controller = undefined;
    controller?.error(new TypeError("The body was not read to its end"));
  }

  /** Ends the stream with an error of the client: the rest does not come. */
  fail(reason: string): void {
    const controller = this.#controller;
    this.#controller = undefined;
    controller?.error(new RequestBodyError(reason));
    this.#pieces = this.#taker = undefined;
  }

  readonly #onData = (from: number, to: number): void => {
    this.#received += to - from;
    this.#emit(this.#bytes, from, to);
  };

  /** A body that is read as a whole has ended. */
  #taken(read: ReceivedBody | undefined): void {
    const taker = this.#taker;
    this.#taker = this.#pieces = undefined;
    taker?.(read);
  }

  #emit(bytes: Uint8Array, from: number, to: number): void {
    if (this.#pieces !== undefined && from < to) {
      if (this.#pieces.add(bytes.slice(from, to))) return;
      this.#discards = true;
      return this.#taken(undefined);
    }
    if (this.#controller === undefined || from === to) return;
    this.#pulled = false;
    this.#controller.enqueue(bytes.slice(from, to) as Uint8Array<ArrayBuffer>);
  }

  #close(): void {
    const controller = this.#controller;
    this.#controller = undefined;
    controller?.close();
    if (this.#pieces !== undefined) this.#taken(this.#pieces.whole());
  }
}
