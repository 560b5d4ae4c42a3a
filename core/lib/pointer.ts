/**
 * JSON Pointers (RFC 6901): the addresses of faults.
 *
 * @module
 */

/**
 * Writes a path as a JSON Pointer.
 *
 * @param segments keys and indices, from the outside in
 * @returns `""` for no segments, else `/a/b`, with `~` and `/` escaped
 */
export function toPointer(segments: readonly PropertyKey[]): string {
  return segments.map((segment) =>
    "/" + String(segment).replaceAll("~", "~0").replaceAll("/", "~1")
  ).join("");
}

/**
 * Reads a JSON Pointer.
 *
 * @returns its segments, from the outside in
 */
export function fromPointer(pointer: string): string[] {
  return pointer.split("/").slice(1).map((segment) =>
    segment.replaceAll("~1", "/").replaceAll("~0", "~")
  );
}

/**
 * What lies at a path in a value.
 *
 * @returns the value there; `undefined` where the path leads nowhere
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
