/**
 * Limit of nesting. Most code that handles configurations recurses, so that what is deeper would overflow its stack.
 *
 * @module
 */

/** Greatest number of lists and objects within one another. */
export const MAX_DEPTH = 200;

/** Returns true if lists and objects of a JSON value are nested deeper than the limit. Does not recurse. */
export function isTooDeep(value: unknown): boolean {
  let level = [value];
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const next: unknown[] = [];
    for (const part of level) {
      if (typeof part !== "object" || part === null) continue;
      for (const inner of Object.values(part)) {
        if (typeof inner === "object" && inner !== null) next.push(inner);
      }
    }
    if (next.length === 0) return false;
    level = next;
  }
  return true;
}
