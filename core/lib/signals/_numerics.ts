/**
 * Numerical methods for signals: areas despite rounding, roots, breaks and cycles of parts.
 *
 * @module
 */
import type { Cycle, Form } from "./_form.ts";

/** A few units in the last place, relative. */
const ROUNDING = 2 ** -50;

/**
 * Returns true if an integral has reached an area, apart from rounding. Without that tolerance, an arrival that is due at the
 * very end of an interval would be late by the whole pause that follows it.
 */
export function reached(integral: number, area: number): boolean {
  return integral >= area * (1 - ROUNDING);
}

/** Splits an area into whole cycles and a rest, which is above 0 and at most the area of one cycle. */
export function wholeCycles(
  area: number,
  perCycle: number,
): readonly [count: number, rest: number] {
  const count = Math.max(0, Math.ceil(area / perCycle * (1 - ROUNDING)) - 1);
  return [count, Math.min(area - count * perCycle, perCycle)];
}

/** Maximum number of iterations, more than bisection needs for any two doubles of similar magnitude. */
const STEPS = 200;

/** Newton's step squares the error, so after a step this short, relative to the interval, the result is final. */
const SHORT = 1e-8;

/** A function that never decreases, and its derivative. */
export interface Rising {
  /** The function. */
  readonly value: (x: number) => number;
  /** Derivative of the function. */
  readonly slope: (x: number) => number;
}

/** An interval that contains a root. */
export interface Bracket {
  /** Lower end, where the function is at most the target. */
  readonly low: number;
  /** Upper end, where the function is at least the target. */
  readonly high: number;
  /** Start of the iteration, between the two ends. */
  readonly guess: number;
}

/** Finds the least x at which a function reaches a target, by Newton's method with bisection as a fallback. */
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

/** A signal as part of a longer one. Times in ms. */
export interface Placed {
  /** The part. */
  readonly signal: Form;
  /** Time of the whole at which the part begins. */
  readonly from: number;
  /** Time of the whole at which the part is cut off. */
  readonly to: number;
}

/**
 * Next break of a part after a time of the whole; the end of the part if there is none before it. A break that only seems to
 * be still to come, because of rounding, is skipped.
 */
export function shiftedBreak(
  { signal, from, to }: Placed,
  time: number,
): number {
  let within = Math.max(0, time - from);
  for (;;) {
    within = signal.nextBreak(within);
    const next = from + within;
    if (!(next < to)) return to;
    if (next > time) return next;
  }
}

/** Next time at which any of several signals may jump or bend. */
export function earliestBreak(
  parts: readonly Form[],
): (time: number) => number {
  return (time) => {
    let next = Infinity;
    for (let i = 0; i < parts.length; i++) {
      next = Math.min(next, parts[i].nextBreak(time));
    }
    return next;
  };
}

/** Periods are compared in nanoseconds; this many in a ms. */
const NANOSECONDS = 1e6;

/** Cycle of a sum or product of signals; undefined if they have no common cycle. */
export function commonCycle(
  cycles: readonly (Cycle | undefined)[],
): Cycle | undefined {
  return cycles.reduce((a, b) => {
    if (a === undefined || b === undefined) return undefined;
    const period = leastCommonMultiple(a.period, b.period);
    return period === undefined
      ? undefined
      : { from: Math.max(a.from, b.from), period };
  });
}

/** Least common multiple of two periods; undefined if there is none that is a safe integer of nanoseconds. */
function leastCommonMultiple(a: number, b: number): number | undefined {
  if (a === 0 || b === 0 || a === b) return Math.max(a, b);
  const [x, y] = [Math.round(a * NANOSECONDS), Math.round(b * NANOSECONDS)];
  if (x / NANOSECONDS !== a || y / NANOSECONDS !== b) return undefined;
  const multiple = x / greatestCommonDivisor(x, y) * y;
  return multiple <= Number.MAX_SAFE_INTEGER
    ? multiple / NANOSECONDS
    : undefined;
}

function greatestCommonDivisor(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}
