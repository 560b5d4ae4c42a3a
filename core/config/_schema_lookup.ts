/**
 * What a schema would have accepted, read from its JSON Schema, so that any validator's faults can say it.
 *
 * @module
 */
import { listOf } from "./_raw_issue.ts";
import { alternatives, limitsInWords, typeInWords } from "./words.ts";

/** A JSON Schema, or a part of one, of which nothing is taken for granted. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** The deepest that references and alternatives are followed: a schema may refer to itself. */
const DEEPEST = 8;

/** Whether a value is an object of names and values. */
export function isRecord(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The schemas that apply at a path, alternatives and references resolved; empty where the path leads nowhere. */
export function schemasAt(
  root: JsonSchema,
  segments: readonly PropertyKey[],
): JsonSchema[] {
  let present: JsonSchema[] = [root];
  for (const segment of segments) {
    present = present.flatMap((node) => expand(root, node))
      .flatMap((node) => child(node, String(segment)));
  }
  return present;
}

/**
 * The keys that an object at a path may have, where they are a closed list; undefined where any key may be written.
 *
 * @param written the object itself: of several alternatives those count whose constants it has
 */
export function keysAt(
  root: JsonSchema,
  segments: readonly PropertyKey[],
  written?: unknown,
): string[] | undefined {
  const all = schemasAt(root, segments)
    .flatMap((node) => expand(root, node))
    .filter((node) => isRecord(node.properties));
  const meant = all.filter((node) => !contradicts(node, written));
  const objects = meant.length === 0 ? all : meant;
  if (objects.length === 0) return undefined;
  if (objects.some((node) => node.additionalProperties !== false)) {
    return undefined;
  }
  return [
    ...new Set(objects.flatMap((node) => Object.keys(node.properties ?? {}))),
  ];
}

/** Whether an object has another value where an alternative wants a constant, such as its kind. */
function contradicts({ properties }: JsonSchema, written: unknown): boolean {
  return isRecord(written) && isRecord(properties) &&
    Object.entries(properties).some(([key, property]) =>
      isRecord(property) && "const" in property && key in written &&
      written[key] !== property.const
    );
}

/** What is allowed at a path, in words; undefined where the schema says nothing of it. */
export function allowedAt(
  root: JsonSchema,
  segments: readonly PropertyKey[],
): string | undefined {
  const found = schemasAt(root, segments)
    .flatMap((node) => phrases(root, node, 0));
  return found.length === 0 ? undefined : alternatives(found);
}

/** The strings that an enumeration at a path lists. */
export function optionsAt(
  root: JsonSchema,
  segments: readonly PropertyKey[],
): string[] {
  return schemasAt(root, segments)
    .flatMap((node) => expand(root, node))
    .flatMap((node) => "const" in node ? [node.const] : listOf(node.enum))
    .filter((value) => typeof value === "string");
}

/** A node and all it stands for: references followed, alternatives spread. */
function expand(root: JsonSchema, node: JsonSchema, depth = 0): JsonSchema[] {
  if (depth > DEEPEST) return [];
  const parts = [refer(root, node), ...branches(node), ...listOf(node.allOf)]
    .filter(isRecord);
  return [node, ...parts.flatMap((part) => expand(root, part, depth + 1))];
}

function refer(root: JsonSchema, node: JsonSchema): unknown {
  if (typeof node.$ref !== "string") return undefined;
  return node.$ref.split("/").slice(1).reduce<unknown>(
    (place, name) => isRecord(place) ? place[name] : undefined,
    root,
  );
}

function branches(node: JsonSchema): readonly unknown[] {
  return [...listOf(node.anyOf), ...listOf(node.oneOf)];
}

function child(node: JsonSchema, key: string): JsonSchema[] {
  const { properties, prefixItems, items, additionalProperties } = node;
  if (isRecord(properties) && Object.hasOwn(properties, key)) {
    return [properties[key]].filter(isRecord);
  }
  if (/^\d+$/u.test(key)) {
    const place = listOf(prefixItems)[Number(key)] ?? items;
    if (isRecord(place)) return [place];
  }
  return [additionalProperties].filter(isRecord);
}

/** What one node allows, an entry for each alternative. */
function phrases(root: JsonSchema, node: JsonSchema, depth: number): string[] {
  if (depth > DEEPEST) return [];
  const values = "const" in node ? [node.const] : listOf(node.enum);
  if (values.length > 0) return values.map((value) => JSON.stringify(value));
  if (node.type === "number" || node.type === "integer") return [number(node)];
  if (typeof node.description === "string" && node.description !== "") {
    return [node.description];
  }
  const parts = [refer(root, node), ...branches(node)].filter(isRecord);
  if (parts.length > 0) {
    return parts.flatMap((part) => phrases(root, part, depth + 1));
  }
  return (Array.isArray(node.type) ? node.type : [node.type])
    .filter((type) => typeof type === "string")
    .map(typeInWords);
}

function number(node: JsonSchema): string {
  const limits = limitsInWords({
    min: limit(node.minimum),
    above: limit(node.exclusiveMinimum),
    max: limit(node.maximum),
  });
  const noun = typeInWords(String(node.type));
  return limits === "" ? noun : `${noun}, ${limits}`;
}

/** A limit worth telling: zod writes the range of safe integers as limits too. */
function limit(value: unknown): number | undefined {
  return typeof value === "number" && Math.abs(value) < Number.MAX_SAFE_INTEGER
    ? value
    : undefined;
}
