/**
 * Words for settings: what each key of an object means, for JSON Schemas, editors and the reference.
 *
 * @module
 */
import { globalRegistry, lazy, type z } from "zod";

/** Kinds of zod types that only one setting has, unless they have words already. The others may be shared by many settings. */
const OWN: ReadonlySet<string> = new Set([
  "array",
  "boolean",
  "default",
  "enum",
  "literal",
  "object",
  "optional",
  "prefault",
  "record",
  "string",
]);

/**
 * Says what each key of an object means. The types stay as they are, so that a document that needs no words pays nothing.
 *
 * @param shape types by key
 * @param words meaning of each key: a phrase without a full stop that names the thing, with its unit and, where zod does not know it,
 * its default
 * @returns the shape with words
 */
export function worded<Shape extends z.core.$ZodShape>(
  shape: Shape,
  words: { readonly [Key in keyof Shape]: string },
): Shape {
  return Object.fromEntries(
    Object.entries(shape).map((
      [key, type],
    ) => [key, withWords(type, words[key])]),
  ) as unknown as Shape;
}

function withWords(type: z.core.$ZodType, meaning: string): z.core.$ZodType {
  const known = globalRegistry.get(type);
  if (known?.meaning === meaning) return type;
  const isOwn = OWN.has(type._zod.def.type) && known?.meaning === undefined;
  // A reference, because a shared type would have the words of its last setting.
  const own = isOwn ? type : lazy(() => type);
  const { type: kind, defaultValue } = type._zod.def as unknown as {
    readonly type: string;
    readonly defaultValue?: unknown;
  };
  globalRegistry.add(own, {
    ...isOwn && known,
    meaning,
    // zod leaves out a default that was parsed already.
    ...kind === "default" && isPlain(defaultValue) &&
      { fallback: defaultValue },
  });
  return own;
}

function isPlain(value: unknown): boolean {
  return ["string", "number", "boolean"].includes(typeof value) ||
    value === null || Array.isArray(value);
}
