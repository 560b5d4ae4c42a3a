/**
 * JSON Schemas as parts of one document: their definitions get names of their own, so that they can lie side by side.
 *
 * @module
 */
import type { Schema } from "../schema.ts";
import { isRecord } from "./_json_schema.ts";
import { DISTRIBUTION_DEFINITION } from "./kit.ts";

/** A JSON Schema that is being put together. */
export type Json = Record<string, unknown>;

const DEFINITIONS = "#/$defs/";

/**
 * The JSON Schema of what goes into a schema, as a part of another document. Its references lead to that document's
 * `$defs`, under the owner's name; the one definition of a distribution is shared.
 *
 * @param schema any; what has no JSON Schema allows anything
 * @param owner whose schema it is: part of the names of its definitions
 */
export function documentOf(schema: Schema, owner: string): Json {
  const name = owner.replaceAll(/[^A-Za-z0-9_.-]/gu, "_");
  const { $schema: _, $defs, ...root } = jsonSchemaOf(schema);
  let selfReferring = false;
  const target = (reference: string) => {
    if (reference === "#") {
      selfReferring = true;
      return DEFINITIONS + name;
    }
    return reference.startsWith(DEFINITIONS)
      ? DEFINITIONS + nameOf(reference.slice(DEFINITIONS.length), name)
      : reference;
  };
  const body = redirect(root, target);
  const definitions = Object.entries(isRecord($defs) ? $defs : {})
    .map(([key, node]) => [nameOf(key, name), redirect(node, target)]);
  if (selfReferring) definitions.push([name, body]);
  return {
    ...selfReferring ? { $ref: DEFINITIONS + name } : body as Json,
    ...definitions.length > 0 && { $defs: Object.fromEntries(definitions) },
  };
}

/**
 * Moves the definitions of all parts of a document to where its references lead.
 *
 * @param node a document, or a part of it
 * @param definitions the `$defs` of the whole, added to
 * @returns the node without definitions
 */
export function hoist(node: unknown, definitions: Json): unknown {
  if (Array.isArray(node)) return node.map((part) => hoist(part, definitions));
  if (!isRecord(node)) return node;
  const { $defs, ...rest } = node;
  Object.assign(definitions, hoist($defs ?? {}, definitions));
  return Object.fromEntries(
    Object.entries(rest).map(([key, part]) => [key, hoist(part, definitions)]),
  );
}

/** The JSON Schema of what goes in; some schemas have none, or none that can be written. */
export function jsonSchemaOf(schema: Schema): Readonly<Json> {
  try {
    const json = schema["~standard"].jsonSchema?.input({
      target: "draft-2020-12",
    });
    return isRecord(json) ? json : {};
  } catch {
    return {};
  }
}

function nameOf(definition: string, owner: string): string {
  return definition === DISTRIBUTION_DEFINITION
    ? definition
    : `${owner}.${definition}`;
}

function redirect(node: unknown, target: (reference: string) => string): unknown {
  if (Array.isArray(node)) return node.map((part) => redirect(part, target));
  if (!isRecord(node)) return node;
  return Object.fromEntries(
    Object.entries(node).map(([key, part]) => [
      key,
      key === "$ref" && typeof part === "string"
        ? target(part)
        : redirect(part, target),
    ]),
  );
}
