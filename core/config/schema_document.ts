/**
 * The last step to a JSON Schema that leaves perfmock: one description for each key, defaults as users write them, and forms that
 * validators in strict mode accept.
 *
 * Within perfmock, `description` is the accepted form of a value, which messages use, and `meaning` is the words of a setting.
 *
 * @module
 */
import { formatDuration } from "../lib/units.ts";
import { isRecord } from "./_schema_lookup.ts";

/** A JSON Schema under construction. */
export type Json = Record<string, unknown>;

/** Keywords whose value is a schema. */
const ONE: ReadonlySet<string> = new Set([
  "additionalProperties",
  "contains",
  "items",
  "not",
  "propertyNames",
]);

/** Keywords whose value is a list of schemas. */
const LISTS: ReadonlySet<string> = new Set([
  "allOf",
  "anyOf",
  "oneOf",
  "prefixItems",
]);

/** Keywords whose value has schemas by name. */
const MAPS: ReadonlySet<string> = new Set([
  "$defs",
  "patternProperties",
  "properties",
]);

/** Keywords that concern values of one type only. */
const OF_TYPE: Readonly<Record<string, readonly string[]>> = {
  array: ["items", "maxItems", "minItems", "prefixItems", "uniqueItems"],
  number: [
    "exclusiveMaximum",
    "exclusiveMinimum",
    "maximum",
    "minimum",
    "multipleOf",
  ],
  object: [
    "additionalProperties",
    "maxProperties",
    "minProperties",
    "patternProperties",
    "properties",
    "propertyNames",
    "required",
  ],
  string: ["format", "maxLength", "minLength", "pattern"],
};

/** Finishes a JSON Schema, with all that is in it. */
export function finishedSchema(node: Json): Json {
  const { meaning, fallback, description, ...rest } = node;
  const words = [meaning, description]
    .filter((part) => typeof part === "string" && part !== "")
    .map((part) => part as string);
  const made: Json = {
    ...words.length > 0 && { description: sentences(words) },
    ...Object.fromEntries(
      Object.entries(rest).map(([key, value]) => [key, finished(key, value)]),
    ),
    ...fallback !== undefined && rest.default === undefined &&
      { default: written(fallback, node) },
  };
  return withOneType(made);
}

function finished(keyword: string, value: unknown): unknown {
  if (ONE.has(keyword) && isRecord(value)) return finishedSchema(value);
  if (LISTS.has(keyword) && Array.isArray(value)) {
    return value.map((part) => isRecord(part) ? finishedSchema(part) : part);
  }
  if (!MAPS.has(keyword) || !isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map((
      [name, part],
    ) => [name, isRecord(part) ? finishedSchema(part) : part]),
  );
}

/** Joins phrases to sentences: each begins with a capital letter. */
function sentences(phrases: readonly string[]): string {
  return phrases.map((phrase) => phrase[0].toUpperCase() + phrase.slice(1))
    .join(". ");
}

/** Writes a default as users do: with a unit, if the setting has one. */
function written(value: unknown, { pattern }: Json): unknown {
  if (typeof value !== "number" || typeof pattern !== "string") return value;
  if (pattern.includes("|ms|")) return formatDuration(value);
  return pattern.includes("KMGT") ? sizeInWords(value) : value;
}

/** Writes a size with the largest unit in which it is a whole number. */
function sizeInWords(bytes: number): string | number {
  const units = ["GiB", "MiB", "KiB"];
  for (const [index, unit] of units.entries()) {
    const size = 1024 ** (units.length - index);
    if (bytes >= size && bytes % size === 0) return `${bytes / size}${unit}`;
  }
  return bytes;
}

/** Divides a schema for several types into one for each: a validator in strict mode takes no list of types. */
function withOneType(node: Json): Json {
  const { type } = node;
  if (!Array.isArray(type)) return node;
  const rest: Json = {};
  const parts = type.map((name): Json => {
    const group = OF_TYPE[name === "integer" ? "number" : name] ?? [];
    const own = Object.entries(node).filter(([key]) => group.includes(key));
    return { type: name, ...Object.fromEntries(own) };
  });
  const divided = new Set(Object.values(OF_TYPE).flat());
  for (const [key, value] of Object.entries(node)) {
    if (key !== "type" && !divided.has(key)) rest[key] = value;
  }
  return { ...rest, anyOf: parts };
}
