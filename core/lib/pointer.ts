/**
 * JSON Pointers (RFC 6901), which give the places of errors.
 *
 * @module
 */
import { WrittenNumber } from "./written_number.ts";

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

/** Index of an item in a list, as a JSON Pointer writes it (RFC 6901, section 4). */
const INDEX = /^(?:0|[1-9]\d*)$/;

/**
 * Looks up the value at a path in another value. Follows own properties only; those of a list are its items.
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
    if (Array.isArray(present) && !INDEX.test(String(segment))) {
      return undefined;
    }
    if (present instanceof WrittenNumber) return undefined;
    if (!Object.hasOwn(present, segment)) return undefined;
    present = Reflect.get(present, segment);
  }
  return present;
}
