/**
 * Answers with stored bytes: conditional requests, and requests for parts of them (RFC 9110, sections 13 and 14).
 *
 * @module
 */
import type { Coding } from "../config/mod.ts";
import { dateOf } from "../lib/http.ts";
import { wallTime } from "../lib/time/mod.ts";
import type { LiveExchange } from "../pipeline/exchange.ts";
import { type Body, type Content, failure } from "./source.ts";

/** Stored bytes. */
export interface StoredBytes {
  /**
   * Reads some bytes.
   *
   * @param offset of the first byte
   * @param limit largest number of bytes
   * @returns at least one byte
   */
  read(
    offset: number,
    limit: number,
  ): Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>>;
  /** Releases all resources. */
  close(): void;
}

/** Bytes in memory. */
export class BytesInMemory implements StoredBytes {
  readonly #bytes: Uint8Array<ArrayBuffer>;

  /** @param bytes not copied; must not change */
  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#bytes = bytes;
  }

  read(offset: number, limit: number): Uint8Array<ArrayBuffer> {
    // A copy, because a stream may transfer the buffer that it is given.
    return this.#bytes.slice(offset, offset + limit);
  }

  close(): void {}
}

/** A form in which something stored can be sent. */
export interface Representation {
  /** Content type. */
  readonly type: string;
  /** Number of bytes, in the coded form. */
  readonly size: number;
  /** Time of the last change of what is stored, in ms since 1970. */
  readonly modified: number;
  /** Strong entity tag, with quotes: another one for each version and each coding. */
  readonly etag: string;
  /** Content coding of the bytes. Default none. */
  readonly coding?: Coding | undefined;
  /** Headers of requests that have chosen this form, for Vary. Default none. */
  readonly vary?: string | undefined;
  /** The bytes. */
  readonly bytes: StoredBytes;
}

/** Returns the entity tag of a version of a file, without quotes. */
export function tagOf(size: number, modified: number): string {
  return `${size.toString(16)}-${Math.trunc(modified).toString(16)}`;
}

/** Largest number of parts that one answer has. If more are asked for, the whole is sent. */
export const MOST_RANGES = 16;

/**
 * Creates an answer.
 *
 * @param plain true to ignore conditions and ranges
 */
export function represent(
  x: LiveExchange,
  { type, size, modified, etag, coding, vary, bytes }: Representation,
  plain: boolean,
): Content {
  const headers = new Headers({ "content-type": type });
  const version = { etag, modified: Math.floor(modified / 1000) };
  headers.set("etag", etag);
  headers.set("last-modified", new Date(modified).toUTCString());
  if (coding !== undefined) headers.set("content-encoding", coding);
  if (vary !== undefined) headers.set("vary", vary);
  const conditional = !plain && x.incoming !== undefined &&
    (x.method === "GET" || x.method === "HEAD");
  if (!plain) headers.set("accept-ranges", "bytes");
  let ranges: readonly Range[] | null | undefined;
  if (conditional) {
    if (!isExpected(x, version)) {
      bytes.close();
      headers.delete("content-type");
      headers.delete("content-encoding");
      return failure({
        status: 412,
        title: "This file has another version than the request expects",
        detail: `Its entity tag is ${etag}`,
      }, headers);
    }
    if (isKnown(x, version)) {
      bytes.close();
      headers.delete("content-type");
      headers.delete("content-encoding");
      return { status: 304, headers, body: null };
    }
    ranges = x.method === "GET" ? rangesOf(x, size, version) : undefined;
  }
  if (ranges === null) {
    bytes.close();
    return failure({
      status: 416,
      title: "This file has no such part",
      detail: `It has ${size} bytes`,
    }, new Headers({ "content-range": `bytes */${size}` }));
  }
  if (ranges === undefined) {
    headers.set("content-length", `${size}`);
    const whole = { first: 0, last: size - 1 };
    return { headers, body: new PartsBody(bytes, size === 0 ? [] : [whole]) };
  }
  const [only] = ranges;
  if (ranges.length === 1) {
    headers.set("content-length", `${only.last - only.first + 1}`);
    headers.set("content-range", `bytes ${only.first}-${only.last}/${size}`);
    return { status: 206, headers, body: new PartsBody(bytes, ranges) };
  }
  const boundary = `perfmock-${crypto.randomUUID()}`;
  const parts = ranges.flatMap((range, index) => [
    encoder.encode(
      `${
        index === 0 ? "" : "\r\n"
      }--${boundary}\r\nContent-Type: ${type}\r\nContent-Range: bytes ${range.first}-${range.last}/${size}\r\n\r\n`,
    ),
    range,
  ]);
  parts.push(encoder.encode(`\r\n--${boundary}--\r\n`));
  const length = parts.reduce((sum, part) => sum + lengthOf(part), 0);
  headers.set("content-type", `multipart/byteranges; boundary=${boundary}`);
  headers.set("content-length", `${length}`);
  return { status: 206, headers, body: new PartsBody(bytes, parts) };
}

const encoder = new TextEncoder();

/** Part of the stored bytes. */
interface Range {
  /** Offset of the first byte. */
  readonly first: number;
  /** Offset of the last byte, which is included. */
  readonly last: number;
}

type Part = Range | Uint8Array<ArrayBuffer>;

function lengthOf(part: Part): number {
  return part instanceof Uint8Array ? part.length : part.last - part.first + 1;
}

/** Body of parts of stored bytes, with other bytes between them. Closing the body closes the stored bytes. */
class PartsBody implements Body {
  readonly #bytes: StoredBytes;
  readonly #parts: readonly Part[];
  #index = 0;
  /** Number of bytes of the present part that were read. */
  #read = 0;

  /** @param parts none of them empty */
  constructor(bytes: StoredBytes, parts: readonly Part[]) {
    this.#bytes = bytes;
    this.#parts = parts;
  }

  get ended(): boolean {
    return this.#index >= this.#parts.length;
  }

  async read(limit: number): Promise<Uint8Array | null> {
    if (this.ended) return null;
    const part = this.#parts[this.#index];
    const size = Math.min(limit, lengthOf(part) - this.#read);
    const piece = part instanceof Uint8Array
      ? part.slice(this.#read, this.#read + size)
      : await this.#bytes.read(part.first + this.#read, size);
    this.#read += piece.length;
    if (this.#read >= lengthOf(part)) {
      this.#index++;
      this.#read = 0;
    }
    return piece;
  }

  close(): void {
    this.#bytes.close();
  }
}

/** Version of what is stored. */
interface Version {
  /** Strong entity tag, with quotes. */
  readonly etag: string;
  /** Time of the last change, in whole seconds since 1970, the resolution of HTTP dates. */
  readonly modified: number;
}

/**
 * Returns false if the client expects another version: by If-Match, or without that header by If-Unmodified-Since. That comes before
 * all other conditions (RFC 9110, section 13.2.2).
 */
function isExpected(x: LiveExchange, version: Version): boolean {
  const tags = x.header("if-match");
  // A weak tag does not say that the bytes are the same.
  if (tags !== null) return names(tags, (tag) => tag === version.etag);
  const since = secondsOf(x, x.header("if-unmodified-since"));
  return since === undefined || version.modified <= since;
}

/** Returns whether the client already has this version: by If-None-Match, or without that header by If-Modified-Since. */
function isKnown(x: LiveExchange, version: Version): boolean {
  const tags = x.header("if-none-match");
  if (tags !== null) {
    return names(tags, (tag) => tag.replace(/^W\//, "") === version.etag);
  }
  const since = secondsOf(x, x.header("if-modified-since"));
  return since !== undefined && version.modified <= since;
}

/** Returns true if a list of entity tags is that of any version, or has one that is meant. */
function names(tags: string, isMeant: (tag: string) => boolean): boolean {
  return tags.trim() === "*" ||
    (tags.match(/(?:W\/)?"[^"]*"/g) ?? []).some(isMeant);
}

/**
 * Finds the parts that a client requests. Parts that overlap become one.
 *
 * @returns undefined for the whole: if there is no Range header, if it is not understood or names too many parts (a server may ignore
 * such a header), or if If-Range names another version; null if there is no such part
 */
function rangesOf(
  x: LiveExchange,
  size: number,
  version: Version,
): readonly Range[] | null | undefined {
  const [, list] = /^bytes=(.*)$/i.exec(x.header("range") ?? "") ?? [];
  if (list === undefined) return undefined;
  const asked = list.split(",").map((one) => one.trim())
    .filter((one) => one !== "");
  if (asked.length === 0 || asked.length > MOST_RANGES) return undefined;
  if (!isCurrent(x, version)) return undefined;
  const found: Range[] = [];
  for (const one of asked) {
    const range = rangeOf(one, size);
    if (range === undefined) return undefined;
    if (range !== null) found.push(range);
  }
  return found.length === 0 ? null : merged(found);
}

/** @returns undefined if it is no range; null if it names no byte */
function rangeOf(written: string, size: number): Range | null | undefined {
  const [, from, to] = /^(\d*)\s*-\s*(\d*)$/.exec(written) ?? [];
  if (from === undefined || (from === "" && to === "")) return undefined;
  if (from === "") {
    const length = Math.min(Number(to), size);
    return length === 0 ? null : { first: size - length, last: size - 1 };
  }
  const first = Number(from);
  const last = to === "" ? size - 1 : Math.min(Number(to), size - 1);
  if (to !== "" && Number(to) < first) return undefined;
  return first >= size ? null : { first, last };
}

/** Ranges in the order in which they were asked for; in that of the bytes if some of them overlap or touch. */
function merged(ranges: readonly Range[]): readonly Range[] {
  const whole: { first: number; last: number }[] = [];
  for (const range of ranges.toSorted((a, b) => a.first - b.first)) {
    const before = whole.at(-1);
    if (before === undefined || range.first > before.last + 1) {
      whole.push({ ...range });
    } else before.last = Math.max(before.last, range.last);
  }
  return whole.length < ranges.length ? whole : ranges;
}

function isCurrent(x: LiveExchange, version: Version): boolean {
  const condition = x.header("if-range");
  return condition === null || condition === version.etag ||
    secondsOf(x, condition) === version.modified;
}

/** Reads a date of a request, in seconds since 1970; undefined if it is none. */
function secondsOf(x: LiveExchange, date: string | null): number | undefined {
  if (date === null) return undefined;
  const time = dateOf(date, wallTime(x.plan.clock.now()));
  return time === undefined ? undefined : time / 1000;
}
