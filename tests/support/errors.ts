/** What went wrong, in a form that tests can look at. */
import { ok } from "node:assert/strict";
import { type Issue, PerfmockError } from "../../core/errors.ts";

/** The error that something throws; whatever it makes instead is disposed. */
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
