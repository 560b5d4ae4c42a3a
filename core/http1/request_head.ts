/**
 * Strict parser of a request's head (RFC 9112). It refuses every head that two servers could understand differently, since that
 * is how one request is smuggled inside another.
 *
 * @module
 */
import { CR, equals, latin1, LF, SP, spells, TARGET, TOKEN } from "./_bytes.ts";
import { FieldSection, STRIDE } from "./_field_section.ts";
import { Framing, isAuthority } from "./_framing.ts";
import { HeaderFields, joined } from "./header_fields.ts";

/** Limits of a request head. */
export interface HeadLimits {
  /** Number of bytes of the request line without its end, default 16384; beyond it 414. */
  readonly line: number;
  /** Number of bytes of the whole head, default 65536; beyond it 431. */
  readonly bytes: number;
  /** Number of header lines, default 200; beyond it 431. */
  readonly count: number;
}

/** The limits unless others are set. */
export const HEAD_LIMITS: HeadLimits = {
  line: 16384,
  bytes: 65536,
  count: 200,
};

/** Empty lines before a request line that are skipped: some clients send one after a body (RFC 9112, section 2.2). */
const EMPTY_LINES = 4;

/** Length of the longest method. */
const METHOD = 32;

/** Bytes of a known head that are compared one by one; the rest is compared as a text, which costs less for long heads only. */
const SINGLY = 128;

/** Length of the longest head that is remembered, so that an idle connection holds little memory. */
const LONGEST = 2048;

/** After so many different heads in a row, only one in so many is remembered: clients that repeat nothing pay next to nothing. */
const DIFFERENT = 16;

const SLASH = 0x2f;
const QUESTION = 0x3f;
const STAR = 0x2a;
const ZERO = 0x30;

const enum State {
  Start,
  StartLineFeed,
  Method,
  Target,
  Version,
  LineFeed,
  Fields,
  Complete,
  Refused,
}

/**
 * A reusable parser: holds one head at a time, and allocates no memory while it parses, but for texts that differ from those of
 * the head before.
 *
 * Call {@link parse} as bytes arrive. Once it has returned the head's length, the properties hold until {@link reset}.
 */
export class RequestHead {
  readonly #limits: HeadLimits;
  readonly #section: FieldSection;
  readonly #framing = new Framing();

  #state = State.Start;
  #status = 0;
  #reason = "";

  /** The buffer of the last parse, and where its head starts. */
  #bytes: Uint8Array = new Uint8Array(0);
  #start = 0;

  /** Positions from the start of the head. */
  #at = 0;
  #methodStart = 0;
  #targetStart = 0;
  #targetEnd = 0;
  #authorityEnd = 0;

  #method = "";
  #target = "";
  #path = "";
  #host = "";
  #minor: 0 | 1 = 1;

  /** The last complete head, if the properties are still its own: a client sends the same again and again. */
  readonly #known = new Uint8Array(SINGLY);
  #knownRest = "";
  #knownLength = 0;
  /** Number of heads in a row that differed from the one before. */
  #different = 0;
  #taken: HeaderFields | null = null;
  /** Name that was asked for and that the head does not have: each request is asked for the same. */
  #absent = "";

  /** @param limits `line` and `bytes` are at least 16, `count` is at least 1 */
  constructor(limits: HeadLimits = HEAD_LIMITS) {
    this.#limits = limits;
    this.#section = new FieldSection(limits.count, true);
  }

  /** Name of the method, case kept. */
  get method(): string {
    return this.#method;
  }

  /** Request target as sent. */
  get target(): string {
    return this.#target;
  }

  /** 0 for HTTP/1.0, 1 for HTTP/1.1. */
  get minor(): 0 | 1 {
    return this.#minor;
  }

  /** True unless the connection is to be closed after the response. */
  get keepAlive(): boolean {
    return this.#framing.keepAlive;
  }

  /** Length of the body in bytes; 0 if there is none, -1 if it is chunked. */
  get contentLength(): number {
    return this.#framing.contentLength;
  }

  /** True if the body is chunked. */
  get chunked(): boolean {
    return this.#framing.contentLength < 0;
  }

  /** True if the client waits for 100 Continue before it sends its body; false without a body and in HTTP/1.0. */
  get expectsContinue(): boolean {
    return this.#framing.expectsContinue;
  }

  /** True if the client offers to change the protocol; false in HTTP/1.0. */
  get upgrades(): boolean {
    return this.#framing.upgrades;
  }

  /**
   * Authority for the URL, `host` or `host:port`: that of an absolute target, else that of Host; empty if HTTP/1.0 names none. All
   * its characters are allowed in an authority, yet it can be no host for a URL: `1.2.3.999` or `a%zz`.
   */
  get host(): string {
    return this.#host;
  }

  /** Path and query, always with a `/` in front; `*` if OPTIONS asks about the whole server. */
  get path(): string {
    return this.#path;
  }

  /** Reason of a refusal in words, without a full stop; empty if there is none. */
  get reason(): string {
    return this.#reason;
  }

  /** Forgets the head; the next parse starts a new one. */
  reset(): void {
    this.#state = State.Start;
    this.#at = 0;
  }

  /**
   * Parses on. Bytes that were parsed before must still be there, at the same distance from `start`; `start` and the buffer may
   * differ between calls. A wrong head is refused at its first wrong byte, whether or not it is complete.
   *
   * @param bytes buffer that holds the head
   * @param start index of the head's first byte
   * @param end index after the bytes that have arrived
   * @returns > 0: length of the complete head, its blank line included; 0: more bytes are needed; < 0: minus the status to answer
   * with before closing: 400, 413, 414, 417, 431, 501 or 505
   */
  parse(bytes: Uint8Array, start: number, end: number): number {
    this.#bytes = bytes;
    this.#start = start;
    switch (this.#state) {
      case State.Refused:
        return -this.#status;
      case State.Complete:
        return this.#at;
      case State.Start:
        if (this.#at > 0) break;
        if (this.#isKnown(bytes, start, end)) {
          this.#state = State.Complete;
          this.#at = this.#knownLength;
          this.#different = 0;
          return this.#at;
        }
        this.#knownLength = 0;
        this.#taken = null;
        this.#absent = "";
        this.#reason = "";
    }
    if (this.#state < State.Fields) {
      const status = this.#parseLine(bytes, start, end);
      if (status !== 0 || this.#state < State.Fields) return status;
    }
    const after = this.#section.parse(
      bytes,
      start,
      end,
      start + this.#limits.bytes,
    );
    if (after === 0) return 0;
    if (after < 0) return this.#refuse(-after, this.#section.reason);
    return this.#complete(bytes, start, after - start);
  }

  /**
   * Value of a header in the buffer of the last parse, which must not have changed; null if it is absent. Several lines are
   * joined with `, `, those of `cookie` with `; `.
   *
   * @param name in lower case
   */
  header(name: string): string | null {
    if (name === this.#absent) return null;
    const { positions, lines } = this.#section;
    const bytes = this.#bytes;
    const start = this.#start;
    let value: string | null = null;
    for (let line = 0; line < lines; line++) {
      const at = line * STRIDE;
      const from = start + positions[at];
      const to = start + positions[at + 1];
      if (!isNamed(bytes, from, to, name)) continue;
      const sent = latin1(
        bytes,
        start + positions[at + 2],
        start + positions[at + 3],
      );
      value = joined(value, sent, name);
    }
    if (value === null) this.#absent = name;
    return value;
  }

  /** Copies the header lines of the complete head, so that they outlive the buffer. Equal heads in a row may share one copy. */
  take(): HeaderFields {
    if (this.#taken !== null) return this.#taken;
    const taken = new HeaderFields(
      latin1(this.#bytes, this.#start, this.#start + this.#at),
    );
    if (this.#knownLength > 0) this.#taken = taken;
    return taken;
  }

  #parseLine(bytes: Uint8Array, start: number, end: number): number {
    const head = start + this.#limits.bytes;
    const line = start + this.#methodStart + this.#limits.line;
    let limit = line < head ? line : head;
    let stop = end < limit ? end : limit;
    let i = start + this.#at;
    let state = this.#state;
    for (;;) {
      switch (state) {
        case State.Start: {
          if (i >= end) return this.#pause(state, i - start);
          const byte = bytes[i];
          if (byte === CR) {
            if (i - start >= 2 * EMPTY_LINES) {
              return this.#refuse(400, "there are too many empty lines");
            }
            i++;
            state = State.StartLineFeed;
            continue;
          }
          if (TOKEN[byte] === 0) return this.#refuse(400, METHOD_REASON);
          this.#methodStart = i - start;
          limit = Math.min(i + this.#limits.line, head);
          stop = end < limit ? end : limit;
          i++;
          state = State.Method;
        }
        // falls through
        case State.Method: {
          while (i < stop && TOKEN[bytes[i]] === 1) i++;
          if (i - start - this.#methodStart > METHOD) {
            return this.#refuse(501, "the method is too long");
          }
          if (i >= limit) return this.#refuseLine(limit < head);
          if (i >= stop) return this.#pause(state, i - start);
          if (bytes[i] !== SP) return this.#refuse(400, METHOD_REASON);
          i++;
          this.#targetStart = i - start;
          state = State.Target;
        }
        // falls through
        case State.Target: {
          while (i < stop && TARGET[bytes[i]] === 1) i++;
          if (i >= limit) return this.#refuseLine(limit < head);
          if (i >= stop) return this.#pause(state, i - start);
          if (bytes[i] !== SP) {
            return this.#refuse(400, targetReason(bytes[i]));
          }
          if (i - start === this.#targetStart) {
            return this.#refuse(400, "the target is empty");
          }
          this.#targetEnd = i - start;
          i++;
          state = State.Version;
        }
        // falls through
        case State.Version: {
          const version = start + this.#targetEnd + 1;
          if (i === version && stop - i >= 9 && isVersion(bytes, i)) {
            this.#minor = bytes[i + 7] === ZERO ? 0 : 1;
            i += 9;
          }
          for (; i < stop && i - version < 9; i++) {
            const status = this.#checkVersion(i - version, bytes[i]);
            if (status !== 0) return status;
          }
          if (i - version < 9) {
            if (i >= limit && i - version < 8) {
              return this.#refuseLine(limit < head);
            }
            // The line's end does not count.
            if (i >= head) return this.#refuseLine(false);
            if (i >= end) return this.#pause(state, i - start);
            const status = this.#checkVersion(8, bytes[i]);
            if (status !== 0) return status;
            i++;
          }
          const status = this.#checkTarget(bytes, start);
          if (status !== 0) return status;
          state = State.LineFeed;
        }
        // falls through
        case State.LineFeed: {
          if (i >= head) return this.#refuseLine(false);
          if (i >= end) return this.#pause(state, i - start);
          if (bytes[i] !== LF) return this.#refuse(400, BARE_REASON);
          this.#state = State.Fields;
          this.#section.reset(i + 1 - start);
          return 0;
        }
        case State.StartLineFeed: {
          if (i >= end) return this.#pause(state, i - start);
          if (bytes[i] !== LF) return this.#refuse(400, BARE_REASON);
          i++;
          state = State.Start;
        }
      }
    }
  }

  /** Checks one byte of `HTTP/1.1` and the carriage return after it. */
  #checkVersion(index: number, byte: number): number {
    if (index < 5) {
      return byte === PROTOCOL.charCodeAt(index)
        ? 0
        : this.#refuse(400, "the request line does not end with its version");
    }
    if (index === 6) {
      return byte === 0x2e ? 0 : this.#refuse(400, VERSION_REASON);
    }
    if (index === 8) {
      return byte === CR ? 0 : this.#refuse(
        400,
        byte === LF
          ? BARE_REASON
          : "the request line goes on after its version",
      );
    }
    const digit = byte - ZERO;
    if (digit < 0 || digit > 9) return this.#refuse(400, VERSION_REASON);
    if (index === 5 ? digit !== 1 : digit > 1) {
      return this.#refuse(505, "the version is neither HTTP/1.0 nor HTTP/1.1");
    }
    this.#minor = digit === 1 ? 1 : 0;
    return 0;
  }

  /** Checks the form of the target, and finds the end of its authority if it has one. */
  #checkTarget(bytes: Uint8Array, start: number): number {
    const from = start + this.#targetStart;
    const to = start + this.#targetEnd;
    this.#authorityEnd = 0;
    const method = start + this.#methodStart;
    if (equals(bytes, method, from - 1, "CONNECT")) {
      // A tunnel would make a proxy of the server: the method is not implemented for any target.
      return this.#refuse(501, "CONNECT is not implemented");
    }
    if (bytes[from] === SLASH) return 0;
    if (bytes[from] === STAR && to - from === 1) {
      return equals(bytes, method, from - 1, "OPTIONS")
        ? 0
        : this.#refuse(400, "the target * is for OPTIONS alone");
    }
    const authority = from + schemeLength(bytes, from, to);
    if (authority === from) {
      return this.#refuse(
        400,
        "the target is neither a path nor an http URL",
      );
    }
    let end = authority;
    while (end < to && bytes[end] !== SLASH && bytes[end] !== QUESTION) end++;
    if (!isAuthority(bytes, authority, end)) {
      return this.#refuse(400, "the target's authority is not valid");
    }
    this.#authorityEnd = end - start;
    return 0;
  }

  #complete(bytes: Uint8Array, start: number, length: number): number {
    const framing = this.#framing;
    const status = framing.read(bytes, start, this.#section, this.#minor);
    if (status < 0) return this.#refuse(-status, framing.reason);
    this.#at = length;
    this.#state = State.Complete;
    const from = start + this.#targetStart;
    this.#setMethod(bytes, start + this.#methodStart, from - 1);
    const to = start + this.#targetEnd;
    if (this.#authorityEnd > 0) {
      this.#setAbsolute(bytes, from, start + this.#authorityEnd, to);
    } else {
      this.#host = framing.host;
      if (!equals(bytes, from, to, this.#target)) {
        this.#target = latin1(bytes, from, to);
      }
      this.#path = this.#target;
    }
    const different = ++this.#different;
    if (
      length <= LONGEST &&
      (different < DIFFERENT || different % DIFFERENT === 0)
    ) {
      this.#remember(bytes, start, length);
    }
    return length;
  }

  #setMethod(bytes: Uint8Array, from: number, to: number): void {
    if (equals(bytes, from, to, this.#method)) return;
    for (const method of METHODS) {
      if (equals(bytes, from, to, method)) {
        this.#method = method;
        return;
      }
    }
    this.#method = latin1(bytes, from, to);
  }

  /** Takes host and path from an absolute target, which has precedence over Host (RFC 9112, section 3.2.2). */
  #setAbsolute(
    bytes: Uint8Array,
    from: number,
    authorityEnd: number,
    to: number,
  ): void {
    this.#target = latin1(bytes, from, to);
    const scheme = schemeLength(bytes, from, to);
    this.#host = this.#target.slice(scheme, authorityEnd - from);
    const rest = this.#target.slice(authorityEnd - from);
    if (rest.startsWith("/")) this.#path = rest;
    else if (rest === "" && this.#method === "OPTIONS") this.#path = "*";
    else this.#path = `/${rest}`;
  }

  #remember(bytes: Uint8Array, start: number, length: number): void {
    const known = this.#known;
    const singly = length < SINGLY ? length : SINGLY;
    for (let i = 0; i < singly; i++) known[i] = bytes[start + i];
    this.#knownRest = length > SINGLY
      ? latin1(bytes, start + SINGLY, start + length)
      : "";
    this.#knownLength = length;
  }

  /** True if the bytes start with the head before: then all properties are right already. */
  #isKnown(bytes: Uint8Array, start: number, end: number): boolean {
    const length = this.#knownLength;
    if (length === 0 || end - start < length) return false;
    const known = this.#known;
    const singly = length < SINGLY ? length : SINGLY;
    for (let i = 0; i < singly; i++) {
      if (known[i] !== bytes[start + i]) return false;
    }
    return length <= SINGLY ||
      latin1(bytes, start + SINGLY, start + length) === this.#knownRest;
  }

  #pause(state: State, at: number): number {
    this.#state = state;
    this.#at = at;
    return 0;
  }

  #refuseLine(isLine: boolean): number {
    return isLine
      ? this.#refuse(414, "the request line is too long")
      : this.#refuse(431, "the head is too long");
  }

  #refuse(status: number, reason: string): number {
    this.#state = State.Refused;
    this.#status = status;
    this.#reason = reason;
    return -status;
  }
}

const PROTOCOL = "HTTP/";
const VERSION_REASON = "the version is not of the form HTTP/1.1";
const METHOD_REASON = "the request line does not start with a method";
const BARE_REASON = "a line does not end with carriage return and line feed";

/** Methods that need no new text. */
const METHODS = ["GET", "POST", "PUT", "HEAD", "DELETE", "PATCH", "OPTIONS"];

/** True for `HTTP/1.0` or `HTTP/1.1` with a carriage return after it, the usual case in one step. */
function isVersion(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0x48 && bytes[at + 1] === 0x54 &&
    bytes[at + 2] === 0x54 && bytes[at + 3] === 0x50 &&
    bytes[at + 4] === SLASH && bytes[at + 5] === ZERO + 1 &&
    bytes[at + 6] === 0x2e && (bytes[at + 7] | 1) === ZERO + 1 &&
    bytes[at + 8] === CR;
}

function targetReason(byte: number): string {
  return byte === CR || byte === LF
    ? "the request line has no version"
    : "the target contains a character that is not allowed";
}

/** Length of `http://` or `https://` at the start of a target; 0 if there is neither. */
function schemeLength(bytes: Uint8Array, from: number, to: number): number {
  if (to - from > 7 && spells(bytes, from, from + 7, "http://")) return 7;
  if (to - from > 8 && spells(bytes, from, from + 8, "https://")) return 8;
  return 0;
}

/** True if bytes are a name in lower case, whatever their own case. */
function isNamed(
  bytes: Uint8Array,
  from: number,
  to: number,
  name: string,
): boolean {
  if (to - from !== name.length) return false;
  for (let i = 0; i < name.length; i++) {
    const byte = bytes[from + i];
    const lower = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
    if (lower !== name.charCodeAt(i)) return false;
  }
  return true;
}
