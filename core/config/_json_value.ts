/**
 * Values that JSON can hold, taken over as they are.
 *
 * @module
 */
import type { Issue } from "../errors.ts";
import type { KitType } from "../plugin.ts";
import { readingType } from "./_reading_type.ts";
import { toPointer } from "../lib/pointer.ts";
import { kindInWords } from "./words.ts";

const ALLOWED = "any JSON value";

/** How deep a value may be nested: JSON.stringify recurses, too. */
const DEEPEST = 500;

/** Any JSON value; from a program it may be anything, and what JSON would drop in silence is a fault. */
export const JSON_VALUE: KitType<unknown> = readingType<unknown>(
  "JSON value",
  { description: ALLOWED },
  (value) => {
    const issues = [...faultsIn(value, [])];
    return issues.length === 0 ? { value } : { issues };
  },
);

function* faultsIn(
  value: unknown,
  path: readonly (readonly [key: string, within: unknown])[],
): Iterable<Issue> {
  const fault = (message: string): Issue => ({
    path: toPointer(path.map(([key]) => key)),
    message,
    value: undefined,
    allowed: ALLOWED,
  });
  if (typeof value !== "object" || value === null) {
    const fits = value === null || typeof value === "string" ||
      typeof value === "boolean" || Number.isFinite(value);
    if (!fits) yield fault(`Cannot write ${kindInWords(value)} as JSON`);
  } else if (path.some(([, within]) => within === value)) {
    yield fault("Cannot write a value that contains itself as JSON");
  } else if (path.length >= DEEPEST) {
    yield fault(`Cannot write more than ${DEEPEST} levels as JSON`);
  } else if (!("toJSON" in value)) {
    for (const [key, part] of Object.entries(value)) {
      yield* faultsIn(part, [...path, [key, value]]);
    }
  }
}
