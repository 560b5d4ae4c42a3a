/**
 * @module
 */
import type { Schedule } from "./schedule.ts";

/**
 * Arrivals as they were recorded.
 *
 * @param times in ms since the start, ascending
 */
export function recorded(times: Float64Array): Schedule {
  let index = 0;
  return { next: () => index < times.length ? times[index++] : Infinity };
}
