/**
 * Writer of protocol buffers, for the few kinds of fields that metrics need.
 *
 * @see https://protobuf.dev/programming-guides/encoding/
 * @module
 */

const VARINT = 0;
const FIXED_64 = 1;
const LENGTH_DELIMITED = 2;

const encoder = new TextEncoder();

/** Writes the fields of messages into a buffer that grows. Field numbers are at least 1. */
export class ProtobufWriter {
  #bytes = new Uint8Array(4096);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  /** Number of bytes written since the last {@linkcode ProtobufWriter.take}. */
  get length(): number {
    return this.#length;
  }

  /** Writes a whole number of at least 0, as uint32, uint64, int64 or an enumeration. */
  uint(field: number, value: number): void {
    this.#tag(field, VARINT);
    this.varint(value);
  }

  /** Writes a whole number, as sint32 or sint64. */
  sint(field: number, value: number): void {
    this.uint(field, zigzag(value));
  }

  /** Writes a number as double. */
  double(field: number, value: number): void {
    this.#tag(field, FIXED_64);
    this.#reserve(8);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  /** Writes a text. */
  string(field: number, value: string): void {
    this.bytes(field, encoder.encode(value));
  }

  /** Writes a message that is encoded already, or other bytes. */
  bytes(field: number, value: Uint8Array): void {
    this.#tag(field, LENGTH_DELIMITED);
    this.varint(value.length);
    this.raw(value);
  }

  /** Writes a list of whole numbers as packed sint64. */
  packedSints(field: number, values: readonly number[]): void {
    const start = this.begin(field);
    for (const value of values) this.varint(zigzag(value));
    this.end(start);
  }

  /**
   * Begins a message. All fields until {@linkcode ProtobufWriter.end} are part of it.
   *
   * @returns position to end the message with
   */
  begin(field: number): number {
    this.#tag(field, LENGTH_DELIMITED);
    return this.#length;
  }

  /** Ends the message that began at this position. */
  end(start: number): void {
    const size = this.#length - start;
    const width = widthOf(size);
    this.#reserve(width);
    this.#bytes.copyWithin(start + width, start, this.#length);
    this.#length = start;
    this.varint(size);
    this.#length += size;
  }

  /**
   * Writes a message of a whole number and a double, which most of the bytes of a scrape are: its size is known beforehand.
   *
   * @param fields numbers of the two fields, up to 15
   */
  pair(
    field: number,
    fields: { readonly whole: number; readonly double: number },
    values: { readonly whole: number; readonly double: number },
  ): void {
    this.#tag(field, LENGTH_DELIMITED);
    this.varint(1 + widthOf(values.whole) + 9);
    this.uint(fields.whole, values.whole);
    this.double(fields.double, values.double);
  }

  /** Writes a whole number of at least 0 without a field, such as the length before a delimited message. */
  varint(value: number): void {
    this.#reserve(10);
    if (value < 0x80) {
      this.#bytes[this.#length++] = value;
      return;
    }
    // No bitwise operators on the whole number: it may have more than 32 bits.
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = rest % 0x80 + 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }

  /** Writes bytes without a field. */
  raw(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  /** Returns a copy of what was written, and begins again. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    return taken;
  }

  #tag(field: number, type: number): void {
    this.varint(field * 8 + type);
  }

  #reserve(size: number): void {
    const needed = this.#length + size;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

function zigzag(value: number): number {
  return value >= 0 ? 2 * value : -2 * value - 1;
}

function widthOf(value: number): number {
  let width = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) width++;
  return width;
}
