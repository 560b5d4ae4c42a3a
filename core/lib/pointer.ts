/**
 * JSON Pointers (RFC 6901), which give the places of errors.
 *
 * @module
 */

/**
 * Formats a path as a JSON Pointer.
 *
 * @param segments keys and indices, outermost first
 * @returns `""` for no segments, else for example `/a/b`, with `~` and `/` escaped
 */
export function toPointer(segments: readonly PropertyKey[]): string {
  return segments.map((segment) =>
    "/" + String(segment).replaceAll("~", "~0").replaceAll("/", "~1")
  ).join("");
}

/**
 * Parses a JSON Pointer.
 *
 * @returns its segments, outermost first
 */
export function fromPointer(pointer: string): string[] {
  return pointer.split("/").slice(1).map((segment) =>
    segment.replaceAll("~1", "/").replaceAll("~0", "~")
  );
}

/**
 * Looks up the value at a path in another value. Follows own properties only.
 *
 * @returns the value; `undefined` if there is none
 */
export function lookUp(
  value: unknown,
  segments: readonly PropertyKey[],
): unknown {
  let present = value;
  for (const segment of segments) {
    if (typeof present !== "object" || present === null) return undefined;
    if (!Object.hasOwn(present, segment)) return undefined;
    present = Reflect.get(present, segment);
  }
  return present;
}
