/**
 * The log-linear scale: 128 equal buckets in each octave. A bucket's key is the exponent and the top seven bits of the
 * mantissa of its values as IEEE doubles, so that finding it takes one store, one load and one shift.
 *
 * @module
 */

/** How many buckets share an octave. */
export const BUCKETS_PER_OCTAVE = 128;

/** Values below this many milliseconds, about a nanosecond, are one bucket. */
export const TINY = 2 ** -20;

/** The key of the bucket of all values below {@linkcode TINY}; no other bucket has it. */
export const TINY_KEY = 0;

const SHIFT = 13;
const HALF_BUCKET = 1 << (SHIFT - 1);
const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);
// 1 where the machine is little-endian, 0 where it is not.
const HIGH = new Uint8Array(new Uint32Array([1]).buffer)[0];

/**
 * The key of the bucket that holds a value of at least {@linkcode TINY}; smaller ones have keys below all of these.
 *
 * @param value at least 0 and finite, or −0
 */
export function keyOf(value: number): number {
  // −0 + 0 is 0: its sign bit would look like a giant.
  double[0] = value + 0;
  return words[HIGH] >>> SHIFT;
}

/** The least value of a bucket; the bucket ends where the next key's begins. */
export function lowerEnd(key: number): number {
  words[HIGH] = key << SHIFT;
  words[1 - HIGH] = 0;
  return double[0];
}

/** The middle of a bucket, at most 1/256 (0.4 %) away from each value in it. */
export function midpoint(key: number): number {
  words[HIGH] = (key << SHIFT) | HALF_BUCKET;
  words[1 - HIGH] = 0;
  return double[0];
}
