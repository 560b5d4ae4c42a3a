/**
 * Writes lines of headers as bytes. A text that is put together for each answer would be garbage of a kilobyte each.
 *
 * @module
 */

const ZERO = 0x30;
const DOT = 0x2e;
const HEX = new TextEncoder().encode("0123456789abcdef");
const decoder = new TextDecoder();

/** Longest text whose view is kept, in bytes. */
const USUAL = 512;

/** Whole numbers up to here have digits that 32-bit arithmetic finds. */
const SMALL = 2 ** 31;

/** ASCII in a buffer that is used again for the next text. Copy the bytes to keep them for longer. */
export class AsciiWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #length = 0;
  /** Views of the first bytes, by their number: most texts have one of few lengths. */
  #views: (Uint8Array<ArrayBuffer> | undefined)[] = [];

  /** @param size initial size of the buffer, in bytes. Default 512 */
  constructor(size = USUAL) {
    this.#bytes = new Uint8Array(size);
  }

  /** The bytes written since the last {@linkcode AsciiWriter.clear}: valid until the next one. */
  get bytes(): Uint8Array<ArrayBuffer> {
    const length = this.#length;
    if (length > USUAL) return this.#bytes.subarray(0, length);
    return this.#views[length] ??= this.#bytes.subarray(0, length);
  }

  /** Begins a new text. */
  clear(): this {
    this.#length = 0;
    return this;
  }

  /** Writes a text, whose characters must be ASCII. */
  text(text: string): this {
    const { length } = text;
    const bytes = this.#room(length);
    let at = this.#length;
    for (let i = 0; i < length; i++) bytes[at++] = text.charCodeAt(i);
    this.#length = at;
    return this;
  }

  /** Writes a whole number from 0 on in decimal digits. */
  whole(number: number): this {
    if (!(number < SMALL)) return this.text(`${number}`);
    const bytes = this.#room(10);
    let rest = number | 0;
    let digits = 1;
    for (let limit = 10; digits < 10 && rest >= limit; limit *= 10) digits++;
    for (let at = this.#length + digits - 1; at >= this.#length; at--) {
      const tenth = rest / 10 | 0;
      bytes[at] = ZERO + rest - tenth * 10;
      rest = tenth;
    }
    this.#length += digits;
    return this;
  }

  /** Writes a duration in ms with three decimals; one below 0 as 0. */
  milliseconds(duration: number): this {
    const microseconds = Math.max(Math.round(duration * 1000), 0);
    const whole = Math.floor(microseconds / 1000);
    this.whole(whole);
    const fraction = microseconds - whole * 1000 | 0;
    const bytes = this.#room(4);
    const at = this.#length;
    const hundreds = fraction / 100 | 0;
    const tens = fraction / 10 | 0;
    bytes[at] = DOT;
    bytes[at + 1] = ZERO + hundreds;
    bytes[at + 2] = ZERO + tens - hundreds * 10;
    bytes[at + 3] = ZERO + fraction - tens * 10;
    this.#length = at + 4;
    return this;
  }

  /** Writes a word of 32 bits as 8 hexadecimal digits. */
  hex(word: number): this {
    const bytes = this.#room(8);
    const at = this.#length;
    for (let i = 0; i < 8; i++) bytes[at + i] = HEX[word >>> 28 - 4 * i & 15];
    this.#length = at + 8;
    return this;
  }

  /** Returns what was written as a text. */
  toString(): string {
    return decoder.decode(this.bytes);
  }

  /** Returns the buffer, with room for more bytes. */
  #room(more: number): Uint8Array<ArrayBuffer> {
    const bytes = this.#bytes;
    const needed = this.#length + more;
    if (needed <= bytes.length) return bytes;
    const larger = new Uint8Array(Math.max(needed, 2 * bytes.length));
    larger.set(bytes);
    this.#views = [];
    return this.#bytes = larger;
  }
}
