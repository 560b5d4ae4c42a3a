/**
 * Texts of bounded length, for what is shown or remembered of a request. It loads nothing: the npm package's fixtures need it where test
 * runners stand for a browser, and much that core relies on is missing.
 *
 * @module
 */

/** Maximum length of a text from a request that an answer or a log line repeats, in characters, unless its place has another. */
export const LONGEST_ECHO = 1024;

/** Length from which on V8 lets a part of a text refer to the whole. */
const REFERRING = 13;

/** Number of bytes that a text takes at most. */
export function textBytes(text: string): number {
  return 2 * text.length;
}

/**
 * Returns the same text in memory of its own. A header's value is a part of the request's head, up to 64 KiB, and would keep all
 * of that in memory.
 */
export function detached(text: string): string {
  return text.length < REFERRING ? text : ` ${text}`.slice(1);
}

/** Returns a text of bounded length to be shown: the beginning and an ellipsis in place of a longer one. */
export function excerpt(text: string, longest: number = LONGEST_ECHO): string {
  return text.length <= longest
    ? text
    : detached(text.slice(0, longest - 1).toWellFormed() + "…");
}
