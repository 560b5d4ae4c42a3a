/** Errors in a form that tests can compare. */
import { ok } from "node:assert/strict";
import { type Issue, PerfmockError } from "../../core/errors.ts";

/** Returns the PerfmockError that a function throws; disposes of the function's result if it throws none. */
export async function errorOf(
  run: () => Promise<unknown> | unknown,
): Promise<PerfmockError> {
  let made: unknown;
  try {
    made = await run();
  } catch (error) {
    ok(error instanceof PerfmockError, `${error} is no PerfmockError`);
    return error;
  }
  await (made as Partial<AsyncDisposable> | undefined)
    ?.[Symbol.asyncDispose]?.();
  throw new Error("Nothing was thrown");
}

/** All issues, a line each: path, sentence, suggestion. */
export function lines(
  { issues }: { readonly issues: readonly Issue[] },
): string[] {
  return issues.map(({ path, message, suggestion }) =>
    `${path}: ${message}${suggestion === undefined ? "" : ` → ${suggestion}`}`
  );
}
