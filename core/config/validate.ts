/**
 * Validation at the boundary: any Standard Schema in, our issues out.
 *
 * A validator says what is wrong. What would be allowed, and what was probably meant, comes from the schema's own JSON
 * Schema where the validator has one, and is looked up only where there is a fault.
 *
 * @module
 */
import { type ErrorCode, type Issue, PerfmockError } from "../errors.ts";
import type { Schema, SchemaResult } from "../contract/values.ts";
import { jsonSchemaOf } from "./json_schema.ts";
import {
  allowedAt,
  type JsonSchema,
  keysAt,
  optionsAt,
} from "./_schema_lookup.ts";
import { pathOf, type RawIssue } from "./_raw_issue.ts";
import { type Fault, rewordZod } from "./_zod_issues.ts";
import { lookUp, toPointer } from "../lib/pointer.ts";
import { suggest } from "../lib/suggest.ts";
import { alternatives, sentence, showable } from "./words.ts";

/** A parsed value, or all its faults. */
export type Validation<T> =
  | { readonly value: T; readonly issues?: undefined }
  | { readonly issues: readonly Issue[] };

/**
 * Parses a value and reports every fault, each with its path, the value received, what is allowed, and a suggestion.
 *
 * @param schema any validator that speaks Standard Schema v1, synchronous
 * @param value as a user wrote it
 * @param path a JSON Pointer to the value, put before the path of each fault
 * @throws PerfmockError `PLUGIN_INVALID` where the schema itself fails or answers with a promise
 */
export function validate<T>(
  schema: Schema<T>,
  value: unknown,
  path = "",
): Validation<T> {
  const result = run(schema, value, path);
  if (result.issues === undefined) return { value: result.value };
  const faults = (result.issues as readonly RawIssue[]).flatMap((issue) =>
    schema["~standard"].vendor === "zod"
      ? rewordZod(issue, value, [])
      : [{ segments: pathOf(issue), message: sentence(issue.message) }]
  );
  const json = jsonSchemaOf(schema);
  return {
    issues: faults.map((fault) => toIssue(fault, { value, path, json })),
  };
}

function run<T>(
  schema: Schema<T>,
  value: unknown,
  path: string,
): SchemaResult<T> {
  const place = path === "" ? "a value" : path;
  let result;
  try {
    result = schema["~standard"].validate(value);
  } catch (error) {
    throw new PerfmockError(
      "PLUGIN_INVALID",
      `Cannot validate ${place}: its schema threw ${reason(error)}`,
      [],
      { cause: error },
    );
  }
  if (!(result instanceof Promise)) return result;
  // Nobody will wait for it: a rejection must not end the process.
  result.catch(() => {});
  const cause = thrownBy(schema, value);
  throw new PerfmockError(
    "PLUGIN_INVALID",
    cause === undefined
      ? `Cannot validate ${place}: its schema answers with a promise, and settings are validated synchronously`
      : `Cannot validate ${place}: its schema threw ${reason(cause)}`,
    [],
    { cause },
  );
}

/** zod turns to promises where a check throws, too: its synchronous call tells the one from the other. */
function thrownBy(schema: object, value: unknown): unknown {
  if (!("safeParse" in schema) || typeof schema.safeParse !== "function") {
    return undefined;
  }
  try {
    schema.safeParse(value);
  } catch (error) {
    const { name } = error instanceof Error ? error.constructor : Object;
    return name.includes("Async") ? undefined : error;
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? `"${error.message}"` : String(error);
}

interface Context {
  readonly value: unknown;
  readonly path: string;
  readonly json: JsonSchema;
}

function toIssue(fault: Fault, { value, path, json }: Context): Issue {
  const { segments } = fault;
  const received = "value" in fault ? fault.value : lookUp(value, segments);
  const about = aboutKey(fault, received, { value, json }) ?? {
    message: fault.message,
    allowed: fault.partial
      ? allowedAt(json, segments) ?? fault.allowed
      : fault.allowed ?? allowedAt(json, segments),
    suggestion: fault.suggestion ??
      (typeof received === "string"
        ? suggest(received, optionsAt(json, segments))
        : undefined),
  };
  return compact({
    path: path + toPointer(segments),
    message: about.message,
    value: showable(received),
    allowed: about.allowed,
    suggestion: about.suggestion,
  });
}

/** What to say of a key that may not be there, whether the validator called it so or only its JSON Schema does. */
function aboutKey(
  fault: Fault,
  received: unknown,
  { value, json }: Pick<Context, "value" | "json">,
): Pick<Issue, "message" | "allowed" | "suggestion"> | undefined {
  const key = String(fault.segments.at(-1));
  const parent = fault.segments.slice(0, -1);
  const keys = keysAt(json, parent, lookUp(value, parent));
  const unknown = fault.unknownKey ??
    (fault.segments.length > 0 && received !== undefined &&
      keys !== undefined && !keys.includes(key));
  if (!unknown) return undefined;
  return {
    message: `Unknown key ${JSON.stringify(key)}`,
    allowed: keys === undefined
      ? undefined
      : keys.length === 0
      ? "no keys"
      : alternatives(keys),
    suggestion: suggest(key, keys ?? []),
  };
}

/** The issue without the fields that nothing is known of. */
function compact(issue: Issue): Issue {
  return Object.fromEntries(
    Object.entries(issue).filter(([, field]) => field !== undefined),
  ) as unknown as Issue;
}

/**
 * Returns the error for a configuration that cannot be used.
 *
 * @param issues everything that is wrong with it
 * @param code `CONFIG_INVALID` unless all issues share another code
 */
export function invalidConfig(
  issues: readonly Issue[],
  code: ErrorCode = "CONFIG_INVALID",
): PerfmockError {
  return new PerfmockError(
    code,
    `Cannot use the configuration: ${issues.length} ${
      issues.length === 1 ? "fault" : "faults"
    }`,
    issues,
  );
}
