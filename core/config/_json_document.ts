/**
 * JSON Schemas as parts of one document: their definitions get names of their own, so that they can lie side by side.
 *
 * @module
 */
import type { Schema } from "../contract/schema.ts";
import { isRecord } from "./_json_schema.ts";
import { DISTRIBUTION_DEFINITION } from "./_definitions.ts";

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
  const { $schema: _, ...root } = jsonSchemaOf(schema);
  const scope = new Scope(name);
  const { $defs, ...body } = scope.move(root) as Json;
  const definitions = {
    ...$defs as Json | undefined,
    ...scope.selfReferring && { [name]: body },
  };
  return {
    ...scope.selfReferring ? { $ref: DEFINITIONS + name } : body,
    ...Object.keys(definitions).length > 0 && { $defs: definitions },
  };
}

/** Gives the definitions of one schema, and the references to them, names of their own. */
class Scope {
  /** Whether anything refers to the whole. */
  selfReferring = false;

  constructor(readonly owner: string) {}

  move(node: unknown, key?: string): unknown {
    if (key === "$ref" && typeof node === "string") return this.#target(node);
    if (Array.isArray(node)) return node.map((part) => this.move(part));
    if (!isRecord(node)) return node;
    return Object.fromEntries(
      Object.entries(node).map(([name, part]) => [
        key === "$defs" ? this.#name(name) : name,
        this.move(part, name),
      ]),
    );
  }

  #target(reference: string): string {
    if (reference === "#") {
      this.selfReferring = true;
      return DEFINITIONS + this.owner;
    }
    return reference.startsWith(DEFINITIONS)
      ? DEFINITIONS + this.#name(reference.slice(DEFINITIONS.length))
      : reference;
  }

  #name(definition: string): string {
    return definition === DISTRIBUTION_DEFINITION
      ? definition
      : `${this.owner}.${definition}`;
  }
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
  if (isRecord($defs)) Object.assign(definitions, hoist($defs, definitions));
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
