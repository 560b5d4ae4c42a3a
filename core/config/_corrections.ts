/**
 * Corrections of values of the wrong kind: a value that stands for the object around it, an object in place of a list, a key
 * without the space after its colon.
 *
 * @module
 */
import {
  isRecord,
  type JsonSchema,
  keysAt,
  listOf,
  nodesAt,
} from "./_schema_lookup.ts";

/** Longest value that a correction repeats, in characters. */
const LONGEST = 80;

/**
 * Suggests how to write a value that is of none of the accepted types.
 *
 * @param root JSON Schema of the whole
 * @param segments path of the value
 * @param value as written
 */
export function correctedKind(
  root: JsonSchema,
  segments: readonly PropertyKey[],
  value: unknown,
): string | undefined {
  const nodes = nodesAt(root, segments);
  if (typeof value === "string") {
    const spaced = withSpace(value, keysAt(root, segments) ?? []);
    if (spaced !== undefined) return spaced;
  }
  const entries = isRecord(value)
    ? asEntries(value, nodesAt(root, [...segments, "0"]))
    : undefined;
  if (entries !== undefined) {
    const text = JSON.stringify(entries);
    return text.length <= LONGEST ? text : undefined;
  }
  const isPlain = ["string", "number", "boolean"].includes(typeof value);
  if (!isPlain && !isRecord(value)) return undefined;
  const text = JSON.stringify(value);
  if (text.length > LONGEST) return undefined;
  if (
    nodes.some(({ items }) =>
      isRecord(items) &&
      nodesAt(root, [...segments, "0"]).some((item) =>
        isAnything(item) || accepts(item, value)
      )
    )
  ) return `[${text}]`;
  if (!isPlain) return undefined;
  for (const node of nodes) {
    if (!isRecord(node.properties)) continue;
    const required = listOf(node.required);
    const key = Object.keys(node.properties).find((key) =>
      required.every((other) => other === key) &&
      nodesAt(root, [...segments, key]).some((part) => accepts(part, value))
    );
    if (key !== undefined) return `{ ${key}: ${text} }`;
  }
}

/** `port:8080` as it was meant to be, in YAML; undefined where it is no key of its place. */
export function withSpace(
  text: string,
  keys: readonly string[],
): string | undefined {
  const [, key, rest] = /^([A-Za-z_]\w*):(\S.{0,60})/u.exec(text) ?? [];
  return key !== undefined && keys.includes(key)
    ? `${key}: ${rest}, with a space after the colon`
    : undefined;
}

/**
 * The list of an object by name, such as `{ "/a": { … } }` where a list of objects is expected that need one key alone, the path; undefined
 * for an object with keys of its own.
 */
function asEntries(
  value: JsonSchema,
  items: readonly JsonSchema[],
): JsonSchema[] | undefined {
  for (const { properties, required } of items) {
    if (!isRecord(properties)) continue;
    const [key, ...others] = listOf(required);
    const parts = Object.entries(value);
    if (
      typeof key !== "string" || others.length > 0 || parts.length === 0 ||
      !parts.every(([name, part]) =>
        !Object.hasOwn(properties, name) && isRecord(part)
      )
    ) continue;
    return parts.map(([name, part]) => ({ [key]: name, ...Object(part) }));
  }
}

/** True for a node that accepts any value. */
function isAnything(node: JsonSchema): boolean {
  return Object.keys(node).every((key) => ANNOTATIONS.includes(key));
}

/** Keywords that accept any value. */
const ANNOTATIONS = ["description", "title", "examples", "default"];

/** True if a node names the type of a value and its limits hold; false where it accepts anything. */
function accepts(node: JsonSchema, value: unknown): boolean {
  if ("const" in node) return node.const === value;
  if (Array.isArray(node.enum)) return node.enum.includes(value);
  const types = Array.isArray(node.type) ? node.type : [node.type];
  if (typeof value === "number") {
    return types.some((type) =>
      type === "number" || type === "integer" && Number.isInteger(value)
    ) && value >= numberOr(node.minimum, -Infinity) &&
      value <= numberOr(node.maximum, Infinity) &&
      value > numberOr(node.exclusiveMinimum, -Infinity);
  }
  if (typeof value === "string") {
    return types.includes("string") &&
      (typeof node.pattern !== "string" ||
        new RegExp(node.pattern, "u").test(value));
  }
  return types.includes(typeof value);
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === "number" ? value : otherwise;
}
