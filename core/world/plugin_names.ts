/**
 * Misspelt names of plugins, put right, so that the rest of a configuration can be read.
 *
 * @module
 */
import { Corrected, fromPointer, lookUp } from "../config/mod.ts";
import { type Issue, PerfmockError } from "../errors.ts";
import type { Plugin } from "../plugin.ts";
import type { CodedIssue } from "./plugin_loader.ts";

/**
 * Puts the misspelt names of built-in plugins right.
 *
 * @param found errors of the plugins
 * @param value configuration as written
 * @param builtin built-in plugins by name
 * @returns configuration with the right names, and the errors of the misspelt ones; undefined if there are none
 */
export function correctedNames(
  found: readonly CodedIssue[],
  value: unknown,
  builtin: Readonly<Record<string, Plugin>>,
): {
  readonly corrected: Corrected;
  readonly issues: readonly CodedIssue[];
} | undefined {
  const issues = found.filter(({ issue: { suggestion } }) =>
    suggestion !== undefined &&
    Object.hasOwn(builtin, suggestion) &&
    !Object.hasOwn(Object(lookUp(value, ["plugins"])), suggestion)
  );
  if (issues.length === 0) return undefined;
  const corrected = new Corrected(value);
  corrected.correct(
    issues.map(({ issue: { path, suggestion = "" } }) => ({
      segments: fromPointer(path),
      meant: suggestion,
      isKey: true,
    })),
  );
  return { corrected, issues };
}

/** The same error with the paths of a configuration as it was written. Other errors stay as they are. */
export function withWrittenPaths(
  error: unknown,
  corrected: Corrected,
): unknown {
  if (!(error instanceof PerfmockError)) return error;
  const written = (issues: readonly Issue[]) =>
    issues.flatMap((issue) => corrected.asWritten(issue) ?? []);
  return new PerfmockError(error.code, error.message, written(error.issues), {
    cause: error.cause,
    warnings: written(error.warnings),
  });
}
