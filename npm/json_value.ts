/**
 * Values that are sent to the process that serves. JSON carries them, and drops silently what it cannot hold.
 *
 * @module
 */
import type { Issue } from "../core/errors.ts";
import { isPlainObject } from "../core/lib/options.ts";
import { listedError } from "./errors.ts";

/** Greatest number of lists and objects within one another. Code that recurses would overflow its stack with many more. */
const MOST_DEPTH = 1000;

/**
 * Refuses a value that JSON cannot hold. A key without a value counts as absent.
 *
 * @param value configuration, script or body
 * @param what name of the value in the message, such as `the configuration`
 * @throws PerfmockError `ARGUMENT_INVALID` with all places
 */
export function checkJson(value: unknown, what: string): void {
  const issues = jsonIssues(value);
  if (issues.length === 0) return;
  throw listedError(
    "ARGUMENT_INVALID",
    `Cannot use ${what}: ${issues.length} ${
      issues.length === 1 ? "value" : "values"
    } cannot be sent to the server`,
    issues,
  );
}

/** Returns the parts of a value that JSON cannot hold. */
export function jsonIssues(value: unknown): Issue[] {
  const issues: Issue[] = [];
  look(value, "", [], issues);
  return issues;
}

function look(
  value: unknown,
  path: string,
  around: readonly object[],
  issues: Issue[],
): void {
  const refuse = (message: string) =>
    issues.push({ path, message, allowed: "a value that JSON can hold" });
  switch (typeof value) {
    case "function":
    case "symbol":
    case "bigint":
      refuse(`A ${typeof value} cannot be sent to the server`);
      return;
    case "number":
      if (!Number.isFinite(value)) {
        refuse(`JSON cannot hold ${value}`);
      }
      return;
    case "object":
      break;
    default:
      return;
  }
  if (value === null) return;
  if (
    !Array.isArray(value) && !isPlainObject(value) && !("toJSON" in value)
  ) {
    refuse(`A ${nameOf(value)} would lose its content in JSON`);
    return;
  }
  if (around.length >= MOST_DEPTH) {
    refuse(`It is more than ${MOST_DEPTH} lists and objects deep`);
    return;
  }
  if (around.includes(value)) {
    refuse("It contains itself");
    return;
  }
  const within = [...around, value];
  for (const [key, part] of Object.entries(value)) {
    look(part, `${path}/${escaped(key)}`, within, issues);
  }
}

/** Name of the kind of an object, such as `Map`. */
function nameOf(value: object): string {
  return Object.prototype.toString.call(value).slice("[object ".length, -1);
}

/** A key as a JSON Pointer writes it. */
function escaped(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}
