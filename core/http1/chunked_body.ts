/**
 * Decoder of a chunked body (RFC 9112, section 7.1), as strict as the parser of the head.
 *
 * @module
 */
import { CR, HEX, LF, SP, TAB, TOKEN, VALUE } from "./_bytes.ts";
import { FieldSection } from "./_field_section.ts";
import type { HeadLimits } from "./request_head.ts";

/** Digits of a chunk's size, leading zeros included. */
const DIGITS = 16;

/** Bytes of chunk extensions in one body. Nobody sends any but attackers, who hide requests or keep a server busy. */
const EXTENSIONS = 16384;

const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

const enum State {
  SizeStart,
  Size,
  BeforeSemicolon,
  BeforeName,
  Name,
  AfterName,
  BeforeValue,
  Value,
  Quoted,
  Escaped,
  AfterValue,
  SizeLineFeed,
  Data,
  DataReturn,
  DataLineFeed,
  Trailers,
  Done,
  Refused,
}

/** A decoder that can stop after any byte and go on later. It allocates no memory. */
export class ChunkedBody {
  readonly #limit: number;
  readonly #trailers: FieldSection;
  #state = State.SizeStart;
  #status = 0;
  #reason = "";
  /** Bytes of the current chunk that are still to come. */
  #rest = 0;
  #digits = 0;
  #extensions = 0;
  #trailerBytes = 0;

  /** @param limits for the trailers, which obey the rules of a head's header lines and are discarded */
  constructor(limits: HeadLimits) {
    this.#limit = limits.bytes;
    this.#trailers = new FieldSection(limits.count, false);
  }

  /** True after the last byte of the body. */
  get done(): boolean {
    return this.#state === State.Done;
  }

  /** Reason of a refusal in words, without a full stop; empty if there is none. */
  get reason(): string {
    return this.#reason;
  }

  /** Prepares for another body. */
  reset(): void {
    this.#state = State.SizeStart;
    this.#reason = "";
    this.#extensions = 0;
  }

  /**
   * Decodes on.
   *
   * @param bytes buffer that holds the next bytes of the body
   * @param start index of the first byte that was not decoded before
   * @param end index after the bytes that have arrived
   * @param emit called for each piece of data with the indices of its first byte and after its last one
   * @returns index after the decoded bytes: `end`, or less if the body ended before; < 0: minus the status to answer with before
   * closing: 400, 413 or 431
   */
  decode(
    bytes: Uint8Array,
    start: number,
    end: number,
    emit: (from: number, to: number) => void,
  ): number {
    let i = start;
    while (i < end) {
      switch (this.#state) {
        case State.Data: {
          const to = end - i < this.#rest ? end : i + this.#rest;
          this.#rest -= to - i;
          emit(i, to);
          i = to;
          if (this.#rest === 0) this.#state = State.DataReturn;
          break;
        }
        case State.Trailers: {
          const first = i - this.#trailerBytes;
          const after = this.#trailers.parse(
            bytes,
            first,
            end,
            first + this.#limit,
          );
          if (after < 0) return this.#refuse(-after, this.#trailers.reason);
          if (after === 0) {
            this.#trailerBytes = end - first;
            return end;
          }
          this.#state = State.Done;
          return after;
        }
        case State.Done:
          return i;
        case State.Refused:
          return -this.#status;
        default: {
          const status = this.#state >= State.SizeLineFeed
            ? this.#line(bytes[i])
            : this.#size(bytes[i]);
          if (status < 0) return status;
          i++;
        }
      }
    }
    return this.#state === State.Refused ? -this.#status : i;
  }

  /** Takes one byte of a line's end. */
  #line(byte: number): number {
    if (this.#state === State.DataReturn) {
      if (byte !== CR) return this.#refuse(400, "a chunk exceeds its size");
      this.#state = State.DataLineFeed;
      return 0;
    }
    if (byte !== LF) {
      return this.#refuse(400, "a carriage return has no line feed");
    }
    if (this.#state === State.DataLineFeed) this.#state = State.SizeStart;
    else if (this.#rest > 0) this.#state = State.Data;
    else {
      this.#trailers.reset(0);
      this.#trailerBytes = 0;
      this.#state = State.Trailers;
    }
    return 0;
  }

  /** Takes one byte of a chunk's size or of its extensions. */
  #size(byte: number): number {
    switch (this.#state) {
      case State.SizeStart: {
        const digit = HEX[byte];
        if (digit > 15) {
          return this.#refuse(400, "a chunk does not start with its size");
        }
        this.#rest = digit;
        this.#digits = 1;
        this.#state = State.Size;
        return 0;
      }
      case State.Size: {
        const digit = HEX[byte];
        if (digit > 15) return this.#afterSize(byte);
        this.#rest = 16 * this.#rest + digit;
        if (++this.#digits > DIGITS || this.#rest > Number.MAX_SAFE_INTEGER) {
          return this.#refuse(413, "a chunk's size is too large");
        }
        return 0;
      }
      default:
        return ++this.#extensions > EXTENSIONS
          ? this.#refuse(413, "the chunk extensions are too long")
          : this.#extension(byte);
    }
  }

  #afterSize(byte: number): number {
    if (byte === CR) return this.#go(State.SizeLineFeed);
    if (byte === SEMICOLON) return this.#go(State.BeforeName);
    if (isSpace(byte)) return this.#go(State.BeforeSemicolon);
    return this.#refuse(400, "a chunk's size is not a hexadecimal number");
  }

  #extension(byte: number): number {
    switch (this.#state) {
      case State.BeforeSemicolon:
        if (isSpace(byte)) return 0;
        if (byte === SEMICOLON) return this.#go(State.BeforeName);
        break;
      case State.BeforeName:
        if (isSpace(byte)) return 0;
        if (TOKEN[byte] === 1) return this.#go(State.Name);
        break;
      case State.Name:
        if (TOKEN[byte] === 1) return 0;
        if (byte === EQUALS) return this.#go(State.BeforeValue);
        if (isSpace(byte)) return this.#go(State.AfterName);
        return this.#extensionEnd(byte);
      case State.AfterName:
        if (isSpace(byte)) return 0;
        if (byte === EQUALS) return this.#go(State.BeforeValue);
        if (byte === SEMICOLON) return this.#go(State.BeforeName);
        break;
      case State.BeforeValue:
        if (isSpace(byte)) return 0;
        if (byte === QUOTE) return this.#go(State.Quoted);
        if (TOKEN[byte] === 1) return this.#go(State.Value);
        break;
      case State.Value:
        if (TOKEN[byte] === 1) return 0;
        if (isSpace(byte)) return this.#go(State.BeforeSemicolon);
        return this.#extensionEnd(byte);
      case State.Quoted:
        if (byte === QUOTE) return this.#go(State.AfterValue);
        if (byte === BACKSLASH) return this.#go(State.Escaped);
        if (VALUE[byte] === 1) return 0;
        break;
      case State.Escaped:
        if (VALUE[byte] === 1) return this.#go(State.Quoted);
        break;
      case State.AfterValue:
        if (isSpace(byte)) return this.#go(State.BeforeSemicolon);
        return this.#extensionEnd(byte);
    }
    return this.#refuse(400, "a chunk extension is not valid");
  }

  #extensionEnd(byte: number): number {
    if (byte === CR) return this.#go(State.SizeLineFeed);
    if (byte === SEMICOLON) return this.#go(State.BeforeName);
    return this.#refuse(400, "a chunk extension is not valid");
  }

  #go(state: State): number {
    this.#state = state;
    return 0;
  }

  #refuse(status: number, reason: string): number {
    this.#state = State.Refused;
    this.#status = status;
    this.#reason = reason;
    return -status;
  }
}

function isSpace(byte: number): boolean {
  return byte === SP || byte === TAB;
}
