/**
 * Random order, and a fast generator for resampling.
 *
 * @module
 */

/** Copies items in random order (Fisher and Yates). */
export function shuffled<T>(items: readonly T[], next: () => number): T[] {
  const copy = [...items];
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [copy[i], copy[j]] = [copy[j], copy[i]];
  }
  return copy;
}

/**
 * Creates a generator of whole numbers below a bound, for resampling: xorshift32 (Marsaglia, "Xorshift RNGs", Journal of Statistical
 * Software 8, 2003).
 *
 * @param uniform number in (0, 1) that determines the sequence
 */
export function resampler(uniform: number): (bound: number) => number {
  let state = Math.floor(uniform * 0xFFFFFFFF) | 1;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return Math.floor((state >>> 0) / 0x100000000 * bound);
  };
}
