/**
 * Values that foreign code throws or returns: any value can be thrown, and each way to look at one can throw again.
 *
 * @module
 */

import { excerpt } from "./bounded_text.ts";

/** Maximum number of characters of a description. */
const LONGEST = 500;

/**
 * Describes a thrown value in one line, such as `TypeError: x is not a function`. Does not throw.
 *
 * @returns text of at most 500 characters
 */
export function describeThrown(thrown: unknown): string {
  return described(() => String(thrown));
}

/** Returns the message of a thrown value, without the name of its class. Does not throw. */
export function messageOfThrown(thrown: unknown): string {
  return described(() =>
    thrown instanceof Error ? String(thrown.message) : String(thrown)
  );
}

/** Returns the message of the deepest cause of a thrown value: a failed fetch says why in its cause only. Does not throw. */
export function deepestMessage(thrown: unknown): string {
  return described(() => {
    let cause = thrown;
    while (cause instanceof Error && cause.cause instanceof Error) {
      cause = cause.cause;
    }
    return cause instanceof Error ? String(cause.message) : String(cause);
  });
}

function described(text: () => string): string {
  let line: string;
  try {
    line = text().split("\n", 1)[0];
  } catch {
    return "a value that cannot be shown";
  }
  return excerpt(line, LONGEST);
}

/** Returns the stack of a thrown value; empty if it has none. Does not throw. */
export function stackOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? String(thrown.stack ?? "") : "";
  } catch {
    return "";
  }
}

/**
 * Describes a value that foreign code returned, for an error message: `undefined`, `the text "x"`, `a promise`. Does not throw, and
 * a promise that rejects later ends nothing.
 */
export function describeReturned(value: unknown): string {
  if (silence(value)) return "a promise";
  if (typeof value === "string") return `the text "${described(() => value)}"`;
  if (typeof value === "function") return "a function";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "an object";
  return described(() => String(value));
}

/** Returns true for a promise, whose rejection is ignored from now on. Does not throw. */
export function silence(value: unknown): boolean {
  return catchLater(value, () => {});
}

/**
 * Catches what a value rejects with, if it is a promise. Does not throw.
 *
 * @returns true if it is a promise
 */
export function catchLater(
  value: unknown,
  caught: (error: unknown) => void,
): boolean {
  if (!isThenable(value)) return false;
  Promise.resolve(value).catch(caught);
  return true;
}

/** Returns true for a promise, and for any object with a method `then`. Does not throw. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (typeof value !== "object" || value === null) return false;
  try {
    return typeof Reflect.get(value, "then") === "function";
  } catch {
    return false;
  }
}
