/**
 * Values, types and limits in words: the vocabulary that all messages about settings share.
 *
 * @module
 */
import type { Limits } from "../contract/values.ts";

/** What schemas call types, in our words. What is not here takes an article. */
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

/** The longest text that is quoted in a message as it is. */
const LONGEST = 60;

/**
 * A type as a noun: `"int"` gives `a whole number`, `"duration"` gives `a duration`.
 *
 * @param type the name of a type, as zod and JSON Schema use it
 */
export function typeInWords(type: string): string {
  return TYPES[type] ?? `${/^[aeiou]/u.test(type) ? "an" : "a"} ${type}`;
}

/** What kind of value this is: `a string`, `a list`, `null`, and numbers and booleans themselves. */
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

/** A value short enough for a sentence: itself where it is short and plain, its kind where it is not. */
export function valueInWords(value: unknown): string {
  if (typeof value === "string") {
    return value.length <= LONGEST ? JSON.stringify(value) : "a long string";
  }
  return typeof value === "number" || typeof value === "bigint"
    ? String(value)
    : kindInWords(value);
}

/** A list with commas, and `or` before its last entry; equal entries once. */
export function alternatives(entries: Iterable<string>): string {
  const list = [...new Set(entries)];
  const last = list.pop() ?? "";
  return list.length === 0 ? last : `${list.join(", ")} or ${last}`;
}

/** Limits in words: `at least 1`, `greater than 0 and at most 10`, `from 1 to 10`; empty where there are none. */
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

/** A message in our style: capitalised, no full stop. */
export function sentence(message: string): string {
  const text = message.trim().replace(/\.+$/u, "");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** `Expected a duration or null, received a list`; `Missing` where nothing was received. */
export function expected(nouns: readonly string[], value: unknown): string {
  if (value === undefined) return "Missing";
  const whole = nouns.includes("a whole number") && Number.isFinite(value);
  const received = whole ? valueInWords(value) : kindInWords(value);
  return `Expected ${alternatives(nouns)}, received ${received}`;
}

/** `Must be "a" or "b", received "c"`; `Missing` where nothing was received. */
export function mustBe(options: readonly unknown[], value: unknown): string {
  if (value === undefined) return "Missing";
  const list = alternatives(options.map((option) => JSON.stringify(option)));
  return `Must be ${list}, received ${valueInWords(value)}`;
}

/** How deep a value may be nested that a fault shows: what goes deeper could not be serialised. */
const DEEPEST_SHOWN = 100;

/** The value as a fault shows it: itself, but undefined where it is nested beyond measure. */
export function showable(value: unknown): unknown {
  return isWithin(value, DEEPEST_SHOWN) ? value : undefined;
}

function isWithin(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return levels > 0 &&
    Object.values(value).every((part) => isWithin(part, levels - 1));
}
