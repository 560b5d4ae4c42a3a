/**
 * Limits as the scripts of shared pools write them.
 *
 * @module
 */

/** Writes a limit as the script takes it: -1 for none. */
export function limitNumber(limit: number): number {
  return limit === Infinity ? -1 : limit;
}

/** Writes the value of a dial as the script takes it: an empty text where no dial sets one. */
export function limitText(limit: number | undefined): string | number {
  return limit === undefined ? "" : limitNumber(limit);
}

/** Reads a limit as the script gives it. */
export function limitOf(limit: number): number {
  return limit < 0 ? Infinity : limit;
}
