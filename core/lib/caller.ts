/**
 * The place in a user's code from which a function of perfmock was called, and errors whose stacks begin there.
 *
 * @module
 */
import { PerfmockError } from "../errors.ts";
import { describeIssue } from "./issue_text.ts";

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
 * ours would be the first ten, which are all that runtimes keep. Errors of the program's own code keep theirs.
 *
 * @param called function that was called, and has called this one
 * @param act its work, at once or as a promise
 */
export function atCaller<T>(
  called: (...args: never[]) => unknown,
  act: () => T,
): T {
  try {
    const result = act();
    if (!(result instanceof Promise)) return result;
    // Once the promise is awaited, the caller is no longer on the stack.
    const frames = framesOfCaller(called);
    return result.catch((error) => {
      throw withFrames(error, frames);
    }) as T;
  } catch (error) {
    throw withFrames(error, framesOfCaller(called));
  }
}

/** Gives an error of perfmock the lines of its caller as its stack, and returns it. */
function withFrames(error: unknown, frames: string): unknown {
  if (error instanceof PerfmockError) {
    const { code, issues, message, name } = error;
    // Deno prints no code that stands beside the message.
    error.stack = `${name}: ${message}\n[${code}]\n${
      issues.map((issue) => `\n${describeIssue(issue)}`).join("")
    }${frames}`;
  } else if (error instanceof Error && frames !== "" && isOwnAssertion(error)) {
    error.stack = `${error.name}: ${error.message}\n${frames}`;
  }
  return error;
}

/** True for an assertion of perfmock that does not hold: the first line of its stack is perfmock's, but for those of the runtime. */
function isOwnAssertion({ name, stack = "" }: Error): boolean {
  const first = stack.split("\n").find((line) =>
    line.startsWith("    at ") && !/[ (](?:ext|node):/.test(line)
  );
  return name === "AssertionError" && first !== undefined &&
    OWN.some((folder) => first.includes(folder));
}
