/**
 * Streams of random numbers. Each draw is a function of the seed, the route, the purpose, the sequence number and the index.
 * So draws do not depend on each other or on their order.
 *
 * Source of the generator: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11, 2011 (Random123).
 *
 * @module
 */
import type { Stream } from "../../contract/values.ts";
import { hashKey } from "./hash.ts";

/** Key of a route's streams: two 32-bit integers. */
export type StreamKey = readonly [first: number, second: number];

/** Number of bits in the second counter word for the index of the draw; the other twenty are for the purpose. */
const INDEX_BITS = 12;
const INDEX_MASK = (1 << INDEX_BITS) - 1;

/**
 * Computes the key of a route's streams: the first eight bytes, big-endian, of SHA-256 of the UTF-8 text `seed\0routeId`. The
 * seeds 42 and "42" give the same key.
 */
export async function streamKey(
  seed: number | string,
  routeId: string,
): Promise<StreamKey> {
  const text = new TextEncoder().encode(`${seed}\0${routeId}`);
  const digest = new DataView(await crypto.subtle.digest("SHA-256", text));
  return [digest.getInt32(0), digest.getInt32(4)];
}

/**
 * Creates the stream of one purpose under a key. Counter word 0 is the sequence number modulo 2^32. Word 1 is the upper
 * twenty bits of {@linkcode hashKey} of the purpose, followed by the index of the draw in twelve bits.
 */
export function createStream(key: StreamKey, purpose: string): Stream {
  const cipher = new Threefry(key[0], key[1]);
  const place = hashKey(purpose) & ~INDEX_MASK;
  return {
    uniform: (sequence: number, index = 0): number => {
      const block = cipher.encipher(sequence, place | (index & INDEX_MASK));
      return toUniform(block[0], block[1]);
    },
  };
}

/** Centre of one of 2^52 equal parts of (0, 1), so that neither 0 nor 1 is ever drawn. */
function toUniform(high: number, low: number): number {
  return ((high >>> 0) * 2 ** 20 + (low >>> 12) + 0.5) * 2 ** -52;
}

/** Parity constant of the key schedule. */
const PARITY = 0x1BD11BDA;

/**
 * Threefry2x32-20, a counter-based random number generator: a keyed bijection of 64-bit blocks with twenty rounds. Any draw
 * can be computed without the draws before it.
 */
export class Threefry {
  readonly #key0: number;
  readonly #key1: number;
  readonly #key2: number;
  readonly #block = new Int32Array(2);

  /**
   * Creates a cipher.
   *
   * @param key0 first word of the key, 32 bits
   * @param key1 second word of the key, 32 bits
   */
  constructor(key0: number, key1: number) {
    this.#key0 = key0 | 0;
    this.#key1 = key1 | 0;
    this.#key2 = PARITY ^ key0 ^ key1;
  }

  /**
   * Encrypts one counter. Both words are taken modulo 2^32.
   *
   * @returns two signed 32-bit words in an array that the next call overwrites, so that nothing is allocated
   */
  encipher(counter0: number, counter1: number): Int32Array {
    const key0 = this.#key0;
    const key1 = this.#key1;
    const key2 = this.#key2;
    let x = (counter0 + key0) | 0;
    let y = (counter1 + key1) | 0;
    // Unrolled. The rotations alternate between two sets of four, and a key is added after each set.
    x = (x + y) | 0;
    y = (y << 13 | y >>> 19) ^ x;
    x = (x + y) | 0;
    y = (y << 15 | y >>> 17) ^ x;
    x = (x + y) | 0;
    y = (y << 26 | y >>> 6) ^ x;
    x = (x + y) | 0;
    y = (y << 6 | y >>> 26) ^ x;
    x = (x + key1) | 0;
    y = (y + key2 + 1) | 0;
    x = (x + y) | 0;
    y = (y << 17 | y >>> 15) ^ x;
    x = (x + y) | 0;
    y = (y << 29 | y >>> 3) ^ x;
    x = (x + y) | 0;
    y = (y << 16 | y >>> 16) ^ x;
    x = (x + y) | 0;
    y = (y << 24 | y >>> 8) ^ x;
    x = (x + key2) | 0;
    y = (y + key0 + 2) | 0;
    x = (x + y) | 0;
    y = (y << 13 | y >>> 19) ^ x;
    x = (x + y) | 0;
    y = (y << 15 | y >>> 17) ^ x;
    x = (x + y) | 0;
    y = (y << 26 | y >>> 6) ^ x;
    x = (x + y) | 0;
    y = (y << 6 | y >>> 26) ^ x;
    x = (x + key0) | 0;
    y = (y + key1 + 3) | 0;
    x = (x + y) | 0;
    y = (y << 17 | y >>> 15) ^ x;
    x = (x + y) | 0;
    y = (y << 29 | y >>> 3) ^ x;
    x = (x + y) | 0;
    y = (y << 16 | y >>> 16) ^ x;
    x = (x + y) | 0;
    y = (y << 24 | y >>> 8) ^ x;
    x = (x + key1) | 0;
    y = (y + key2 + 4) | 0;
    x = (x + y) | 0;
    y = (y << 13 | y >>> 19) ^ x;
    x = (x + y) | 0;
    y = (y << 15 | y >>> 17) ^ x;
    x = (x + y) | 0;
    y = (y << 26 | y >>> 6) ^ x;
    x = (x + y) | 0;
    y = (y << 6 | y >>> 26) ^ x;
    const block = this.#block;
    block[0] = x + key2;
    block[1] = y + key0 + 5;
    return block;
  }
}
