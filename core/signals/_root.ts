/** More steps than bisection needs for any two doubles of like magnitude. */
const STEPS = 200;

/** A function that never falls, and its derivative. */
export interface Rising {
  readonly value: (x: number) => number;
  readonly slope: (x: number) => number;
}

/**
 * The least x between two at which a function reaches a target: Newton's steps, and bisection where these lead astray.
 *
 * @param low where the function is at most the target
 * @param high where it is at least the target
 */
export function leastRoot(
  { value, slope }: Rising,
  target: number,
  [low, high]: readonly [low: number, high: number],
): number {
  let x = (low + high) / 2;
  for (let step = 0; step < STEPS; step++) {
    const excess = value(x) - target;
    const rise = slope(x);
    if (excess === 0 && rise > 0) return x;
    if (excess < 0) low = x;
    else high = x;
    let next = x - excess / rise;
    if (!(next > low && next < high)) next = (low + high) / 2;
    if (Math.abs(next - x) <= Number.EPSILON * Math.abs(x)) return next;
    x = next;
  }
  return x;
}
