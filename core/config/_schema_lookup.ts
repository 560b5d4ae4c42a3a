/**
 * Looks up in a JSON Schema what it allows at a path, so that issues of any validator can say it.
 *
 * @module
 */
import { alternatives, limitsInWords, typeInWords } from "./words.ts";

/** A JSON Schema or a part of one, with nothing known about its keywords. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Maximum depth to which references and alternatives are followed: a schema may refer to itself. */
const DEPTH = 8;

/** True for an object that is not a list. */
export function isRecord(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Returns a value that is a list, else an empty list. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Returns the schemas that apply at a path; empty where the path leads nowhere. */
function schemasAt(
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

/** Returns the schemas that apply at a path, with all that they refer to and all their alternatives. */
export function nodesAt(
  root: JsonSchema,
  segments: readonly PropertyKey[],
): JsonSchema[] {
  return schemasAt(root, segments).flatMap((node) => expand(root, node));
}

/**
 * Returns the keys that are allowed for an object at a path; undefined where any key is.
 *
 * @param written the object itself: where there are alternatives, those whose constants it contradicts are left out
 */
export function keysAt(
  root: JsonSchema,
  segments: readonly PropertyKey[],
  written?: unknown,
): string[] | undefined {
  const all = nodesAt(root, segments)
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

/** True if an object has another value where an alternative requires a constant, such as a kind. */
function contradicts({ properties }: JsonSchema, written: unknown): boolean {
  return isRecord(written) && isRecord(properties) &&
    Object.entries(properties).some(([key, property]) =>
      isRecord(property) && "const" in property && key in written &&
      written[key] !== property.const
    );
}

/** Describes what is allowed at a path; undefined where the schema does not say. */
export function allowedAt(
  root: JsonSchema,
  segments: readonly PropertyKey[],
): string | undefined {
  const found = schemasAt(root, segments)
    .flatMap((node) => phrases(root, node, 0));
  return found.length === 0 ? undefined : alternatives(found);
}

/** Returns the strings of an enumeration at a path. */
export function optionsAt(
  root: JsonSchema,
  segments: readonly PropertyKey[],
): string[] {
  return nodesAt(root, segments)
    .flatMap((node) => "const" in node ? [node.const] : listOf(node.enum))
    .filter((value) => typeof value === "string");
}

/** Returns a node with all nodes it refers to and all its alternatives. */
function expand(root: JsonSchema, node: JsonSchema, depth = 0): JsonSchema[] {
  if (depth > DEPTH) return [];
  const parts = [
    resolveReference(root, node),
    ...branches(node),
    ...listOf(node.allOf),
  ]
    .filter(isRecord);
  return [node, ...parts.flatMap((part) => expand(root, part, depth + 1))];
}

function resolveReference(root: JsonSchema, node: JsonSchema): unknown {
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

/** Describes what one node allows, one entry per alternative. */
function phrases(root: JsonSchema, node: JsonSchema, depth: number): string[] {
  if (depth > DEPTH) return [];
  const values = "const" in node ? [node.const] : listOf(node.enum);
  if (values.length > 0) return values.map((value) => JSON.stringify(value));
  if (node.type === "number" || node.type === "integer") return [number(node)];
  if (typeof node.description === "string" && node.description !== "") {
    return [node.description];
  }
  const parts = [resolveReference(root, node), ...branches(node)].filter(
    isRecord,
  );
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

/** Returns a limit worth mentioning: zod also writes the range of safe integers as limits. */
function limit(value: unknown): number | undefined {
  return typeof value === "number" && Math.abs(value) < Number.MAX_SAFE_INTEGER
    ? value
    : undefined;
}
