/**
 * Validation with zod, with its issues in perfmock's words.
 *
 * The words come from zod's error map for one parse: zod calls it for each issue whose schema has no message of its
 * author's, and passes it the issue's code and data.
 *
 * @module
 */
import type { Schema, SchemaIssue, SchemaResult } from "../contract/values.ts";
import { lookUp } from "../lib/pointer.ts";
import { suggest } from "../lib/suggest.ts";
import { meant } from "./_foreign_words.ts";
import { listOf } from "./_schema_lookup.ts";
import {
  alternatives,
  expected,
  mustBe,
  sentence,
  typeInWords,
  valueInWords,
} from "./words.ts";

/** An issue as a validator reports it, with any further fields. */
export type RawIssue = SchemaIssue & Readonly<Record<string, unknown>>;

/** An issue whose message is final, before the schema's JSON Schema adds what is allowed. */
export interface WordedIssue {
  /** Path from the validated value. */
  readonly segments: readonly PropertyKey[];
  /** Description, as a sentence without a full stop. */
  readonly message: string;
  /** True if the last segment is a key that is not allowed; undefined where the validator does not tell. */
  readonly unknownKey?: boolean;
  /** Accepted values in words, as far as the issue itself says. */
  readonly allowed?: string;
  /** True if `allowed` covers only one of several alternatives: the JSON Schema knows them all. */
  readonly partial?: boolean;
  /** The probable correction. */
  readonly suggestion?: string;
  /** The value to show, where it differs from the one at the path. */
  readonly value?: unknown;
}

/** Number of unknown keys of one object that are reported one by one: each is compared with the known ones. */
export const LISTED_KEYS = 100;

/** The part of a zod schema that takes an error map for one parse. */
interface ZodSchema<T> extends Schema<T> {
  safeParse(
    value: unknown,
    parameters: { readonly error: (issue: RawIssue) => string | undefined },
  ):
    | { readonly success: true; readonly data: T }
    | {
      readonly success: false;
      readonly error: { readonly issues: readonly RawIssue[] };
    };
}

/** True for schemas of zod, whichever copy of it. */
export function isZod<T>(schema: Schema<T>): schema is ZodSchema<T> {
  return schema["~standard"].vendor === "zod" && "safeParse" in schema &&
    typeof schema.safeParse === "function";
}

/**
 * Parses a value.
 *
 * @throws what the schema throws, and zod's own error where it needs a promise: {@linkcode needsPromise} recognises it
 */
export function parseWithZod<T>(
  schema: ZodSchema<T>,
  value: unknown,
): SchemaResult<T> {
  const result = schema.safeParse(value, { error: messageOf });
  return result.success
    ? { value: result.data }
    : { issues: result.error.issues };
}

/** True if zod threw because a schema works asynchronously. */
export function needsPromise(error: unknown): boolean {
  return error instanceof Error && error.constructor.name.includes("Async");
}

/** Returns the path of an issue as plain keys. */
export function pathOf(issue: SchemaIssue): PropertyKey[] {
  return (issue.path ?? []).map((segment) =>
    typeof segment === "object" ? segment.key : segment
  );
}

/**
 * Completes one of zod's issues: unions are resolved to the alternative that was meant, corrections are suggested.
 *
 * @param issue as zod reports it
 * @param root the validated value
 * @param base path at which the issue's own path begins
 */
export function wordedIssues(
  issue: RawIssue,
  root: unknown,
  base: readonly PropertyKey[] = [],
): WordedIssue[] {
  const segments = [...base, ...pathOf(issue)];
  const value = lookUp(root, segments);
  if (issue.code === "unrecognized_keys") {
    const keys = listOf(issue.keys);
    const listed: WordedIssue[] = keys.slice(0, LISTED_KEYS).map(String)
      .map((key) => ({
        segments: [...segments, key],
        message: `Unknown key ${JSON.stringify(key)}`,
        unknownKey: true,
      }));
    const further = keys.length - LISTED_KEYS;
    return further <= 0 ? listed : [...listed, {
      segments,
      unknownKey: false,
      message: `There are ${further} more unknown keys`,
      value: undefined,
    }];
  }
  const branches = branchesOf(issue);
  if (branches.length > 0) {
    return resolveUnion(branches, value).flatMap((chosen) =>
      wordedIssues(chosen, root, segments)
    );
  }
  return [{
    segments,
    unknownKey: false,
    suggestion: correction(issue, value),
    ...detailsOf(issue),
    message: sentence(issue.message),
  }];
}

/** Suggests the option that a misspelt one was meant to be. */
function correction(issue: RawIssue, value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  const options = [...listOf(issue.values), ...listOf(issue.options)];
  return meant(value, options.filter((option) => typeof option === "string"));
}

/** Returns what the parameters of an issue say beside its message. */
function detailsOf(issue: RawIssue): Omit<WordedIssue, "segments" | "message"> {
  const params = paramsOf(issue);
  const details: Record<string, unknown> = {};
  for (const key of ["allowed", "partial", "suggestion", "value"]) {
    if (Object.hasOwn(params, key)) details[key] = params[key];
  }
  return details;
}

function paramsOf(issue: RawIssue): Readonly<Record<string, unknown>> {
  return { ...(issue.params as object | undefined) };
}

/** The error map: returns perfmock's message for an issue, undefined where zod's own is kept. */
function messageOf(issue: RawIssue): string | undefined {
  const { code, input } = issue;
  switch (code) {
    case "invalid_type":
      return expected([typeInWords(String(issue.expected))], input);
    case "invalid_value":
      return mustBe(listOf(issue.values), input);
    case "invalid_union":
      if (issue.inclusive === false) {
        return "Fits more than one of the alternatives";
      }
      return typeof issue.discriminator === "string"
        ? mustBe(listOf(issue.options), lookUp(input, [issue.discriminator]))
        : undefined;
    case "too_small":
    case "too_big":
      return sizeMessage(issue, input);
    case "not_multiple_of":
      return `Must be a multiple of ${issue.divisor}, received ${
        valueInWords(input)
      }`;
    case "invalid_format":
      return formatMessage(issue, input);
    case "invalid_key": {
      const [inner] = listOf(issue.issues) as readonly RawIssue[];
      const reason = sentence(inner?.message ?? "");
      const key = JSON.stringify(String(pathOf(issue).at(-1)));
      return `Invalid key ${key}: ${reason.charAt(0).toLowerCase()}${
        reason.slice(1)
      }`;
    }
  }
}

function sizeMessage(issue: RawIssue, value: unknown): string {
  const small = issue.code === "too_small";
  const bound = small ? issue.minimum : issue.maximum;
  if (typeof value === "number" || typeof value === "bigint") {
    const relation = small
      ? issue.inclusive ? "at least" : "greater than"
      : issue.inclusive
      ? "at most"
      : "less than";
    return `Must be ${relation} ${bound}, received ${valueInWords(value)}`;
  }
  const relation = issue.exact ? "exactly" : small ? "at least" : "at most";
  const [one, many] = typeof value === "string"
    ? ["character", "characters"]
    : ["entry", "entries"];
  return `Must have ${relation} ${bound} ${
    bound === 1 ? one : many
  }, received ${count(value)}`;
}

function count(value: unknown): number {
  if (typeof value === "string" || Array.isArray(value)) return value.length;
  if (value instanceof Set || value instanceof Map) return value.size;
  return Object.keys(value ?? {}).length;
}

function formatMessage(issue: RawIssue, value: unknown): string {
  const received = `, received ${valueInWords(value)}`;
  switch (issue.format) {
    case "regex":
      return `Must match the pattern ${issue.pattern}${received}`;
    case "starts_with":
      return `Must start with ${JSON.stringify(issue.prefix)}${received}`;
    case "ends_with":
      return `Must end with ${JSON.stringify(issue.suffix)}${received}`;
    case "includes":
      return `Must contain ${JSON.stringify(issue.includes)}${received}`;
    default:
      return `Must be ${typeInWords(String(issue.format))}${received}`;
  }
}

/** The issues of one alternative of a union. */
type Branch = readonly RawIssue[];

/**
 * Returns the issues of the alternative that fits best, since zod reports only that none fits: among those that accept
 * this type of value, the one with the fewest and deepest issues. Where none accepts the type, one issue names all
 * alternatives.
 *
 * @param branches the issues of each alternative, in the schema's order
 * @param value the value received
 */
function resolveUnion(branches: readonly Branch[], value: unknown): Branch {
  const fitting = branches.filter((branch) =>
    !branch.some((issue) => isTypeMismatch(issue, value))
  );
  if (fitting.length === 0) return [noTypeFits(branches, value)];
  const best = fitting.toSorted((a, b) => cost(a) - cost(b))[0];
  if (!best.every(isAboutWhole)) return best;
  const plain = fitting.filter((branch) => branch.every(isAboutWhole));
  if (plain.every((branch) => branch.every(isOption))) {
    return [noOptionFits(plain.flat(), value)];
  }
  return (plain.find((branch) => !branch.every(isOption)) ?? best)
    .map((issue) => ({
      ...issue,
      params: { ...paramsOf(issue), partial: true },
    }));
}

/** True for an issue of the value itself, not of a part of it. */
function isAboutWhole(issue: RawIssue): boolean {
  return pathOf(issue).length === 0 && issue.code !== "unrecognized_keys";
}

/** True for an issue that lists the allowed options. */
function isOption(issue: RawIssue): boolean {
  return issue.code === "invalid_value";
}

/** True if an alternative accepts only other types of values. */
function isTypeMismatch(issue: RawIssue, value: unknown): boolean {
  if (pathOf(issue).length > 0) return false;
  switch (issue.code) {
    case "invalid_type":
      return true;
    case "invalid_value":
      return listOf(issue.values).every((option) =>
        typeof option !== typeof value
      );
    case "invalid_union":
      return branchesOf(issue).length > 0 &&
        branchesOf(issue).every((branch) =>
          branch.some((inner) => isTypeMismatch(inner, value))
        );
    default:
      return false;
  }
}

/**
 * Returns how badly a value fits an alternative. A deep issue costs less, since everything above it was recognised; a
 * missing key costs half where it is present but misspelt.
 */
function cost(branch: Branch): number {
  const missing = branch.map(pathOf).filter((path) => path.length === 1)
    .map((path) => String(path[0]));
  let total = 0;
  for (const issue of branch) {
    if (issue.code === "unrecognized_keys") {
      for (const key of listOf(issue.keys).map(String)) {
        total += suggest(key, missing) === undefined ? 1 : 0.5;
      }
    } else {
      total += 4 ** -Math.max(0, pathOf(issue).length - 1);
    }
  }
  return total;
}

function noTypeFits(branches: readonly Branch[], value: unknown): RawIssue {
  const root = branches.flat().flatMap(flatten);
  return {
    code: "custom",
    message: expected(root.flatMap(nouns), value),
    params: {
      allowed: alternatives(root.flatMap((issue) => {
        const { allowed } = paramsOf(issue);
        return typeof allowed === "string" ? [allowed] : nouns(issue);
      })),
      partial: true,
    },
  };
}

function noOptionFits(issues: Branch, value: unknown): RawIssue {
  const options = issues.flatMap((issue) => listOf(issue.values));
  const words = options.filter((option) => typeof option === "string");
  return {
    code: "custom",
    message: mustBe(options, value),
    params: { partial: true, suggestion: meant(String(value), words) },
  };
}

function flatten(issue: RawIssue): RawIssue[] {
  const inner = branchesOf(issue);
  return inner.length === 0 ? [issue] : inner.flat().flatMap(flatten);
}

function nouns(issue: RawIssue): string[] {
  switch (issue.code) {
    case "invalid_type":
      return [typeInWords(String(issue.expected))];
    case "invalid_value":
      return listOf(issue.values).map((option) => JSON.stringify(option));
    default:
      return [];
  }
}

/** Returns the issues of each alternative; empty where an issue is not of a union. */
function branchesOf(issue: RawIssue): readonly Branch[] {
  return issue.code === "invalid_union"
    ? listOf(issue.errors) as readonly Branch[]
    : [];
}
