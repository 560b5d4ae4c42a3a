/**
 * Turns of the event loop.
 *
 * @module
 */

/**
 * Waits for the next turn of the event loop, so that I/O and due timers run first. Long loops await it now and then.
 *
 * @returns a promise that settles in the next turn and never rejects
 */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
