/**
 * UUIDs of an exchange, which are the same in every run with the same seed.
 *
 * @module
 */
import type { Stream } from "../../contract/values.ts";

/** Number of 32-bit words of a UUID. */
const WORDS = 4;

/** UUIDs of version 4 (RFC 9562), in order. All of one exchange differ, and those of two exchanges differ as random ones do. */
export class Uuids {
  readonly #base: Uint32Array;
  #next = 0;

  /**
   * @param stream of the route, for UUIDs alone
   * @param sequence sequence number of the exchange
   */
  constructor(stream: Stream, sequence: number) {
    this.#base = Uint32Array.from(
      { length: WORDS },
      (_, index) => stream.uniform(sequence, index) * 2 ** 32,
    );
  }

  /** Returns the next UUID. */
  next(): string {
    const place = this.#next++;
    const [a, b, c, d] = Array.from(
      this.#base,
      (word, index) => (word ^ mixed(place * WORDS + index)) >>> 0,
    );
    const [high, low] = [hex(b), hex(c)];
    const variant = (8 | Number.parseInt(low[0], 16) & 3).toString(16);
    return `${hex(a)}-${high.slice(0, 4)}-4${high.slice(5)}-${variant}${
      low.slice(1, 4)
    }-${low.slice(4)}${hex(d)}`;
  }
}

/** Finaliser of MurmurHash3: a bijection of 32-bit words, so that different places have different words. */
function mixed(place: number): number {
  let word = place | 0;
  word = Math.imul(word ^ word >>> 16, 0x85ebca6b);
  word = Math.imul(word ^ word >>> 13, 0xc2b2ae35);
  return word ^ word >>> 16;
}

function hex(word: number): string {
  return word.toString(16).padStart(8, "0");
}
