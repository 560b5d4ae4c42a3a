/**
 * Returns the time by the clock on the wall.
 *
 * @param milliseconds time of a server's clock. In virtual time, which starts at 0, the start of the process counts as 0
 * @returns ms since 1970
 */
export function wallTime(milliseconds: number): number {
  return performance.timeOrigin + milliseconds;
}
