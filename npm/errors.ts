/**
 * Errors of this package. Their messages have the form of the command line: the reason with its code, then all issues.
 *
 * @module
 */
import {
  type ErrorCode,
  type Issue,
  PerfmockError,
  type PerfmockErrorOptions,
} from "../core/errors.ts";
import { describeError } from "../core/lib/issue_text.ts";

/**
 * Makes an error whose message says all.
 *
 * @param reason action that failed, then the reason
 * @param issues all issues. Default none
 */
export function listedError(
  code: ErrorCode,
  reason: string,
  issues: readonly Issue[] = [],
  options: PerfmockErrorOptions = {},
): PerfmockError {
  const text = describeError(new PerfmockError(code, reason, issues));
  return new PerfmockError(code, text.trimEnd(), issues, options);
}
