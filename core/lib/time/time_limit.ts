/**
 * A limit on how long something may take that perfmock does not control, such as a plugin's setup.
 *
 * @module
 */

/** What {@linkcode withinLimit} throws. */
export class TimeLimitError extends Error {
  /** The name of this class. */
  override readonly name = "TimeLimitError";

  /** @param limit in milliseconds */
  constructor(limit: number) {
    super(`not done within ${limit / 1000} s`);
  }
}

/**
 * The outcome of a promise, where it comes in time. Waits on the system's own timer: starting takes real time, whatever
 * clock the server runs on.
 *
 * @param limit in milliseconds
 * @throws TimeLimitError where it does not come in time; the promise's later outcome is ignored
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
