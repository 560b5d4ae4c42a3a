/**
 * The framing of a chunked body (RFC 9112, section 7.1): counts the bytes of the data, and hands them on where they are wanted.
 *
 * @module
 */
import type { KeptBody } from "./_kept_body.ts";

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const SPACE = 32;
const SEMICOLON = 59;
/** Twelve digits are 256 TiB, and stay far below the numbers that are whole. */
const MOST_DIGITS = 12;

/** Reads one chunked body after the other. */
export class ChunkedBody {
  #part: "size" | "extension" | "data" | "end" | "trailer" = "size";
  #digits = 0;
  #remaining = 0;
  #lineLength = 0;
  /** The bytes of data so far. */
  length = 0;
  /** Whether the last chunk and the trailer have come. */
  complete = false;

  /** Waits for the next body. */
  start(): void {
    this.length = 0;
    this.complete = false;
    this.#expectChunk();
  }

  /**
   * Reads the bytes between two places.
   *
   * @param keep where the data goes; undefined where nobody wants it
   * @returns the place after the body's last byte, or the end of the bytes where the body goes on
   * @throws RangeError where they are not a chunked body
   */
  read(bytes: Uint8Array, from: number, keep: KeptBody | undefined): number {
    const to = bytes.length;
    let i = from;
    while (i < to && !this.complete) {
      if (this.#part === "data") {
        const end = i + Math.min(this.#remaining, to - i);
        keep?.add(bytes, i, end);
        this.#remaining -= end - i;
        this.length += end - i;
        i = end;
        if (this.#remaining === 0) this.#part = "end";
      } else this.#readFraming(bytes[i++]);
    }
    return i;
  }

  #expectChunk(): void {
    this.#part = "size";
    this.#digits = 0;
    this.#remaining = 0;
  }

  #readFraming(byte: number): void {
    if (byte === CARRIAGE_RETURN) return;
    if (this.#part === "trailer") this.#readTrailer(byte);
    else if (byte === LINE_FEED) this.#endLine();
    else if (this.#part === "size") this.#readSize(byte);
    else if (this.#part === "end") {
      throw new RangeError("The data of a chunk does not end where it should");
    }
  }

  #endLine(): void {
    if (this.#part === "end") return this.#expectChunk();
    if (this.#digits === 0) {
      throw new RangeError("The size of a chunk is missing");
    }
    this.#part = this.#remaining > 0 ? "data" : "trailer";
    this.#lineLength = 0;
  }

  #readSize(byte: number): void {
    const digit = hexDigit(byte);
    if (digit >= 0 && ++this.#digits <= MOST_DIGITS) {
      this.#remaining = this.#remaining * 16 + digit;
    } else if (this.#digits > 0 && (byte === SEMICOLON || byte === SPACE)) {
      this.#part = "extension";
    } else throw new RangeError("The size of a chunk is not a number");
  }

  #readTrailer(byte: number): void {
    if (byte !== LINE_FEED) this.#lineLength++;
    else if (this.#lineLength === 0) this.complete = true;
    else this.#lineLength = 0;
  }
}

/** The value of a hexadecimal digit; −1 where it is none. */
function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
