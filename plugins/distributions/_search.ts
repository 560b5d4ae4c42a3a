/**
 * Search in lists that are sorted.
 *
 * @module
 */

/** Returns the index of the first item that fits; the length if none does. All items after one that fits must fit, too. */
export function firstIndex<T>(
  items: readonly T[],
  fits: (item: T) => boolean,
): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (fits(items[middle])) high = middle;
    else low = middle + 1;
  }
  return low;
}
