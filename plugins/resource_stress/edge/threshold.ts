/**
 * A threshold with hysteresis.
 *
 * @module
 */

/** Where something begins and where it ends. */
export interface Threshold {
  /** It begins at this level. */
  readonly at: number;
  /** It ends below this level, which is not above the other. */
  readonly until: number;
}

/**
 * Whether it goes on or begins (O. H. Schmitt, "A thermionic trigger", 1938).
 *
 * @param on whether it has begun
 */
export function holds(
  threshold: Threshold,
  on: boolean,
  level: number,
): boolean {
  return level >= (on ? threshold.until : threshold.at);
}
