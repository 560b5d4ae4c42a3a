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

/**
 * Waits until the event loop has looked at its sockets and timers, 1 to 2 ms. While immediates keep it busy, it does so after each
 * 61st turn only, so that work of a millisecond in each turn would hold back requests for a twentieth of a second.
 *
 * @returns a promise that never rejects
 */
export function nextLook(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
