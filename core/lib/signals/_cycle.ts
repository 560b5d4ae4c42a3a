import type { Cycle } from "./_form.ts";

/** Periods are compared in nanoseconds. */
const NANOSECONDS = 1e6;

/** The cycle of signals that are added or multiplied; undefined where they have none in common. */
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

/** The least common multiple of two periods; undefined where there is none, or none that is a safe number of nanoseconds. */
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
