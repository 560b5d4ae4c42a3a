/**
 * What counts against a rate.
 *
 * @module
 */

/** Who comes when told is let in, whatever rounding did to the sum, in milliseconds. */
export const TOLERANCE = 1e-3;

/** How a {@linkcode Meter} stands. */
export interface Standing {
  /** How many requests of cost 1 would be let through now. */
  readonly remaining: number;
  /** After how many milliseconds more of the quota is there, where nothing is taken; 0 where all of it is. */
  readonly next: number;
}

/** Counts what one partition has used: a pool, a route, a client. */
export interface Meter {
  /**
   * Takes `cost` of the quota, or nothing.
   *
   * @param cost a whole number from 1 to the quota
   * @param now in milliseconds of the clock
   * @returns 0 where it was taken; else after how many milliseconds exactly it could be, where nothing else is
   */
  take(cost: number, now: number): number;
  /** How it stands; takes nothing. */
  standing(now: number): Standing;
}

/** What all algorithms are made of: `burst` requests at once, `burst` in every `window` on average. */
export interface Quota {
  /** The most that is let through at once: a whole number, at least 1. */
  readonly burst: number;
  /** In how long that much becomes free again, in milliseconds. */
  readonly window: number;
}
