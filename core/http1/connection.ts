/**
 * One connection of the native engine: receives requests one after another, hands each over, and sends its answer before the next
 * one begins. Bytes that come meanwhile wait, and so does the client.
 *
 * @module
 */
import type { AsciiWriter } from "../lib/ascii_writer.ts";
import { LINGERING } from "../lib/lingering.ts";
import { EVENT, isTemporary, NO_SIGNAL, SHUT_WRITE } from "../net/libc.ts";
import type { Watcher } from "../net/loop.ts";
import { resetOnClose } from "../net/sockets.ts";
import type { ByteTaker, Transport } from "../websocket/server_peer.ts";
import type { ConnectionServer, Phase } from "./_connection_server.ts";
import type { PreparedAnswer } from "../pipeline/incoming.ts";
import { HeldBytes } from "./_held_bytes.ts";
import { notAnswered, notTaken, NotTakenError, refusal } from "./_refusals.ts";
import { RequestBody } from "./request_body.ts";
import { RequestHead } from "./request_head.ts";
import {
  type ResponseSink,
  writeResponse,
  type Written,
} from "./response_writer.ts";
import { type RequestConnection, ServerRequest } from "./server_request.ts";

const INTEREST = EVENT.readable | EVENT.peerEnded;

/** Bytes of answers that one connection may have at once before others have their turn, and those that a request counts as. */
const ANSWERS = 256 * 1024;
const REQUEST = 8 * 1024;

const encoder = new TextEncoder();
const CONTINUE = encoder.encode("HTTP/1.1 100 Continue\r\n\r\n");
const CLOSE = "connection: close\r\n";
const KEEP_ALIVE = "connection: keep-alive\r\n";
const NOTHING = new Uint8Array(0);

/** A connection, from its acceptance to its close. */
export class Connection
  implements Watcher, RequestConnection, ResponseSink, Transport {
  /** Index in the server's table. */
  slot = 0;
  /** Time since which the phase lasts, in ms, as rough as the server's sweeps; where bytes are on their way, since the last ones. */
  since: number;
  readonly client: string;
  readonly #fd: number;
  readonly #server: ConnectionServer;
  #phase: Phase = "idle";
  #interest = INTEREST;
  readonly #held = new HeldBytes();
  /** Parser of a head that comes in several pieces. */
  #parser: RequestHead | undefined;
  #request: ServerRequest | undefined;
  #body: RequestBody | undefined;
  #minor: 0 | 1 = 1;
  #keepAlive = true;
  #processing = false;
  /** Bytes of answers that are left to this turn. */
  #budget = 0;
  /** Bytes that the kernel has not taken yet. */
  #unsent: Uint8Array[] | undefined;
  #drained: PromiseWithResolvers<void> | undefined;
  #onClose: (() => void) | undefined;
  /** Takes the bytes of a connection that has left HTTP. */
  #taker: ByteTaker | undefined;
  #lingered = 0;
  #lingersUntil = Infinity;

  /**
   * @param fd accepted socket, watched by the caller for {@linkcode Connection.interest}
   * @param client address of the client
   */
  constructor(server: ConnectionServer, fd: number, client: string) {
    this.#server = server;
    this.#fd = fd;
    this.client = client;
    this.since = server.roughly;
  }

  /** Events for which the socket is watched. */
  static readonly interest = INTEREST;

  /** State of the connection. */
  get phase(): Phase {
    return this.#phase;
  }

  /** True once nothing can be sent any more. */
  get closed(): boolean {
    return this.#phase === "closed" || this.#phase === "lingering";
  }

  /** True if an answer or a body does not go on because of the client. */
  get stalled(): boolean {
    return this.#unsent !== undefined || this.#body?.wants === true;
  }

  get date(): string {
    return this.#server.date;
  }

  ready(events: number): void {
    if ((events & EVENT.writable) !== 0) this.#flush();
    if (this.#phase === "closed" || (events & ~EVENT.writable) === 0) return;
    if ((this.#interest & EVENT.readable) !== 0) this.#receive(events);
    else if ((events & (EVENT.error | EVENT.hangUp)) !== 0) this.#leave();
    else if (this.#request?.watched || this.#taker) this.#leave();
    // Bytes that came before the end are processed first.
    else this.#watch(EVENT.peerEnded, false);
  }

  /** An error of perfmock ends this connection alone. */
  broken(error: unknown): void {
    this.#server.failed(error);
    if (this.#phase !== "closed") this.#leave();
  }

  #receive(events: number): void {
    const { calls, input } = this.#server.loop;
    const count = calls.recv(this.#fd, input, input.length, 0);
    if (count > 0) return this.#received(input, count);
    if (count === 0) return this.#peerEnded();
    if (!isTemporary(this.#server.loop.errno())) this.#leave();
    else if ((events & (EVENT.error | EVENT.hangUp)) !== 0) this.#leave();
  }

  #received(input: Uint8Array, count: number): void {
    if (this.#phase === "lingering") {
      this.since = this.#server.roughly;
      this.#lingered += count;
      const { body } = this.#server.limits;
      if (
        this.#lingered > Math.max(LINGERING.bytes, body) ||
        this.since > this.#lingersUntil
      ) this.#close();
    } else if (this.#held.empty) this.#process(input, 0, count);
    else {
      this.#held.add(input, 0, count);
      this.#process(this.#held.bytes, this.#held.from, this.#held.to);
    }
  }

  /** Takes requests and bodies as far as they have come and may be taken. Bytes beyond that wait. */
  #process(bytes: Uint8Array, from: number, to: number): void {
    let at = from;
    this.#budget = ANSWERS;
    this.#processing = true;
    while (at < to && !this.closed) {
      const body = this.#body;
      if (body !== undefined) {
        if (!body.wants) break;
        const after = body.take(bytes, at, to);
        if (after < 0) {
          this.#refuse(-after, body.reason);
          break;
        }
        at = after;
        // A client that sends slowly is not idle.
        this.since = this.#server.roughly;
        if (body.done) this.#bodyDone();
        continue;
      }
      if (this.#taker !== undefined) {
        this.#taker.received(bytes.subarray(at, to));
        at = to;
        break;
      }
      if (this.#phase !== "idle" && this.#phase !== "head") break;
      if (this.#budget <= 0) {
        this.#server.loop.later(this.#resumeLater);
        break;
      }
      this.#budget -= REQUEST;
      const length = this.#parse(bytes, at, to);
      if (length <= 0) break;
      at += length;
    }
    this.#processing = false;
    if (this.closed) return;
    if (bytes === this.#held.bytes) {
      this.#held.from = at;
      if (at === to) this.#held.release();
    } else if (at < to) this.#held.add(bytes, at, to);
    this.#watchInput();
  }

  /** Reads on, unless bytes wait that cannot be processed yet. */
  #watchInput(): void {
    const waits = !this.#held.empty && this.#phase !== "head" ||
      // A client that does not take what it asks for must not ask for more.
      this.#taker !== undefined && this.#unsent !== undefined;
    this.#watch(EVENT.readable, !waits);
  }

  #watch(event: number, on: boolean): void {
    const interest = on ? this.#interest | event : this.#interest & ~event;
    if (interest === this.#interest) return;
    this.#interest = interest;
    this.#server.loop.change(this.#fd, interest);
  }

  /** Parses a head; returns its length, or 0 if it is not complete or the connection ends. */
  #parse(bytes: Uint8Array, at: number, to: number): number {
    const server = this.#server;
    let parser = this.#parser;
    if (parser === undefined) {
      parser = server.head;
      parser.reset();
    }
    const length = parser.parse(bytes, at, to);
    if (length > 0) {
      this.#parser = undefined;
      this.#begin(parser, at + length < to);
      return length;
    }
    if (length < 0) this.#refuse(-length, parser.reason);
    else if (this.#parser === undefined) {
      this.#parser = new RequestHead(server.limits.head);
      this.#parser.parse(bytes, at, to);
      this.#change("head");
    }
    return 0;
  }

  #change(phase: Phase): void {
    this.#phase = phase;
    this.since = this.#server.roughly;
  }

  /** Hands a request over. */
  #begin(head: RequestHead, more: boolean): void {
    const server = this.#server;
    const url = server.url(head.host, head.path);
    const request = this.#request = new ServerRequest(this, head, url);
    this.#minor = head.minor;
    this.#keepAlive = head.keepAlive;
    this.#phase = "busy";
    const length = head.contentLength;
    if (length !== 0) {
      if (length > server.limits.body) {
        return this.#refuse(413, "the body is larger than allowed");
      }
      this.since = server.roughly;
      this.#body = new RequestBody(length, server.limits, this.#readOn);
      if (head.expectsContinue && !more) this.write(CONTINUE);
    }
    try {
      server.receive(request);
    } catch (error) {
      this.notTaken(request, error);
    }
    if (this.#request !== request) return request.forget();
    if (request.watched && (this.#interest & EVENT.peerEnded) === 0) {
      return this.#leave();
    }
    request.keep();
  }

  switchTo(
    request: ServerRequest,
    head: Uint8Array<ArrayBuffer>,
    taker: ByteTaker,
  ): Transport {
    if (request !== this.#request || this.closed) {
      throw new Error("Cannot open a WebSocket: the client has left");
    }
    this.#request = undefined;
    this.#taker = taker;
    this.#change("upgraded");
    this.write(head);
    // The caller has not finished: bytes that came with the request have to wait for it.
    if (!this.#processing) this.#server.loop.later(this.#resumeLater);
    return this;
  }

  get buffered(): number {
    return this.#unsent?.reduce((sum, { length }) => sum + length, 0) ?? 0;
  }

  bodyOf(request: ServerRequest): RequestBody | undefined {
    return request === this.#request ? this.#body : undefined;
  }

  notTaken(request: ServerRequest, error: unknown): void {
    this.respond(
      request,
      error instanceof NotTakenError
        ? notTaken(error, request.url)
        : this.#notAnswered(error),
    );
  }

  #bodyDone(): void {
    this.#body = undefined;
    if (this.#phase === "finishing") this.#finish();
  }

  /** Goes on with a body that is asked for. */
  readonly #readOn = (): void => {
    this.since = this.#server.roughly;
    this.#resume();
  };

  /** Goes on in a turn of its own, where the loop does not catch errors. */
  readonly #resumeLater = (): void => {
    try {
      this.#resume();
    } catch (error) {
      this.broken(error);
    }
  };

  /** Goes on with the bytes that wait. */
  readonly #resume = (): void => {
    if (this.#processing || this.closed) return;
    if (!this.#held.empty) {
      this.#process(this.#held.bytes, this.#held.from, this.#held.to);
    } else this.#watchInput();
  };

  send(
    request: ServerRequest,
    answer: PreparedAnswer,
    { bytes: fields }: Pick<AsciiWriter, "bytes">,
  ): void {
    if (request !== this.#request) return;
    const { head } = answer;
    const body = request.method === "HEAD" ? NOTHING : answer.body;
    const end = this.#endOfHead(answer);
    const output = this.#server.loop.output;
    const first = head.length + fields.length + end.length;
    if (this.#unsent !== undefined || first > output.length) {
      for (const part of [head, fields.slice(), end, body]) {
        if (part.length > 0) this.write(part);
      }
    } else {
      output.set(head);
      output.set(fields, head.length);
      output.set(end, head.length + fields.length);
      const room = output.length - first;
      if (body.length <= room) {
        output.set(body, first);
        this.#sendNow(output, first + body.length);
      } else {
        output.set(body.subarray(0, room), first);
        this.#sendNow(output, output.length);
        this.write(body.subarray(room));
      }
    }
    this.#answered("complete");
  }

  /** The header lines that the connection decides on, and the blank line. */
  #endOfHead({ closes, date }: PreparedAnswer): Uint8Array {
    const line = this.connection(closes);
    if (line === "" && !date) return this.#server.endOfHead;
    return encoder.encode(`${line}${date ? "" : this.#server.date}\r\n`);
  }

  respond(
    request: ServerRequest,
    response: Response | Promise<Response>,
  ): void {
    if (response instanceof Response) this.#write(request, response);
    else {
      response.then(
        (it) => this.#write(request, it),
        (error) => {
          // The error of a body that did not come is the client's.
          if (request !== this.#request) return;
          this.#write(request, this.#notAnswered(error));
        },
      );
    }
  }

  reset(request: ServerRequest): void {
    if (request !== this.#request) return;
    this.#request = undefined;
    resetOnClose(this.#server.loop, this.#fd);
    this.#close();
  }

  async #write(request: ServerRequest, response: Response): Promise<void> {
    if (request !== this.#request) {
      response.body?.cancel().catch(() => {});
      return;
    }
    if (response.type === "error") return this.reset(request);
    const { method } = request;
    const written = await writeResponse(
      response.bodyUsed || response.body?.locked
        ? this.#notAnswered(new TypeError("The body of a response is used"))
        : response,
      { method, minor: this.#minor },
      this,
    );
    if (request === this.#request) this.#answered(written);
  }

  #notAnswered(error: unknown): Response {
    this.#server.failed(error);
    return notAnswered();
  }

  connection(close: boolean): string {
    if (close || this.#server.ending) this.#keepAlive = false;
    if (!this.#keepAlive) return CLOSE;
    return this.#minor === 0 ? KEEP_ALIVE : "";
  }

  onClose(callback: () => void): void {
    this.#onClose = callback;
  }

  write(bytes: Uint8Array): void {
    if (this.#phase === "closed") return;
    if (this.#unsent !== undefined) this.#unsent.push(bytes);
    else this.#sendNow(bytes, bytes.length);
  }

  drained(): Promise<void> | undefined {
    if (this.#unsent === undefined) return undefined;
    this.#drained ??= Promise.withResolvers();
    return this.#drained.promise;
  }

  /** Sends bytes, and keeps those that the kernel does not take. */
  #sendNow(bytes: Uint8Array, length: number): void {
    const { loop } = this.#server;
    const sent = loop.calls.send(this.#fd, bytes, length, NO_SIGNAL);
    this.#budget -= length;
    if (sent === length) return;
    if (sent < 0 && !isTemporary(loop.errno())) return this.#leave();
    this.since = this.#server.roughly;
    const from = Math.max(sent, 0);
    this.#unsent = [
      bytes === loop.output
        ? bytes.slice(from, length)
        : bytes.subarray(from, length),
    ];
    this.#watch(EVENT.writable, true);
    if (this.#taker !== undefined) this.#watch(EVENT.readable, false);
  }

  /** Sends what was kept. */
  #flush(): void {
    const queue = this.#unsent;
    if (queue === undefined) return;
    const { loop } = this.#server;
    this.since = this.#server.roughly;
    for (let first = queue[0]; first !== undefined; first = queue[0]) {
      const sent = loop.calls.send(this.#fd, first, first.length, NO_SIGNAL);
      if (sent < 0 && !isTemporary(loop.errno())) return this.#leave();
      if (sent < first.length) {
        if (sent > 0) queue[0] = first.subarray(sent);
        return;
      }
      queue.shift();
    }
    this.#unsent = undefined;
    this.#watch(EVENT.writable, false);
    this.#drained?.resolve();
    this.#drained = undefined;
    if (this.#phase === "finishing") this.#finish();
    else if (this.#taker !== undefined) this.#resume();
  }

  /** The answer is handed over. */
  #answered(written: Written): void {
    if (this.#phase === "closed") return;
    this.#request = undefined;
    this.#onClose = undefined;
    if (written !== "complete") this.#keepAlive = false;
    const body = this.#body;
    if (body === undefined && this.#unsent === undefined && this.#keepAlive) {
      // The usual case, without a look at the clock or the interest.
      this.#phase = "idle";
      this.since = this.#server.roughly;
      if (!this.#processing && !this.#held.empty) this.#resume();
      return;
    }
    this.#change("finishing");
    if (body !== undefined) {
      body.discard();
      if (!this.#processing && this.#keepAlive) this.#resume();
    }
    this.#finish();
  }

  /** Goes on once the answer is sent and the request's body has come; or ends. */
  #finish(): void {
    if (this.#phase !== "finishing" || this.#unsent !== undefined) return;
    if (!this.#keepAlive) return this.#linger();
    if (this.#body !== undefined) return;
    this.#change("idle");
    if (!this.#processing) this.#resume();
  }

  /** Answers an error of the client and ends the connection. */
  #refuse(status: number, reason: string): void {
    this.#keepAlive = false;
    this.#body?.fail(reason);
    this.#body = undefined;
    // An answer that is given or on its way is not followed by another.
    if (this.#onClose !== undefined || this.#phase === "finishing") {
      return this.#finish();
    }
    const request = this.#request;
    this.#request = undefined;
    request?.left();
    if (this.#phase === "closed") return;
    this.#phase = "busy";
    // At once: a client that ends its direction after an error still receives the answer.
    this.write(refusal(status, reason, this.#server.date));
    this.#answered("close");
  }

  /** The client has ended its direction. */
  #peerEnded(): void {
    // Nothing tells a client that has left from one that has only ended its direction. An answer that waits for its time is
    // given up, as other servers do, and so is one to half a request; one that is being written is sent.
    const writing = this.#request === undefined
      ? this.#phase === "finishing" && this.#unsent !== undefined
      : !this.#request.watched &&
        (this.#body === undefined || this.#onClose !== undefined);
    if (!writing) return this.#leave();
    this.#keepAlive = false;
    this.#body?.fail("The client has left");
    this.#body = undefined;
    this.#watch(INTEREST, false);
  }

  /** The client has left, or the connection cannot be used. */
  #leave(): void {
    const request = this.#request;
    this.#request = undefined;
    const body = this.#body;
    this.#close();
    body?.fail("The client has left");
    request?.left();
  }

  /** Ends the connection after what was sent. A close with unread bytes would reset it, and the answer could be lost. */
  #linger(): void {
    const unread = this.#body !== undefined || !this.#held.empty;
    if (this.#server.ending && !unread) return this.#close();
    this.#body = undefined;
    this.#held.release();
    this.#server.loop.calls.shutdown(this.#fd, SHUT_WRITE);
    this.#change("lingering");
    this.#lingersUntil = this.since + LINGERING.total;
    this.#watch(INTEREST, true);
  }

  #close(): void {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    this.#request = undefined;
    this.#body = undefined;
    this.#parser = undefined;
    this.#unsent = undefined;
    this.#held.release();
    this.#server.loop.close(this.#fd);
    this.#server.closed(this);
    this.#drained?.resolve();
    this.#onClose?.();
    this.#onClose = undefined;
    const taker = this.#taker;
    this.#taker = undefined;
    taker?.lost();
  }

  /** Ends a connection without a request at once, and the others after their answer or what was written. */
  end(): void {
    this.#keepAlive = false;
    if (this.#phase === "upgraded") {
      this.#taker = undefined;
      this.#change("finishing");
      return this.#finish();
    }
    if (this.#phase === "idle" || this.#phase === "head") this.#close();
  }

  /** Ends the connection at once. */
  cut(): void {
    if (this.#phase === "closed") return;
    resetOnClose(this.#server.loop, this.#fd);
    this.#leave();
  }

  /** A part of a request is not complete in time, or an answer is not taken, or nothing more comes from a client that was answered. */
  timeOut(part: "head" | "body"): void {
    // Not reset: the kernel goes on to send what a slow client has not taken.
    if (this.#phase === "lingering") this.#close();
    else if (this.#unsent !== undefined) this.cut();
    else this.#refuse(408, `the ${part} of the request did not come in time`);
  }
}
