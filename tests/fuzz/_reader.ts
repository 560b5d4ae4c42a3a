/**
 * Readings of a connection's bytes: what a parser takes them for.
 *
 * @module
 */
import { ChunkedBody } from "../../core/http1/chunked_body.ts";
import { HEAD_LIMITS, RequestHead } from "../../core/http1/request_head.ts";

/** A request whose head was accepted. */
export interface Message {
  readonly method: string;
  readonly target: string;
  readonly minor: number;
  /** Names and values of the header lines in turn, as sent. */
  readonly fields: readonly string[];
  readonly keepAlive: boolean;
  /** Bytes of the body that have arrived, without chunks, as Latin-1. */
  readonly body: string;
  /** True if the whole body has arrived. */
  readonly complete: boolean;
}

/** All that was read. */
export interface Reading {
  readonly messages: readonly Message[];
  /**
   * State after the last byte: between requests, within a head, within a body, closed after a response, no longer HTTP/1.1, or
   * refused.
   */
  readonly end: "idle" | "head" | "body" | "closed" | "upgrade" | "refused";
  /** Reason of a refusal. */
  readonly reason: string;
}

/** Requests that perfmock read, and where they start. */
export interface OwnReading extends Reading {
  /** Index of the first byte of each request, and of what follows the last one. */
  readonly starts: readonly number[];
}

const head = new RequestHead(HEAD_LIMITS);
const chunks = new ChunkedBody(HEAD_LIMITS);

/** Reads with the parser of perfmock. */
export function read(bytes: Uint8Array): OwnReading {
  const messages: Message[] = [];
  const starts: number[] = [];
  const ends = (end: Reading["end"], reason = ""): OwnReading => ({
    messages,
    starts,
    end,
    reason,
  });
  let at = 0;
  for (;;) {
    starts.push(at);
    head.reset();
    const length = head.parse(bytes, at, bytes.length);
    if (length < 0) return ends("refused", head.reason);
    if (length === 0) {
      const idle = bytes.subarray(at).every((byte) =>
        byte === 0x0d || byte === 0x0a
      );
      return ends(idle ? "idle" : "head");
    }
    at += length;
    const body = head.chunked
      ? readChunks(bytes, at)
      : readSized(bytes, at, head.contentLength);
    at = body.after;
    messages.push({
      method: head.method,
      target: head.target,
      minor: head.minor,
      fields: head.take().entries().flat(),
      keepAlive: head.keepAlive,
      body: body.data,
      complete: body.complete,
    });
    if (body.after < 0) return ends("refused", chunks.reason);
    if (!body.complete) return ends("body");
    if (!head.keepAlive) {
      starts.push(at);
      return ends("closed");
    }
  }
}

interface Body {
  readonly after: number;
  readonly data: string;
  readonly complete: boolean;
}

function readChunks(bytes: Uint8Array, at: number): Body {
  let data = "";
  chunks.reset();
  const after = chunks.decode(bytes, at, bytes.length, (from, to) => {
    data += textOf(bytes.subarray(from, to));
  });
  return { after, data, complete: chunks.done };
}

function readSized(bytes: Uint8Array, at: number, length: number): Body {
  const after = Math.min(at + length, bytes.length);
  return {
    after,
    data: textOf(bytes.subarray(at, after)),
    complete: after === at + length,
  };
}

function textOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

/** Node's parser, in a process of its own. */
export class NodeParser {
  readonly #process: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: ReadableStreamDefaultReader<string>;
  #rest = "";

  constructor() {
    const script = new URL("./_node_parser.mjs", import.meta.url).pathname;
    this.#process = new Deno.Command("node", {
      args: ["--no-deprecation", script],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#writer = this.#process.stdin.getWriter();
    this.#lines = this.#process.stdout.pipeThrough(new TextDecoderStream())
      .getReader();
  }

  /** Reads a batch of cases. */
  async read(batch: readonly Uint8Array[]): Promise<Reading[]> {
    const size = batch.reduce((sum, { length }) => sum + 4 + length, 0);
    const bytes = new Uint8Array(size);
    const view = new DataView(bytes.buffer);
    let at = 0;
    for (const one of batch) {
      view.setUint32(at, one.length, true);
      bytes.set(one, at + 4);
      at += 4 + one.length;
    }
    const written = this.#writer.write(bytes);
    const readings: Reading[] = [];
    while (readings.length < batch.length) {
      const { value, done } = await this.#lines.read();
      if (done) throw new Error("Node ended before it read all cases");
      const lines = (this.#rest + value).split("\n");
      this.#rest = lines.pop() ?? "";
      for (const line of lines) readings.push(JSON.parse(line));
    }
    await written;
    return readings;
  }

  /** Ends the process. */
  async close(): Promise<void> {
    await this.#writer.close();
    await this.#lines.cancel();
    await this.#process.status;
  }
}
