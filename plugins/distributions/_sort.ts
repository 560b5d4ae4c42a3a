/**
 * Sorts many numbers in steps.
 *
 * @module
 */

/** Number of numbers that are sorted, or merged, without a pause. */
const STRETCH = 4096;

/**
 * Sorts numbers in ascending order, by merging sorted runs.
 *
 * @param numbers no NaN. They are in no particular order afterwards
 * @returns as many numbers, in order
 */
export function* sortInSteps(
  numbers: Float64Array,
): Generator<void, Float64Array> {
  let from = numbers;
  let to: Float64Array = new Float64Array(numbers.length);
  for (let start = 0; start < from.length; start += STRETCH) {
    from.subarray(start, start + STRETCH).sort();
    yield;
  }
  for (let run = STRETCH; run < from.length; run *= 2) {
    for (let start = 0; start < from.length; start += 2 * run) {
      yield* merge(from, to, start, run);
    }
    [from, to] = [to, from];
  }
  return from;
}

/** Merges two runs that follow one another. The second may be shorter, or empty. */
function* merge(
  from: Float64Array,
  to: Float64Array,
  start: number,
  run: number,
): Generator<void, void> {
  const middle = Math.min(start + run, from.length);
  const end = Math.min(middle + run, from.length);
  let left = start;
  let right = middle;
  for (let at = start; at < end; at++) {
    const takesLeft = right === end ||
      left < middle && from[left] <= from[right];
    to[at] = takesLeft ? from[left++] : from[right++];
    if (at % STRETCH === 0) yield;
  }
}
