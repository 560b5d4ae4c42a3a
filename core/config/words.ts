/**
 * Wording shared by all messages about settings: values, types and limits as phrases.
 *
 * @module
 */
import type { Limits } from "../contract/values.ts";

/** Nouns for the type names of schemas; any other name gets an article. */
const TYPES: Readonly<Record<string, string>> = {
  array: "a list",
  boolean: "true or false",
  int: "a whole number",
  integer: "a whole number",
  null: "null",
  record: "an object",
  set: "a list",
  tuple: "a list",
};

/** Maximum length of a text that a message quotes. */
const MAX_QUOTED = 60;

/**
 * Returns a noun for a type: `a whole number` for `"int"`, `a duration` for `"duration"`.
 *
 * @param type name of a type in zod or JSON Schema
 */
export function typeInWords(type: string): string {
  return TYPES[type] ?? `${/^[aeiou]/u.test(type) ? "an" : "a"} ${type}`;
}

/** Returns a noun for a value's type: `a string`, `a list`, `null`; booleans and non-finite numbers are named themselves. */
export function kindInWords(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return "a list";
  switch (typeof value) {
    case "number":
      return Number.isFinite(value) ? "a number" : String(value);
    case "boolean":
      return String(value);
    default:
      return typeInWords(typeof value);
  }
}

/** Returns a value as part of a sentence: itself if it is short and primitive, else a noun for its type. */
export function valueInWords(value: unknown): string {
  if (typeof value === "string") {
    return value.length <= MAX_QUOTED ? JSON.stringify(value) : "a long string";
  }
  return typeof value === "number" || typeof value === "bigint"
    ? String(value)
    : kindInWords(value);
}

/** Joins entries with commas, and `or` before the last one. Duplicates are left out. */
export function alternatives(entries: Iterable<string>): string {
  const list = [...new Set(entries)];
  const last = list.pop() ?? "";
  return list.length === 0 ? last : `${list.join(", ")} or ${last}`;
}

/** Returns limits as a phrase: `at least 1`, `greater than 0 and at most 10`, `from 1 to 10`; empty without limits. */
export function limitsInWords(
  limits: Limits,
  write: (limit: number) => string = String,
): string {
  const { min = -Infinity, above = -Infinity, max = Infinity } = limits;
  const exclusive = above >= min;
  if (!exclusive && min > -Infinity && max < Infinity) {
    return `from ${write(min)} to ${write(max)}`;
  }
  const parts: string[] = [];
  if (exclusive && above > -Infinity) {
    parts.push(`greater than ${write(above)}`);
  }
  if (!exclusive && min > -Infinity) parts.push(`at least ${write(min)}`);
  if (max < Infinity) parts.push(`at most ${write(max)}`);
  return parts.join(" and ");
}

/** Returns a message in perfmock's style: capitalised, without a full stop. */
export function sentence(message: string): string {
  const text = message.trim().replace(/\.+$/u, "");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Returns `Expected a duration or null, received a list`; `Missing` for undefined. */
export function expected(nouns: readonly string[], value: unknown): string {
  if (value === undefined) return "Missing";
  const whole = nouns.includes("a whole number") && Number.isFinite(value);
  const received = whole ? valueInWords(value) : kindInWords(value);
  return `Expected ${alternatives(nouns)}, received ${received}`;
}

/** Returns `Must be "a" or "b", received "c"`; `Missing` for undefined. */
export function mustBe(options: readonly unknown[], value: unknown): string {
  if (value === undefined) return "Missing";
  const list = alternatives(options.map((option) => JSON.stringify(option)));
  return `Must be ${list}, received ${valueInWords(value)}`;
}

/** Maximum depth of a value in an issue: a deeper one could not be serialised. */
const MAX_DEPTH = 100;

/** Returns a value as an issue shows it; undefined if it is nested too deep. */
export function showable(value: unknown): unknown {
  return isWithin(value, MAX_DEPTH) ? value : undefined;
}

function isWithin(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return levels > 0 &&
    Object.values(value).every((part) => isWithin(part, levels - 1));
}
