/**
 * zod's issues, reworded.
 *
 * @module
 */
import { z } from "zod";
import { lookUp } from "../lib/pointer.ts";
import { listOf, pathOf, type RawIssue } from "./_raw_issue.ts";
import { resolveUnion } from "./_union.ts";
import { suggest } from "../lib/suggest.ts";
import {
  expected,
  mustBe,
  sentence,
  typeInWords,
  valueInWords,
} from "./words.ts";

/** A fault on its way to becoming an issue: what the schema's JSON Schema can tell is not in it yet. */
export interface Fault {
  /** Where, from the validated value downwards. */
  readonly segments: readonly PropertyKey[];
  /** What is wrong. */
  readonly message: string;
  /** Whether the last segment is a key that may not be there; undefined where the validator does not tell. */
  readonly unknownKey?: boolean;
  /** What is allowed, as far as the issue itself says. */
  readonly allowed?: string;
  /** True where the issue speaks for one of several alternatives: the JSON Schema knows them all. */
  readonly partial?: boolean;
  /** What was probably meant. */
  readonly suggestion?: string;
  /** The value to show, where it is not the one that lies at the path. */
  readonly value?: unknown;
}

/**
 * Rewords one issue of zod's.
 *
 * @param issue as zod raised it
 * @param root the value that was validated
 * @param base where the issue's path begins
 */
export function rewordZod(
  issue: RawIssue,
  root: unknown,
  base: readonly PropertyKey[],
): Fault[] {
  const segments = [...base, ...pathOf(issue)];
  const value = lookUp(root, segments);
  switch (issue.code) {
    case "unrecognized_keys":
      return listOf(issue.keys).map(String).map((key) => ({
        segments: [...segments, key],
        message: `Unknown key ${JSON.stringify(key)}`,
        unknownKey: true,
      }));
    case "invalid_union":
      if (Array.isArray(issue.errors) && issue.errors.length > 0) {
        return resolveUnion(issue.errors, value).flatMap((chosen) =>
          rewordZod(chosen, root, segments)
        );
      }
  }
  return [{
    segments,
    unknownKey: false,
    suggestion: correction(issue, value),
    ...says(issue),
    message: messageOf(issue, value),
  }];
}

/** The option that a misspelt one was meant to be. */
function correction(issue: RawIssue, value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  const options = [...listOf(issue.values), ...listOf(issue.options)];
  return suggest(value, options.filter((option) => typeof option === "string"));
}

/** What an issue's own parameters say beside its message. */
function says(issue: RawIssue): Omit<Fault, "segments" | "message"> {
  const params = typeof issue.params === "object" && issue.params !== null
    ? issue.params
    : {};
  const said: Record<string, unknown> = {};
  for (const key of ["allowed", "partial", "suggestion", "value"]) {
    if (Object.hasOwn(params, key)) said[key] = Reflect.get(params, key);
  }
  return said;
}

/** The message of an issue: the schema's author's own words where there are any, else ours. */
function messageOf(issue: RawIssue, value: unknown): string {
  if (issue.code === "custom") return sentence(issue.message);
  const usual = english({ ...issue, input: value });
  if (issue.message !== usual) return sentence(issue.message);
  return reword(issue, value) ?? sentence(issue.message);
}

const localise = z.locales.en().localeError;

function english(issue: Record<string, unknown>): string | undefined {
  const text = localise(issue as Parameters<typeof localise>[0]);
  return typeof text === "string" ? text : text?.message;
}

function reword(issue: RawIssue, value: unknown): string | undefined {
  switch (issue.code) {
    case "invalid_type":
      return expected([typeInWords(String(issue.expected))], value);
    case "invalid_value":
      return mustBe(listOf(issue.values), value);
    case "invalid_union":
      if (issue.inclusive === false) {
        return "Fits more than one of the alternatives";
      }
      return mustBe(listOf(issue.options), value);
    case "too_small":
    case "too_big":
      return size(issue, value);
    case "not_multiple_of":
      return `Must be a multiple of ${issue.divisor}, received ${
        valueInWords(value)
      }`;
    case "invalid_format":
      return format(issue, value);
    case "invalid_key": {
      const [inner] = listOf(issue.issues) as readonly RawIssue[];
      const key = String(pathOf(issue).at(-1));
      const reason = inner === undefined ? "" : messageOf(inner, key);
      return `Invalid key ${JSON.stringify(key)}: ${
        reason.charAt(0).toLowerCase()
      }${reason.slice(1)}`;
    }
  }
}

function size(issue: RawIssue, value: unknown): string {
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
  return Object.keys(value ?? {}).length;
}

function format(issue: RawIssue, value: unknown): string {
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
