/**
 * Time limits for code that perfmock does not control, such as a plugin's setup.
 *
 * @module
 */

/** Thrown by {@linkcode withinLimit}. */
export class TimeLimitError extends Error {
  /** Name of this class. */
  override readonly name = "TimeLimitError";

  /** @param limit in ms */
  constructor(limit: number) {
    super(`not done within ${limit / 1000} s`);
  }
}

/**
 * Waits for a promise, but no longer than a limit. The limit is in real time, whichever clock the server runs on.
 *
 * @param limit in ms
 * @throws TimeLimitError if the promise does not settle in time; its later outcome is ignored
 */
export async function withinLimit<T>(
  promise: PromiseLike<T>,
  limit: number,
): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new TimeLimitError(limit)), limit);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Waits.
 *
 * @param limit time in ms
 * @param signal ends the wait early
 */
export function pause(limit: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, limit);
    signal.addEventListener("abort", end);
  });
}
