/**
 * Writes a Response of the Fetch API as HTTP/1.1. A body that is complete at once leaves in one piece with its length; headers
 * never wait for a later body.
 *
 * @module
 */
import { BODILESS, LENGTHLESS, REASONS } from "../lib/http.ts";
import { soon } from "../lib/turn.ts";

/** The connection that a response leaves on. */
export interface ResponseSink {
  /** True once the client has left or the connection is closed. */
  readonly closed: boolean;
  /** Line of the header Date, ended by CRLF. */
  readonly date: string;
  /** Line of the header Connection, ended by CRLF; empty if there is none. A response may ask to close the connection. */
  connection(close: boolean): string;
  /** Sends bytes, or keeps them until they can be sent: they must not change. */
  write(bytes: Uint8Array): void;
  /** Calls back, once, when the client leaves or the connection is closed before the response is complete. */
  onClose(callback: () => void): void;
  /** Returns a promise that resolves when all bytes are sent or the connection is closed; undefined if nothing is kept. */
  drained(): Promise<void> | undefined;
}

/** The request that is answered. */
export interface AnsweredRequest {
  /** Method, upper case. */
  readonly method: string;
  /** 0 for HTTP/1.0, 1 for HTTP/1.1. */
  readonly minor: 0 | 1;
}

/** Result of writing: the connection may go on, or must end after what was sent, because the message is not complete or has no other end. */
export type Written = "complete" | "close" | "broken";

/** Headers that the connection decides on. */
const OWN: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);

const encoder = new TextEncoder();
const LAST_CHUNK = encoder.encode("0\r\n\r\n");
const LINE_END = encoder.encode("\r\n");

/** Writes a response; resolves when all its bytes are handed over, and never rejects. */
export async function writeResponse(
  response: Response,
  request: AnsweredRequest,
  sink: ResponseSink,
): Promise<Written> {
  const { body, status } = response;
  const silent = request.method === "HEAD" || BODILESS.has(status);
  if (body === null || silent) {
    body?.cancel().catch(() => {});
    if (request.method === "HEAD" || status === 304) {
      sink.write(head(response, sink, undefined));
      return "complete";
    }
    if (!silent && (lengthOf(response.headers) ?? 0) > 0) {
      sink.write(head(response, sink, undefined, { close: true }));
      return "broken";
    }
    const length = LENGTHLESS.has(status) ? "" : "content-length: 0\r\n";
    sink.write(head(response, sink, length));
    return "complete";
  }
  const reader = body.getReader();
  const cancel = () => void reader.cancel().catch(() => {});
  sink.onClose(cancel);
  try {
    return await writeBody(reader, response, request, sink);
  } catch {
    cancel();
    return "broken";
  }
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;

async function writeBody(
  reader: Reader,
  response: Response,
  { minor }: AnsweredRequest,
  sink: ResponseSink,
): Promise<Written> {
  const announced = lengthOf(response.headers);
  let reading = reader.read();
  const first = await soon(reading);
  if (announced === undefined && first !== undefined) {
    if (first.done) {
      sink.write(head(response, sink, "content-length: 0\r\n"));
      return "complete";
    }
    const piece = bytesIn(first.value);
    reading = reader.read();
    const second = await soon(reading);
    if (second?.done) {
      const length = `content-length: ${piece.length}\r\n`;
      sink.write(joined(head(response, sink, length), piece));
      return "complete";
    }
    const chunked = minor === 1;
    sink.write(
      head(response, sink, chunked ? "transfer-encoding: chunked\r\n" : "", {
        close: !chunked,
      }),
    );
    if (piece.length > 0) sink.write(chunked ? chunk(piece) : piece);
    return await rest(reader, reading, sink, { chunked, left: Infinity });
  }
  const chunked = announced === undefined && minor === 1;
  sink.write(
    head(
      response,
      sink,
      announced !== undefined
        ? undefined
        : chunked
        ? "transfer-encoding: chunked\r\n"
        : "",
      { close: announced === undefined && !chunked },
    ),
  );
  return await rest(reader, reading, sink, {
    chunked,
    left: announced ?? Infinity,
  });
}

/** Writes the pieces from the one that is being read on. */
async function rest(
  reader: Reader,
  reading: Promise<ReadableStreamReadResult<Uint8Array>>,
  sink: ResponseSink,
  framing: { readonly chunked: boolean; readonly left: number },
): Promise<Written> {
  const { chunked } = framing;
  let { left } = framing;
  for (;;) {
    const waits = sink.drained();
    if (waits !== undefined) await waits;
    const { done, value } = await reading;
    if (sink.closed) throw new Error("The client has left");
    if (done) break;
    const { length } = bytesIn(value);
    if (length > left) throw new Error("The body is longer than said");
    left -= length;
    if (length > 0) sink.write(chunked ? chunk(value) : value);
    reading = reader.read();
  }
  if (chunked) sink.write(LAST_CHUNK);
  if (left === Infinity) return chunked ? "complete" : "close";
  return left === 0 ? "complete" : "broken";
}

/** Returns a piece of a body; throws if it is none. */
function bytesIn(piece: unknown): Uint8Array {
  if (piece instanceof Uint8Array) return piece;
  throw new TypeError("A body consists of Uint8Array alone");
}

/** Length that the headers announce; undefined if they announce none. */
function lengthOf(headers: Headers): number | undefined {
  const written = headers.get("content-length");
  return written !== null && /^\d{1,15}$/.test(written)
    ? Number(written)
    : undefined;
}

/**
 * Formats the head.
 *
 * @param length line of the header that tells where the body ends, ended by CRLF; empty for none; undefined to keep the response's
 * own Content-Length
 */
function head(
  { status, statusText, headers }: Response,
  sink: ResponseSink,
  length: string | undefined,
  { close = false }: { readonly close?: boolean } = {},
): Uint8Array {
  const reason = statusText || (REASONS[status] ?? "");
  let text = `HTTP/1.1 ${status} ${reason}\r\n`;
  let closes = close;
  let dated = false;
  for (const [name, value] of headers) {
    if (OWN.has(name)) {
      if (name === "connection" && /\bclose\b/i.test(value)) closes = true;
      // The only answer that names a protocol: the one that the client should have asked for.
      if (name === "upgrade" && status === 426) {
        text += `upgrade: ${value}\r\nconnection: upgrade\r\n`;
      }
      continue;
    }
    if (name === "content-length" && length !== undefined) continue;
    if (name === "date") dated = true;
    text += `${name}: ${value}\r\n`;
  }
  text += (length ?? "") + sink.connection(closes) + (dated ? "" : sink.date) +
    "\r\n";
  return latin1(text);
}

/** The bytes of a text of Latin-1, which is what headers are made of. */
function latin1(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

function chunk(data: Uint8Array): Uint8Array {
  const size = encoder.encode(`${data.length.toString(16)}\r\n`);
  return joined(size, data, LINE_END);
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(
    parts.reduce((sum, { length }) => sum + length, 0),
  );
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
