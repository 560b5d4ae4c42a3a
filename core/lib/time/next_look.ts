/**
 * Looks of the event loop at its sockets and timers.
 *
 * @module
 */

/**
 * Waits until the event loop has looked at its sockets and timers, 1 to 2 ms. While immediates keep it busy, it does so after each
 * 61st turn only, so that work of a millisecond in each turn would hold back requests for a twentieth of a second.
 *
 * @returns a promise that never rejects
 */
export function nextLook(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
