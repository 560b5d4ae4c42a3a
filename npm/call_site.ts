/**
 * Errors whose stack begins at the user's call: frames of this package would hide it.
 *
 * @module
 */

/** Place of a call in the user's code. */
export interface CallSite {
  /** Frames of the stack, without the message; empty where the engine has none. */
  readonly frames: string;
}

/**
 * Remembers the place of a call.
 *
 * @param called function of this package that the user called
 */
export function callSite(called: (...args: never[]) => unknown): CallSite {
  const holder: { stack?: string } = {};
  Error.captureStackTrace?.(holder, called);
  const { stack = "" } = holder;
  const start = stack.search(/^ {4}at /m);
  return { frames: start < 0 ? "" : stack.slice(start) };
}

/** Calls a function; an error that it throws begins at a call. */
export function throwAt<T>(site: CallSite, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw error instanceof Error ? atCall(error, site) : error;
  }
}

/** Gives an error the stack of a call, and returns it. */
export function atCall<E extends Error>(error: E, { frames }: CallSite): E {
  error.stack = `${error.name}: ${error.message}${
    frames === "" ? "" : `\n${frames}`
  }`;
  return error;
}
