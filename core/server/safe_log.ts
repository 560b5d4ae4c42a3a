/**
 * The log of a server: lines of a bounded length, and no errors.
 *
 * @module
 */
import { excerpt, LONGEST_ECHO } from "../lib/bounded_text.ts";
import { describeThrown } from "../lib/thrown.ts";
import type { Log } from "../world/state.ts";

/** Writes a line to standard error. */
export function logToConsole(
  level: "info" | "warn" | "error",
  message: string,
): void {
  // deno-lint-ignore no-console -- this is the log
  console.error(`perfmock: ${level}: ${message}`);
}

/** Maximum length of a line of the log, in characters: a line may quote what a request or a plugin contains. */
export const LONGEST_LINE = 8 * LONGEST_ECHO;

/**
 * Returns a log whose lines have a bounded length, and that never throws: a line that cannot be written ends no connection.
 *
 * @param otherwise takes the lines that the log refuses by an error. Default standard error
 */
export function safeLog(log: Log, otherwise: Log = logToConsole): Log {
  return (level, message) => {
    const line = excerpt(message, LONGEST_LINE);
    try {
      log(level, line);
    } catch (error) {
      try {
        otherwise(level, `${line} (the log failed: ${describeThrown(error)})`);
      } catch {
        // No log is left that could take the line.
      }
    }
  };
}
