/**
 * Limits of JSON values that come over HTTP. Most code that handles configurations recurses, so that deeper values would overflow
 * its stack, and copies objects at once, which takes long for wide ones.
 *
 * @module
 */

/** Greatest number of lists and objects within one another. */
export const MAX_DEPTH = 200;

/** Greatest number of keys of one object. */
export const MAX_KEYS = 10_000;

/** The part of an issue that says which limit a value exceeds. */
export interface Excess {
  /** Description of the error. */
  readonly message: string;
  /** Values that would be accepted. */
  readonly allowed: string;
}

/** Returns the limit that a JSON value exceeds; undefined if it is within all. Does not recurse. */
export function excessOf(value: unknown): Excess | undefined {
  let level = [value];
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const next: unknown[] = [];
    for (const part of level) {
      if (typeof part !== "object" || part === null) continue;
      const inner = Object.values(part);
      if (!Array.isArray(part) && inner.length > MAX_KEYS) return TOO_WIDE;
      for (const one of inner) {
        if (typeof one === "object" && one !== null) next.push(one);
      }
    }
    if (next.length === 0) return undefined;
    level = next;
  }
  return TOO_DEEP;
}

const TOO_DEEP: Excess = {
  message: `Lists and objects are nested more than ${MAX_DEPTH} deep`,
  allowed: `at most ${MAX_DEPTH} lists and objects within one another`,
};

const TOO_WIDE: Excess = {
  message: `An object has more than ${MAX_KEYS} keys`,
  allowed: `at most ${MAX_KEYS} keys in each object`,
};
