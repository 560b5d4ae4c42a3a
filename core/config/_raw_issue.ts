/**
 * Issues as validators raise them.
 *
 * @module
 */
import type { SchemaIssue } from "../contract/values.ts";

/** An issue with whatever else its validator says. */
export type RawIssue = SchemaIssue & Readonly<Record<string, unknown>>;

/** The path of an issue, in plain keys. */
export function pathOf(issue: SchemaIssue): PropertyKey[] {
  return (issue.path ?? []).map((segment) =>
    typeof segment === "object" ? segment.key : segment
  );
}

/** A value as a list; empty where it is none. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
