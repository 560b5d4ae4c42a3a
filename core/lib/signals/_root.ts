/** More steps than bisection needs for any two doubles of like magnitude. */
const STEPS = 200;

/** Newton's step squares the error: after one this short, relative to the interval, there is nothing left to gain. */
const SHORT = 1e-8;

/** A function that never falls, and its derivative. */
export interface Rising {
  /** The function. */
  readonly value: (x: number) => number;
  /** Its derivative. */
  readonly slope: (x: number) => number;
}

/** Where to look for a root. */
export interface Bracket {
  /** Where the function is at most the target. */
  readonly low: number;
  /** Where it is at least the target. */
  readonly high: number;
  /** Where to begin, within these. */
  readonly guess: number;
}

/**
 * The least x at which a function reaches a target: Newton's steps, and bisection where these lead astray.
 */
export function leastRoot(
  { value, slope }: Rising,
  target: number,
  { low, high, guess }: Bracket,
): number {
  const short = SHORT * (high - low);
  let x = guess;
  for (let step = 0; step < STEPS; step++) {
    const excess = value(x) - target;
    const rise = slope(x);
    if (excess === 0 && rise > 0) return x;
    if (excess < 0) low = x;
    else high = x;
    let next = x - excess / rise;
    if (!(next > low && next < high)) next = low + (high - low) / 2;
    else if (Math.abs(next - x) <= short) return next;
    if (Math.abs(next - x) <= Number.EPSILON * Math.abs(x)) return next;
    x = next;
  }
  return x;
}
