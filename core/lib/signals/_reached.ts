/** A few units in the last place, relative. */
const ROUNDING = 2 ** -50;

/**
 * Whether an integral has reached an area, rounding aside: where the signal is 0 afterwards, an arrival that is due at the
 * very end of what came before would otherwise be late by the whole pause.
 */
export function reached(integral: number, area: number): boolean {
  return integral >= area * (1 - ROUNDING);
}

/** How many whole cycles end before an area is reached, and what is left of it: above 0, at most one cycle's. */
export function wholeCycles(
  area: number,
  perCycle: number,
): readonly [count: number, rest: number] {
  const count = Math.max(0, Math.ceil(area / perCycle * (1 - ROUNDING)) - 1);
  return [count, Math.min(area - count * perCycle, perCycle)];
}
