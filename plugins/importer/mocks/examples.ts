/**
 * Examples of the bodies that an OpenAPI document describes.
 *
 * @module
 */
import { sample } from "openapi-sampler";
import { isText } from "./bodies.ts";
import { isRecord, type Json, Resolver } from "./resolver.ts";

/** Depths to which a schema is followed, one after another until the example is short enough. */
const DEPTHS = [8, 5, 3, 2, 1];

/** Greatest number of schemas that an example is made of. */
const MOST_SCHEMAS = 3000;

/** Greatest length of an example, in characters. */
const LONGEST = 64 * 1024;

/** Number of events of a stream. */
const EVENTS = 10;

/** Example of a body. */
export type Example =
  | {
    /** Text of the body; undefined for none. */
    readonly text: string | undefined;
    /** Reason why it is not all of what the document says; undefined if it is. */
    readonly changed?: string;
  }
  | {
    /** Settings of a stream of events. */
    readonly events: Json;
    readonly changed: string;
  };

/** Makes an example of a media type. */
export function exampleOf(
  media: unknown,
  type: string,
  { document, resolver, pointer }: {
    readonly document: Json;
    readonly resolver: Resolver;
    readonly pointer: string;
  },
): Example {
  if (!isRecord(media)) return { text: undefined };
  const written = writtenExample(media, resolver, pointer);
  const example = written === undefined
    ? sampled(media.schema, type, document)
    : { value: written.value };
  if (/^text\/event-stream\b/i.test(type)) {
    return {
      events: { count: EVENTS, data: example.value ?? "" },
      changed: `streams of events, of which ${EVENTS} are sent`,
    };
  }
  const { value, changed } = example;
  const text = value === undefined
    ? undefined
    : typeof value === "string" && isText(type) && !/json/i.test(type)
    ? value
    : JSON.stringify(value);
  return { text, ...changed !== undefined && { changed } };
}

/** Example that the document contains. */
function writtenExample(
  { example, examples }: Json,
  resolver: Resolver,
  pointer: string,
): { readonly value: unknown } | undefined {
  if (example !== undefined) return { value: example };
  for (const one of Object.values(Object(examples))) {
    const found = resolver.resolve(one, pointer);
    if (!("value" in found) || !isRecord(found.value)) continue;
    if ("value" in found.value) return { value: found.value.value };
  }
  return undefined;
}

function sampled(
  schema: unknown,
  type: string,
  document: Json,
): { readonly value: unknown; readonly changed?: string } {
  if (!isRecord(schema)) return { value: undefined };
  const xml = /\bxml\b/i.test(type);
  for (const maxSampleDepth of DEPTHS) {
    // Counted first, because the sampler itself would follow schemas that refer to one another without end.
    const budget = { left: MOST_SCHEMAS };
    count(schema, { document, budget, depth: maxSampleDepth, open: [] });
    if (budget.left < 0) continue;
    let value: unknown;
    try {
      value = sample(
        schema,
        {
          quiet: true,
          skipWriteOnly: true,
          maxSampleDepth,
          ...xml && { format: "xml" },
        },
        document,
      );
    } catch {
      return {
        value: undefined,
        changed: "schemas of which no example can be made, without a body",
      };
    }
    if (value === undefined) return { value };
    if (JSON.stringify(value).length <= LONGEST) {
      return maxSampleDepth === DEPTHS[0] ? { value } : {
        value,
        changed: "schemas whose examples are long, followed to a lower depth",
      };
    }
  }
  return {
    value: undefined,
    changed: "schemas whose examples are too long, without a body",
  };
}

interface Counting {
  readonly document: Json;
  readonly budget: { left: number };
  /** Number of further levels. */
  readonly depth: number;
  /** References that lead to this schema, which the sampler follows once. */
  readonly open: readonly string[];
}

/** Counts the schemas that an example is made of, until the budget is spent. */
function count(schema: unknown, counting: Counting): void {
  const { document, budget, depth, open } = counting;
  if (!isRecord(schema) || --budget.left < 0 || depth < 0) return;
  const {
    $ref,
    properties,
    items,
    prefixItems,
    allOf,
    minItems,
    additionalProperties,
  } = schema;
  if (typeof $ref === "string") {
    if (open.includes($ref)) return;
    const found = new Resolver(document).lookUp($ref);
    count(found?.value, { ...counting, open: [...open, $ref] });
    return;
  }
  const deeper = { ...counting, depth: depth - 1 };
  const times = typeof minItems === "number"
    ? Math.min(MOST_SCHEMAS, Math.max(1, minItems))
    : 1;
  const parts = [
    ...Object.values(Object(properties)),
    ...[allOf, prefixItems].flatMap((list) => Array.isArray(list) ? list : []),
    // The sampler takes the first alternative.
    ...[schema.oneOf, schema.anyOf].flatMap((list) =>
      Array.isArray(list) ? [list[0]] : []
    ),
    ...Array.from({ length: times }, () => items),
    additionalProperties,
    additionalProperties,
  ];
  for (const part of parts) {
    if (budget.left < 0) return;
    count(part, deeper);
  }
}
