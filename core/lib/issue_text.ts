/**
 * Issues of an error as text: for the command line, and for the stack of an error in a program.
 *
 * @module
 */
import type { Issue, PerfmockError } from "../errors.ts";
import { fromPointer } from "./pointer.ts";
import { oneLine } from "./terminal_text.ts";
import { describeReturned } from "./thrown.ts";

/** Maximum length of a printed value: the path and the place show where the rest is. */
const MAX_LENGTH = 120;

/** Returns a JSON Pointer as people write a path: a slash within a key is a slash. The name of an option stays as it is. */
export function readablePath(pointer: string): string {
  if (!pointer.startsWith("/")) return oneLine(pointer);
  return oneLine(fromPointer(pointer).map((key) => `/${key}`).join(""));
}

/**
 * Describes an issue, with two spaces in front of each line: path and message, the value received, what is allowed, the suggestion,
 * the place in the file.
 */
export function describeIssue(issue: Issue, place?: string): string {
  const lines = [
    `  ${issue.path === "" ? "" : `${readablePath(issue.path)}: `}${
      printable(issue.message)
    }`,
  ];
  if (issue.value !== undefined) {
    lines.push(`    received: ${inline(issue.value)}`);
  }
  if (issue.allowed !== undefined) {
    lines.push(`    allowed: ${printable(issue.allowed)}`);
  }
  if (issue.suggestion !== undefined) {
    lines.push(`    suggestion: ${printable(issue.suggestion)}`);
  }
  if (place !== undefined) lines.push(`    at ${place}`);
  return `${lines.join("\n")}\n`;
}

/** Describes an error: message and code, then all issues with an empty line in front of each. */
export function describeError(
  { message, code, issues }: PerfmockError,
  places: readonly (string | undefined)[] = [],
): string {
  return `${printable(message)} [${code}]\n${
    issues.map((issue, index) => `\n${describeIssue(issue, places[index])}`)
      .join("")
  }`;
}

/** Escapes what a terminal would obey in a text of one or several lines. */
export function printable(text: string): string {
  return text.split("\n").map(oneLine).join("\n");
}

function inline(value: unknown): string {
  const text = oneLine(written(value));
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)} …` : text;
}

/** Writes a value as JSON. A program may give values that JSON cannot hold, such as circles, or properties that throw. */
function written(value: unknown): string {
  if (typeof value === "number") return `${value}`;
  try {
    return JSON.stringify(value) ?? describeReturned(value);
  } catch {
    return describeReturned(value);
  }
}
