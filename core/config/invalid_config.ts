/**
 * The error for a configuration that cannot be used.
 *
 * @module
 */
import { type Issue, PerfmockError } from "../errors.ts";

/** One error for all faults. */
export function invalidConfig(issues: readonly Issue[]): PerfmockError {
  return new PerfmockError(
    "CONFIG_INVALID",
    `Cannot use the configuration: ${issues.length} ${
      issues.length === 1 ? "fault" : "faults"
    }`,
    issues,
  );
}
