/**
 * Flags of V8 that a process has to be started with.
 *
 * @module
 */

/**
 * Flag of `deno run` that gives V8 16 MiB for new objects from the start. V8 shrinks that space to 1 MiB once a server has had little
 * to do for 8 s, and then stops it three times a second, for 0.3 ms each, at only 1000 requests per second. With 16 MiB it does so once
 * in several seconds, and not for longer, because the time depends on the objects that are still in use. Costs up to 32 MiB of memory.
 */
export const YOUNG_SPACE = "--v8-flags=--min-semi-space-size=16";
