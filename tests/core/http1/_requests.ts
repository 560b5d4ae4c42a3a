/**
 * Requests as texts, parsed whole and in pieces.
 *
 * @module
 */
import { equal } from "node:assert/strict";
import {
  HEAD_LIMITS,
  type HeadLimits,
  RequestHead,
} from "../../../core/http1/request_head.ts";

/** Bytes of a text whose characters are Latin-1. */
export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Result of parsing a head: its length and parts, or the status and reason of its refusal. */
export interface Outcome {
  /** Length of the head, or minus the status of its refusal, or 0 if it is not complete. */
  readonly length: number;
  /** Reason of the refusal. */
  readonly reason: string;
  readonly facts?: {
    readonly method: string;
    readonly target: string;
    readonly path: string;
    readonly host: string;
    readonly minor: 0 | 1;
    readonly keepAlive: boolean;
    readonly contentLength: number;
    readonly chunked: boolean;
    readonly expectsContinue: boolean;
    readonly entries: readonly (readonly [string, string])[];
  };
}

/** Describes the state of a parser. */
export function outcomeOf(parser: RequestHead, length: number): Outcome {
  if (length <= 0) return { length, reason: parser.reason };
  const taken = parser.take();
  return {
    length,
    reason: parser.reason,
    facts: {
      method: parser.method,
      target: parser.target,
      path: parser.path,
      host: parser.host,
      minor: parser.minor,
      keepAlive: parser.keepAlive,
      contentLength: parser.contentLength,
      chunked: parser.chunked,
      expectsContinue: parser.expectsContinue,
      entries: taken.entries(),
    },
  };
}

/** Parses a head whose bytes arrive at once. */
export function parseWhole(
  text: string,
  limits: HeadLimits = HEAD_LIMITS,
): Outcome {
  const parser = new RequestHead(limits);
  const bytes = bytesOf(text);
  return outcomeOf(parser, parser.parse(bytes, 0, bytes.length));
}

/**
 * Parses a head whose bytes arrive in pieces, each time in another buffer at another place.
 *
 * @param ends numbers of bytes that have arrived, rising; the whole head comes after them
 */
export function parsePieces(
  text: string,
  ends: Iterable<number>,
  parser: RequestHead = new RequestHead(HEAD_LIMITS),
): Outcome {
  const bytes = bytesOf(text);
  let offset = 0;
  for (const end of [...ends, bytes.length]) {
    offset = (offset + 7) % 23;
    const buffer = new Uint8Array(bytes.length + 23).fill(0x0a);
    buffer.set(bytes.subarray(0, end), offset);
    const length = parser.parse(buffer, offset, offset + end);
    if (length !== 0) return outcomeOf(parser, length);
  }
  return outcomeOf(parser, 0);
}

/** Asserts that a head is accepted, and returns its facts. */
export function accepted(
  text: string,
  limits?: HeadLimits,
): NonNullable<Outcome["facts"]> {
  const { length, reason, facts } = parseWhole(text, limits);
  equal(reason, "");
  equal(length, text.length);
  if (facts === undefined) throw new Error("A complete head has no facts");
  return facts;
}

/** Asserts that a head is refused with a status, and returns the reason. */
export function refused(
  text: string,
  status: number,
  limits?: HeadLimits,
): string {
  const { length, reason } = parseWhole(text, limits);
  equal(length, -status, `${JSON.stringify(text)}: ${reason}`);
  return reason;
}

/** A request with header lines besides Host. */
export function get(...lines: readonly string[]): string {
  return ["GET / HTTP/1.1", "Host: a", ...lines, "", ""].join("\r\n");
}

/** Requests of all shapes: accepted, refused, and incomplete. */
export const SHAPES: readonly string[] = [
  "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
  "GET /a?b=c HTTP/1.1\r\nhOST:b:8080\r\nX: \t y \t\r\nEmpty:\r\n\r\n",
  "\r\n\r\nPOST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\n",
  "PUT /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n",
  "GET http://u.example:1/p?q HTTP/1.1\r\nHost: a\r\n\r\n",
  "OPTIONS * HTTP/1.1\r\nHost: [::1]:80\r\nExpect: 100-continue\r\n\r\n",
  "PURGE / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: a\r\nCookie: a=1\r\nCookie: b=\xe9\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: a\r\n X: y\r\n\r\n",
  "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
  "GET / HTTP/1.1\nHost: a\n\n",
  "GET / HTTP/1.1\r\nHost: a\r\rX: y\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: a\0\r\n\r\n",
  "GET / HTTP/2.0\r\n\r\n",
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n",
  "GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n",
  "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
  "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: a\r\n",
];
