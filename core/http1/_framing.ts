/**
 * Meaning of the header lines that decide where a request ends, whom it is for, and what becomes of the connection (RFC 9112,
 * sections 3.2, 6 and 9; RFC 9110, section 10.1.1).
 *
 * @module
 */
import { equals, HOST, latin1, SP, spells, TAB } from "./_bytes.ts";
import { type FieldSection, STRIDE } from "./_field_section.ts";

const COMMA = 0x2c;
const COLON = 0x3a;
const ZERO = 0x30;
const NINE = 0x39;

/** Facts read from the header lines of one request. */
export class Framing {
  /** Length of the body in bytes; 0 if there is none, -1 if it is chunked. */
  contentLength = 0;
  /** True unless the connection is to be closed after the response. */
  keepAlive = true;
  /** True if the client waits for 100 Continue before it sends its body. */
  expectsContinue = false;
  /** True if the client offers to change the protocol. */
  upgrades = false;
  /** Value of Host; empty if there is none. */
  host = "";
  /** Reason of a refusal in words; empty if there is none. */
  reason = "";

  /**
   * Reads all lines.
   *
   * @param start index that the positions count from
   * @returns 0, or minus the status of the refusal
   */
  read(
    bytes: Uint8Array,
    start: number,
    section: FieldSection,
    minor: 0 | 1,
  ): number {
    const { positions, lines } = section;
    let lengths = 0;
    let hosts = 0;
    let codings = 0;
    let coding = NOT_CHUNKED;
    let closes = false;
    let keeps = false;
    let expects = false;
    let upgrades = false;
    let length = 0;
    this.reason = "";
    for (let line = 0; line < lines; line++) {
      const at = line * STRIDE;
      const name = start + positions[at];
      const nameEnd = start + positions[at + 1];
      const from = start + positions[at + 2];
      const to = start + positions[at + 3];
      switch (nameEnd - name) {
        case 4:
          if (!spells(bytes, name, nameEnd, "host")) break;
          if (++hosts > 1) return this.#refuse(400, "Host is repeated");
          if (!this.#setHost(bytes, from, to, minor)) return -400;
          break;
        case 6:
          if (!spells(bytes, name, nameEnd, "expect")) break;
          if (!spells(bytes, from, to, "100-continue")) {
            return this.#refuse(
              417,
              "Expect has a value other than 100-continue",
            );
          }
          expects = true;
          break;
        case 10:
          if (!spells(bytes, name, nameEnd, "connection")) break;
          closes ||= lists(bytes, from, to, "close");
          keeps ||= lists(bytes, from, to, "keep-alive");
          upgrades ||= lists(bytes, from, to, "upgrade");
          break;
        case 14:
          if (!spells(bytes, name, nameEnd, "content-length")) break;
          if (++lengths > 1) {
            return this.#refuse(400, "Content-Length is repeated");
          }
          length = this.#length(bytes, from, to);
          if (length < 0) return length;
          break;
        case 17:
          if (!spells(bytes, name, nameEnd, "transfer-encoding")) break;
          coding = codings++ === 0
            ? codingOf(bytes, from, to)
            : both(coding, codingOf(bytes, from, to));
          break;
      }
    }
    if (hosts === 0) {
      if (minor === 1) return this.#refuse(400, "Host is missing");
      this.host = "";
    }
    if (codings > 0) {
      const status = this.#checkCoding(coding, lengths, minor);
      if (status < 0) return status;
      length = -1;
    }
    this.contentLength = length;
    this.keepAlive = !closes && (minor === 1 || keeps);
    this.upgrades = upgrades && minor === 1;
    this.expectsContinue = expects && minor === 1 && length !== 0;
    return 0;
  }

  #checkCoding(coding: number, lengths: number, minor: 0 | 1): number {
    if (minor === 0) {
      return this.#refuse(400, "Transfer-Encoding is not part of HTTP/1.0");
    }
    if (lengths > 0) {
      return this.#refuse(
        400,
        "Content-Length and Transfer-Encoding exclude each other",
      );
    }
    if (coding === NOT_CHUNKED) {
      return this.#refuse(
        400,
        "Transfer-Encoding is not chunked, once and at its end",
      );
    }
    if (coding === CHUNKED_LAST) {
      return this.#refuse(
        501,
        "Transfer-Encoding has codings other than chunked",
      );
    }
    return 0;
  }

  #length(bytes: Uint8Array, from: number, to: number): number {
    if (from === to) return this.#refuse(400, "Content-Length is empty");
    let length = 0;
    for (let i = from; i < to; i++) {
      const byte = bytes[i];
      if (byte < ZERO || byte > NINE) {
        return this.#refuse(400, "Content-Length is not a number");
      }
      length = 10 * length + (byte - ZERO);
      if (length > Number.MAX_SAFE_INTEGER) {
        return this.#refuse(413, "Content-Length is too large");
      }
    }
    return length;
  }

  #setHost(
    bytes: Uint8Array,
    from: number,
    to: number,
    minor: 0 | 1,
  ): boolean {
    // A client sends the same Host again and again: a known one needs no check and no new text.
    if (this.host !== "" && equals(bytes, from, to, this.host)) return true;
    if (from === to ? minor === 1 : !isAuthority(bytes, from, to)) {
      this.#refuse(400, "Host is not the name of a host");
      return false;
    }
    this.host = latin1(bytes, from, to);
    return true;
  }

  #refuse(status: number, reason: string): number {
    this.reason = reason;
    return -status;
  }
}

/** Values of Transfer-Encoding: anything whose last coding is not chunked; chunked once, at the end; chunked alone. */
const NOT_CHUNKED = 0;
const CHUNKED_LAST = 1;
const CHUNKED = 2;

function codingOf(bytes: Uint8Array, from: number, to: number): number {
  if (spells(bytes, from, to, "chunked")) return CHUNKED;
  let start = to;
  while (start > from && bytes[start - 1] !== COMMA) start--;
  // Without a comma the whole value is one coding, which is not chunked.
  if (start === from) return NOT_CHUNKED;
  if (lists(bytes, from, start - 1, "chunked")) return NOT_CHUNKED;
  return lists(bytes, start, to, "chunked") ? CHUNKED_LAST : NOT_CHUNKED;
}

function both(first: number, second: number): number {
  return first === NOT_CHUNKED && second !== NOT_CHUNKED
    ? CHUNKED_LAST
    : NOT_CHUNKED;
}

/** True if a list, parted by commas, has a word as a member. */
function lists(
  bytes: Uint8Array,
  from: number,
  to: number,
  word: string,
): boolean {
  for (let i = from; i < to; i++) {
    let end = i;
    while (end < to && bytes[end] !== COMMA) end++;
    let first = i;
    let last = end;
    while (first < last && isSpace(bytes[first])) first++;
    while (last > first && isSpace(bytes[last - 1])) last--;
    if (spells(bytes, first, last, word)) return true;
    i = end;
  }
  return false;
}

function isSpace(byte: number): boolean {
  return byte === SP || byte === TAB;
}

/**
 * True if bytes are `host` or `host:port`: a name, an IPv4 address, or an IPv6 address in brackets; the port is at most 65535 and
 * may be empty. User names are refused.
 */
export function isAuthority(
  bytes: Uint8Array,
  from: number,
  to: number,
): boolean {
  let i = from;
  if (bytes[i] === 0x5b) {
    i++;
    while (i < to && isAddress(bytes[i])) i++;
    // The shortest address is `::`.
    if (i >= to || bytes[i] !== 0x5d || i - from < 3) return false;
    i++;
  } else {
    while (i < to && HOST[bytes[i]] === 1) i++;
    if (i === from) return false;
  }
  if (i === to) return true;
  if (bytes[i] !== COLON) return false;
  let port = 0;
  for (i++; i < to; i++) {
    const digit = bytes[i] - ZERO;
    if (digit < 0 || digit > 9) return false;
    port = 10 * port + digit;
    if (port > 65535) return false;
  }
  return true;
}

/** True for what an IPv6 address is made of: hexadecimal digits, colons, and the dots of an IPv4 address within. */
function isAddress(byte: number): boolean {
  const lower = byte | 0x20;
  return byte >= ZERO && byte <= COLON || byte === 0x2e ||
    lower >= 0x61 && lower <= 0x66;
}
