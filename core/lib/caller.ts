/**
 * The place in a user's code from which a function of perfmock was called.
 *
 * @module
 */
import { PerfmockError } from "../errors.ts";
import { describeError } from "./issue_text.ts";

/** Folders of perfmock: stack frames in them are of no use to its users. */
const OWN: readonly string[] = ["core/", "plugins/"].map((folder) =>
  new URL(`../../${folder}`, import.meta.url).href
);

/**
 * Returns the lines of the present stack that belong to the caller's code; empty where the runtime has none.
 *
 * @param called function that was called, which is left out with all that it called
 */
export function framesOfCaller(
  called: (...args: never[]) => unknown,
): string {
  const holder: { readonly stack?: string } = {};
  Error.captureStackTrace?.(holder, called);
  return (holder.stack ?? "").split("\n")
    .filter((line) =>
      line.startsWith("    at ") && !OWN.some((folder) => line.includes(folder))
    ).join("\n");
}

/**
 * Runs a function of perfmock that a program has called. The stack of an error lists all issues, and then has the caller's own lines:
 * ours would be the first ten, which are all that runtimes keep.
 *
 * @param called function that was called
 */
export async function atCaller<T>(
  called: (...args: never[]) => unknown,
  act: () => Promise<T>,
): Promise<T> {
  const frames = framesOfCaller(called);
  try {
    return await act();
  } catch (error) {
    if (error instanceof PerfmockError) {
      error.stack = `${error.name}: ${describeError(error)}${frames}`;
    }
    throw error;
  }
}
