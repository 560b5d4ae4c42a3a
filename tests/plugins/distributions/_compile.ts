/**
 * Compiles distributions without core's parser: a single-key object, or a duration.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createKit } from "../../../core/config/kit.ts";
import { parseDuration } from "../../../core/lib/units.ts";
import { validate, type Validation } from "../../../core/config/validate.ts";
import { complete } from "../../../core/distribution/complete.ts";
import { type Issue, PerfmockError } from "../../../core/errors.ts";
import type { Distribution, Kit, Shape } from "../../../core/plugin.ts";
import { families } from "../../../plugins/distributions/families.ts";

/** Kit for the settings of tests; the paths of files are relative to this folder. */
export const kit: Kit = createKit({
  folder: import.meta.dirname ?? ".",
  distribution: (value) => {
    try {
      return { value: compile(value) };
    } catch (error) {
      // Like core's parser, with the name of the family in the path.
      const [family = ""] = Object.keys(value ?? {});
      const issues = issuesOf(error)
        .map((issue) => ({ ...issue, path: `/${family}${issue.path}` }));
      return { issues };
    }
  },
});

/** Result of a family's `create` for parsed parameters. */
export function shapeOf(name: string, parameters: unknown): Shape {
  return familyOf(name).create(parameters);
}

/** The completed distribution of parsed parameters. */
export function make(name: string, parameters: unknown): Distribution {
  return complete(name, shapeOf(name, parameters));
}

/** Compiles `{ family: parameters }` as a user writes it, or a duration. */
export function compile(value: unknown): Distribution {
  const constant = parseDuration(value);
  const written = constant === undefined
    ? value
    : { constant: { value: constant } };
  const entries = Object.entries(written ?? {});
  if (entries.length !== 1 || typeof written === "string") {
    throw new PerfmockError("CONFIG_INVALID", "Cannot compile", [
      { path: "", message: "Expected one family", value, allowed: "one" },
    ]);
  }
  const [[name, parameters]] = entries;
  const parsed: Validation<unknown> = validate(
    familyOf(name).parameters(kit),
    parameters,
  );
  if (parsed.issues !== undefined) {
    throw new PerfmockError("CONFIG_INVALID", "Cannot compile", parsed.issues);
  }
  return make(name, parsed.value);
}

/** Issues of a distribution as a user writes it; fails if there are none. */
export function issuesIn(value: unknown): readonly Issue[] {
  try {
    compile(value);
  } catch (error) {
    return issuesOf(error);
  }
  assert.fail(`No issue in ${JSON.stringify(value)}`);
}

/** Asserts that there is exactly one issue, with this path and a message of this pattern. */
export function assertIssue(
  value: unknown,
  path: string,
  message: RegExp,
): void {
  const issues = issuesIn(value);
  assert.deepEqual(issues.map((issue) => issue.path), [path]);
  assert.match(issues[0].message, message);
  assert.ok(issues[0].allowed, "says what is allowed");
}

function familyOf(name: string) {
  const family = families.find((candidate) => candidate.name === name);
  assert.ok(family, `No family ${name}`);
  return family;
}

function issuesOf(error: unknown): readonly Issue[] {
  if (error instanceof Error && "issues" in error) {
    return error.issues as readonly Issue[];
  }
  throw error;
}
