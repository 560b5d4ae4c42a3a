/**
 * A 32-bit hash of text, for header values used in place of sequence numbers and for the names of purposes.
 *
 * @module
 */

const encoder = new TextEncoder();

/** Buffer for short texts. encodeInto() is five times as fast as encode(), and the hash is computed for each request. */
const scratch = new Uint8Array(1024);

/**
 * MurmurHash3_x86_32 of the text's UTF-8 bytes with seed 0. Flipping one bit of the text flips each bit of the hash with
 * probability 1/2. Not suitable for secrets.
 *
 * Source: Austin Appleby, MurmurHash3, https://github.com/aappleby/smhasher (public domain).
 *
 * @returns an integer from 0 to 2^32 − 1
 */
export function hashKey(text: string): number {
  let bytes = scratch;
  const { read, written } = encoder.encodeInto(text, scratch);
  let length = written;
  if (read < text.length) {
    bytes = encoder.encode(text);
    length = bytes.length;
  }
  const whole = length & ~3;
  let hash = 0;
  for (let i = 0; i < whole; i += 4) {
    const block = bytes[i] | bytes[i + 1] << 8 | bytes[i + 2] << 16 |
      bytes[i + 3] << 24;
    hash ^= scramble(block);
    hash = hash << 13 | hash >>> 19;
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (let i = length - 1; i >= whole; i--) tail = tail << 8 | bytes[i];
  hash ^= scramble(tail) ^ length;
  hash = Math.imul(hash ^ hash >>> 16, 0x85ebca6b);
  hash = Math.imul(hash ^ hash >>> 13, 0xc2b2ae35);
  return (hash ^ hash >>> 16) >>> 0;
}

function scramble(block: number): number {
  const product = Math.imul(block, 0xcc9e2d51);
  return Math.imul(product << 15 | product >>> 17, 0x1b873593);
}
