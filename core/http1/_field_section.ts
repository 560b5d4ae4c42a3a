/**
 * Header lines up to the blank line after them (RFC 9112, section 5): of a request's head, or of a chunked body's trailers.
 *
 * @module
 */
import { CR, LF, SP, TAB, TOKEN, VALUE } from "./_bytes.ts";

const COLON = 0x3a;

/** Lines that there is room for at first. */
const ROOM = 16;

/** Integers per line: where its name starts and ends, and where its value starts and ends. */
export const STRIDE = 4;

const enum State {
  LineStart,
  Name,
  BeforeValue,
  Value,
  LineFeed,
  LastLineFeed,
  Refused,
}

/** A parser that can stop after any byte and go on later. It keeps positions, not bytes. */
export class FieldSection {
  /** Positions of the lines in pairs from `start`: see {@link STRIDE}. Empty if the lines are discarded. */
  positions: Int32Array;
  /** Number of complete lines. */
  lines = 0;
  /** Reason of a refusal in words; empty if there is none. */
  reason = "";

  readonly #count: number;
  readonly #keeps: boolean;
  #state = State.LineStart;
  #at = 0;
  #nameStart = 0;
  #nameEnd = 0;
  #valueStart = 0;

  /**
   * @param count number of lines that are allowed
   * @param keeps false if the lines are only checked
   */
  constructor(count: number, keeps: boolean) {
    this.#count = count;
    this.#keeps = keeps;
    this.positions = new Int32Array(keeps ? ROOM * STRIDE : 0);
  }

  /** Starts anew, with the first line `at` bytes after `start`. */
  reset(at: number): void {
    this.lines = 0;
    this.reason = "";
    this.#state = State.LineStart;
    this.#at = at;
  }

  /**
   * Parses on.
   *
   * @param start index that positions count from; may be outside of the bytes
   * @param end index after the bytes that have arrived
   * @param limit index after the last byte that is allowed
   * @returns index after the blank line; 0: more bytes are needed; < 0: minus the status of the refusal
   */
  parse(bytes: Uint8Array, start: number, end: number, limit: number): number {
    const stop = end < limit ? end : limit;
    let i = start + this.#at;
    let state = this.#state;
    for (;;) {
      switch (state) {
        case State.LineStart: {
          if (i >= stop) return this.#pause(state, i - start, i >= limit);
          const byte = bytes[i];
          if (byte === CR) {
            i++;
            state = State.LastLineFeed;
            continue;
          }
          if (TOKEN[byte] === 0) return this.#refuse(400, startReason(byte));
          if (this.lines >= this.#count) {
            return this.#refuse(431, "there are too many header lines");
          }
          this.#nameStart = i - start;
          i++;
          state = State.Name;
        }
        // falls through
        case State.Name: {
          while (i < stop && TOKEN[bytes[i]] === 1) i++;
          if (i >= stop) return this.#pause(state, i - start, i >= limit);
          if (bytes[i] !== COLON) {
            return this.#refuse(400, nameReason(bytes[i]));
          }
          this.#nameEnd = i - start;
          i++;
          state = State.BeforeValue;
        }
        // falls through
        case State.BeforeValue: {
          while (i < stop && (bytes[i] === SP || bytes[i] === TAB)) i++;
          if (i >= stop) return this.#pause(state, i - start, i >= limit);
          this.#valueStart = i - start;
          state = State.Value;
        }
        // falls through
        case State.Value: {
          while (i < stop && VALUE[bytes[i]] === 1) i++;
          if (i >= stop) return this.#pause(state, i - start, i >= limit);
          if (bytes[i] !== CR) return this.#refuse(400, valueReason(bytes[i]));
          i++;
          state = State.LineFeed;
        }
        // falls through
        case State.LineFeed: {
          if (i >= stop) return this.#pause(state, i - start, i >= limit);
          if (bytes[i] !== LF) {
            return this.#refuse(400, "a carriage return has no line feed");
          }
          if (this.#keeps) this.#keep(bytes, start, i - 1);
          this.lines++;
          i++;
          state = State.LineStart;
          continue;
        }
        case State.LastLineFeed: {
          if (i >= stop) return this.#pause(state, i - start, i >= limit);
          if (bytes[i] !== LF) {
            return this.#refuse(400, "a carriage return has no line feed");
          }
          return i + 1;
        }
        default:
          return this.#refuse(400, this.reason);
      }
    }
  }

  #keep(bytes: Uint8Array, start: number, end: number): void {
    const from = this.#valueStart;
    let to = end - start;
    while (
      to > from &&
      (bytes[start + to - 1] === SP || bytes[start + to - 1] === TAB)
    ) to--;
    const at = this.lines * STRIDE;
    if (at === this.positions.length) {
      const more = new Int32Array(2 * at);
      more.set(this.positions);
      this.positions = more;
    }
    const positions = this.positions;
    positions[at] = this.#nameStart;
    positions[at + 1] = this.#nameEnd;
    positions[at + 2] = from;
    positions[at + 3] = to;
  }

  #pause(state: State, at: number, isFull: boolean): number {
    if (isFull) return this.#refuse(431, "the header lines are too long");
    this.#state = state;
    this.#at = at;
    return 0;
  }

  #refuse(status: number, reason: string): number {
    this.#state = State.Refused;
    this.reason = reason;
    return -status;
  }
}

function startReason(byte: number): string {
  if (byte === SP || byte === TAB) {
    return "a header line starts with white space";
  }
  if (byte === COLON) return "a header line has no name";
  if (byte === LF) return "a line feed has no carriage return";
  return "a header's name contains a character that is not allowed";
}

function nameReason(byte: number): string {
  if (byte === SP || byte === TAB) {
    return "a header's name is followed by white space";
  }
  if (byte === CR || byte === LF) return "a header line has no colon";
  return "a header's name contains a character that is not allowed";
}

function valueReason(byte: number): string {
  return byte === LF
    ? "a line feed has no carriage return"
    : "a header's value contains a control character";
}
