/**
 * Snapshots that nobody changes.
 *
 * @module
 */

/** Freezes a value with all plain objects and lists in it; class instances and functions are left alone. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) {
    return value;
  }
  const prototype = Object.getPrototypeOf(value);
  if (
    prototype !== Object.prototype && prototype !== null &&
    !Array.isArray(value)
  ) return value;
  Object.freeze(value);
  // Getters are left alone: what they compute is not part of the snapshot.
  for (
    const property of Object.values(Object.getOwnPropertyDescriptors(value))
  ) {
    deepFreeze(property.value);
  }
  return value;
}
