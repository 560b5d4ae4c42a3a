import type { Clock } from "../../../core/plugin.ts";

/** Any source of the present, such as the server's clock. */
export type Present = Pick<Clock, "now">;

/**
 * The time of day, which no Clock knows: the server's clock counts from the start of the process.
 *
 * @param milliseconds of the server's clock
 * @returns milliseconds since 1970, with fractions
 */
export function wallTime(milliseconds: number): number {
  return performance.timeOrigin + milliseconds;
}
