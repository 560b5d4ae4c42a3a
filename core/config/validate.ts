/**
 * Validation of everything a user writes: accepts any Standard Schema, returns issues in one form.
 *
 * The validator says what is wrong. The allowed values, and the probable correction, come from the schema's own JSON
 * Schema where the validator provides one, which is looked up only for invalid values.
 *
 * @module
 */
import { type ErrorCode, type Issue, PerfmockError } from "../errors.ts";
import type { Schema, SchemaIssue, SchemaResult } from "../contract/values.ts";
import { lookUp, toPointer } from "../lib/pointer.ts";
import { correctedKind, withSpace } from "./_corrections.ts";
import { meant } from "./_foreign_words.ts";
import {
  Corrected,
  misspellingOf,
  MOST_CORRECTED,
  MOST_READINGS,
} from "./_misspellings.ts";
import {
  allowedAt,
  type JsonSchema,
  keysAt,
  optionsAt,
} from "./_schema_lookup.ts";
import {
  isZod,
  needsPromise,
  parseWithZod,
  pathOf,
  type RawIssue,
  type WordedIssue,
  wordedIssues,
} from "./_zod_issues.ts";
import { jsonSchemaOf } from "./json_schema.ts";
import { alternatives, sentence, showable } from "./words.ts";

/**
 * Maximum number of issues that are put into words, which takes longer than finding them: a client could keep a server busy with one
 * body. Nobody reads more, and an answer shows fewer.
 */
const MOST_ISSUES = 1000;

/** Result of a validation: the parsed value, or all issues. */
export type Validation<T> =
  | { readonly value: T; readonly issues?: undefined }
  | { readonly issues: readonly Issue[] };

/** The same with the value whose misspellings are put right; undefined if there are none. */
export type CorrectedValidation<T> = Validation<T> & {
  readonly corrected?: Corrected | undefined;
};

/**
 * Parses a value and reports every issue with its path, the value received, what is allowed, and a suggestion. Issues beyond 1000 are
 * counted in one more.
 *
 * @param schema any synchronous validator that implements Standard Schema v1
 * @param value as a user wrote it
 * @param path JSON Pointer to the value, prefixed to the path of each issue
 * @throws PerfmockError `PLUGIN_INVALID` where the schema throws or returns a promise
 */
export function validate<T>(
  schema: Schema<T>,
  value: unknown,
  path = "",
): Validation<T> {
  const { corrected: _, ...validation } = validateCorrected(
    schema,
    value,
    path,
  );
  return validation;
}

/** The same, and returns what was put right. */
export function validateCorrected<T>(
  schema: Schema<T>,
  value: unknown,
  path = "",
): CorrectedValidation<T> {
  const result = run(schema, value, path);
  if (result.issues === undefined) return { value: result.value };
  const found = issuesIn(schema, result.issues, value);
  const { issues, corrected } = found.length > MOST_CORRECTED
    ? { issues: found, corrected: undefined }
    : withoutConsequences(schema, found, { value, path });
  return {
    issues: issues.map((issue) => ({
      ...issue,
      path: path + issue.path,
      ...issue.also !== undefined && { also: path + issue.also },
    })),
    ...corrected !== undefined && { corrected },
  };
}

/** Puts what a validator found into words. Paths begin at the value. */
function issuesIn(
  schema: Schema,
  found: readonly SchemaIssue[],
  value: unknown,
): Issue[] {
  const zod = isZod(schema);
  const raw = found as readonly RawIssue[];
  const worded = raw.slice(0, MOST_ISSUES).flatMap((issue) =>
    zod
      ? wordedIssues(issue, value)
      : [{ segments: pathOf(issue), message: sentence(issue.message) }]
  );
  const json = jsonSchemaOf(schema);
  const issues = worded.map((issue) => toIssue(issue, { value, json }));
  const more = raw.length - MOST_ISSUES;
  if (more > 0) {
    issues.push({ path: "", message: `There are ${more} more errors` });
  }
  return issues;
}

/**
 * Reads a value again with its misspellings put right: errors that only follow from one are gone then, such as a key that is missing
 * because it is misspelt, and errors behind one come out.
 */
function withoutConsequences(
  schema: Schema,
  first: readonly Issue[],
  { value, path }: Pick<Context, "value"> & { readonly path: string },
): {
  readonly issues: readonly Issue[];
  readonly corrected: Corrected | undefined;
} {
  const json = jsonSchemaOf(schema);
  const isOption = (segments: readonly string[], text: string) =>
    optionsAt(json, segments).includes(text);
  const corrected = new Corrected(value);
  const misspelt: Issue[] = [];
  let issues = first;
  for (let reading = 0; reading < MOST_READINGS; reading++) {
    const meant = issues.map((issue) =>
      misspellingOf(issue, corrected.value, isOption)
    );
    const found = issues.filter((_, index) => meant[index] !== undefined);
    if (found.length === 0) break;
    misspelt.push(
      ...found.flatMap((issue) => corrected.asWritten(issue) ?? []),
    );
    corrected.correct(meant.flatMap((one) => one ?? []));
    const again = run(schema, corrected.value, path);
    issues = again.issues === undefined
      ? []
      : issuesIn(schema, again.issues, corrected.value);
    const places = new Set(issues.map(({ path }) => path));
    // Something is wrong although it was put right: then nothing is known about the rest.
    if (found.some(({ path }) => places.has(path))) {
      return { issues: first, corrected: undefined };
    }
  }
  if (misspelt.length === 0) return { issues: first, corrected: undefined };
  const all = [
    ...misspelt,
    ...issues.flatMap((issue) => corrected.asWritten(issue) ?? []),
  ];
  // In the order of the first reading, which is that of the value; then those behind misspellings.
  const keyOf = ({ path, message }: Issue) => `${path}\0${message}`;
  const order = new Map(first.map((issue, index) => [keyOf(issue), index]));
  const rank = (issue: Issue) => order.get(keyOf(issue)) ?? first.length;
  return { issues: all.toSorted((a, b) => rank(a) - rank(b)), corrected };
}

function run<T>(
  schema: Schema<T>,
  value: unknown,
  path: string,
): SchemaResult<T> {
  const place = path === "" ? "a value" : path;
  const asynchronous = () =>
    new PerfmockError(
      "PLUGIN_INVALID",
      `Cannot validate ${place}: its schema returned a promise, but settings are validated synchronously`,
    );
  let result;
  try {
    result = isZod(schema)
      ? parseWithZod(schema, value)
      : schema["~standard"].validate(value);
  } catch (error) {
    if (needsPromise(error)) throw asynchronous();
    const reason = error instanceof Error ? `"${error.message}"` : error;
    throw new PerfmockError(
      "PLUGIN_INVALID",
      `Cannot validate ${place}: its schema threw ${reason}`,
      [],
      { cause: error },
    );
  }
  if (!(result instanceof Promise)) return result;
  // Nothing awaits it: an unhandled rejection would end the process.
  result.catch(() => {});
  throw asynchronous();
}

interface Context {
  readonly value: unknown;
  readonly json: JsonSchema;
}

/** Puts an issue into its final words. Its path begins at the value. */
function toIssue(issue: WordedIssue, { value, json }: Context): Issue {
  const { segments } = issue;
  const received = "value" in issue ? issue.value : lookUp(value, segments);
  const about = unknownKey(issue, received, { value, json }) ?? {
    message: issue.message,
    allowed: issue.partial
      ? allowedAt(json, segments) ?? issue.allowed
      : issue.allowed ?? allowedAt(json, segments),
    suggestion: issue.suggestion ??
      (typeof received === "string"
        ? meant(received, optionsAt(json, segments))
        : undefined) ??
      (issue.message.startsWith("Expected ")
        ? correctedKind(json, segments, received)
        : undefined),
  };
  return compact({
    path: toPointer(segments),
    message: about.message,
    value: showable(received),
    allowed: about.allowed,
    suggestion: about.suggestion,
  });
}

/** Describes a key that is not allowed, whether the validator says so or only its JSON Schema; else undefined. */
function unknownKey(
  issue: WordedIssue,
  received: unknown,
  { value, json }: Pick<Context, "value" | "json">,
): Pick<Issue, "message" | "allowed" | "suggestion"> | undefined {
  const key = String(issue.segments.at(-1));
  const parent = issue.segments.slice(0, -1);
  const keys = keysAt(json, parent, lookUp(value, parent));
  const unknown = issue.unknownKey ??
    (issue.segments.length > 0 && received !== undefined &&
      keys !== undefined && !keys.includes(key));
  if (!unknown) return undefined;
  return {
    message: `Unknown key ${JSON.stringify(key)}`,
    allowed: keys === undefined
      ? undefined
      : keys.length === 0
      ? "no keys"
      : alternatives(keys),
    suggestion: withSpace(key, keys ?? []) ??
      meant(key, keys ?? [], received),
  };
}

/** Returns the issue without fields that are undefined. */
function compact(issue: Issue): Issue {
  return Object.fromEntries(
    Object.entries(issue).filter(([, field]) => field !== undefined),
  ) as unknown as Issue;
}

/**
 * Returns the error for a configuration that cannot be used.
 *
 * @param issues everything that is wrong with it
 * @param options `code`: by default `CONFIG_INVALID`; `note`: a clause that follows the number of errors; `warnings` about the rest
 */
export function invalidConfig(
  issues: readonly Issue[],
  { code = "CONFIG_INVALID", note, warnings = [] }: {
    readonly code?: ErrorCode;
    readonly note?: string | undefined;
    readonly warnings?: readonly Issue[];
  } = {},
): PerfmockError {
  return new PerfmockError(
    code,
    `Cannot use the configuration: ${issues.length} ${
      issues.length === 1 ? "error" : "errors"
    }${note === undefined ? "" : `; ${note}`}`,
    issues,
    { warnings },
  );
}
