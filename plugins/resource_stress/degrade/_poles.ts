/**
 * Formulas with a pole at a utilisation of 1 stop short of it.
 *
 * @module
 */

/** The highest utilisation that a formula with a pole at 1 is given. */
export const HIGHEST = 0.99;

/** ρ / (1 − ρ), which has its pole at 1; ρ from 0.99 on counts as 0.99. */
export function odds(share: number): number {
  const capped = Math.min(share, HIGHEST);
  return capped / (1 - capped);
}
