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

/** Resolves to the promise's value if it settles within this turn of the event loop, otherwise to undefined. */
export async function soon<T>(promise: Promise<T>): Promise<T | undefined> {
  const { promise: turn, resolve } = Promise.withResolvers<undefined>();
  const immediate = setImmediate(resolve, undefined);
  try {
    return await Promise.race([promise, turn]);
  } catch {
    // The reader of the promise handles the error.
    return undefined;
  } finally {
    clearImmediate(immediate);
  }
}
