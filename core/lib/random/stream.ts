/**
 * Streams of random numbers. Each draw is a function of the seed, the route, the purpose, the sequence number and the index.
 * So draws do not depend on each other or on their order.
 *
 * @module
 */
import type { Stream } from "../../contract/values.ts";
import { Threefry } from "./_threefry.ts";
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
