/**
 * Threefry2x32-20, a counter-based random number generator: a keyed bijection of 64-bit blocks. Any draw can be computed
 * without the draws before it.
 *
 * Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11, 2011 (Random123).
 *
 * @module
 */

/** Parity constant of the key schedule. */
const PARITY = 0x1BD11BDA;

/** Threefry2x32 with twenty rounds and one key. */
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
