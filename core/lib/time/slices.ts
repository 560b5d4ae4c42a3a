/**
 * Long work in slices: a generator yields wherever it can be interrupted, and the event loop looks at its sockets and timers
 * when a slice is over, so that responses leave on time.
 *
 * @module
 */
import { nextLook } from "./next_look.ts";

/** Longest time for which sliced work keeps the event loop, in ms, if its steps are short. */
const SLICE = 1;

/**
 * Runs work in slices of about a millisecond, between which the event loop looks at its sockets and timers.
 *
 * @param work yields between its steps
 * @returns what the generator returns; rejects with what it throws
 */
export async function inSlices<T>(work: Generator<void, T>): Promise<T> {
  for (;;) {
    const end = performance.now() + SLICE;
    let step = work.next();
    while (step.done !== true && performance.now() < end) step = work.next();
    if (step.done === true) return step.value;
    await nextLook();
  }
}

/** Runs work to its end at once. */
export function atOnce<T>(work: Generator<void, T>): T {
  let step = work.next();
  while (step.done !== true) step = work.next();
  return step.value;
}
