/**
 * Holds the event loop, as a synchronous handler does.
 *
 * @module
 */
import type { Clock } from "../../core/plugin.ts";

/** A clock that says the same so many times in a row does not move by itself: it is a virtual one. */
const STANDSTILL = 10_000;

/**
 * Burns until a time has passed; where the clock is a virtual one, not at all.
 *
 * @param length in milliseconds
 * @returns how long it really took, in milliseconds
 */
export function burn(clock: Pick<Clock, "now">, length: number): number {
  const start = clock.now();
  const end = start + length;
  let now = start;
  for (let still = 0; now < end && still < STANDSTILL;) {
    const next = clock.now();
    still = next === now ? still + 1 : 0;
    now = next;
  }
  return now - start;
}
