/**
 * JSON Schemas of settings: of the whole configuration, which editors use for completion and checks, and of single
 * schemas as parts of a larger document.
 *
 * @module
 */
import type { Schema } from "../contract/values.ts";
import { isRecord } from "./_schema_lookup.ts";
import { finishedSchema, type Json } from "./schema_document.ts";

export type { Json } from "./schema_document.ts";

/** Key of the distribution's definition, which all schemas of a document share. */
export const DISTRIBUTION_DEFINITION = "Distribution";

/** Reference to the definitions of a schema that stands alone. */
const LOCAL = "#/$defs/";

/**
 * Returns the JSON Schema of a schema's input as a part of a larger document.
 *
 * Definitions are renamed to `OWNER.NAME`, so that those of several schemas do not collide; the definition of a
 * distribution keeps its name and is shared. The definitions are still in the part's own `$defs`:
 * {@linkcode hoistDefinitions} moves them to the document.
 *
 * @param schema any schema; an empty JSON Schema stands for one whose validator provides none
 * @param owner prefix of the names of its definitions
 * @param base reference to the document's definitions, with a trailing slash
 */
export function jsonSchemaPart(
  schema: Schema,
  owner: string,
  base: string = LOCAL,
): Json {
  const name = owner.replaceAll(/[^A-Za-z0-9_.-]/gu, "_");
  const { $schema: _, ...root } = jsonSchemaOf(schema);
  const renaming = new Renaming(name, base);
  const { $defs, ...body } = renaming.apply(root) as Json;
  const definitions = {
    ...$defs as Json | undefined,
    ...renaming.selfReferring && { [name]: body },
  };
  const { meaning } = body;
  return {
    ...renaming.selfReferring
      ? { $ref: base + name, ...meaning !== undefined && { meaning } }
      : body,
    ...Object.keys(definitions).length > 0 && { $defs: definitions },
  };
}

/** Renames the definitions of one schema and redirects the references to them. */
class Renaming {
  /** Set once a reference to the whole schema was found. */
  selfReferring = false;

  constructor(readonly owner: string, readonly base: string) {}

  apply(node: unknown, key?: string): unknown {
    if (key === "$ref" && typeof node === "string") return this.#target(node);
    if (Array.isArray(node)) return node.map((part) => this.apply(part));
    if (!isRecord(node)) return node;
    return Object.fromEntries(
      Object.entries(node).map(([name, part]) => [
        key === "$defs" ? this.#name(name) : name,
        this.apply(part, name),
      ]),
    );
  }

  #target(reference: string): string {
    if (reference === "#") {
      this.selfReferring = true;
      return this.base + this.owner;
    }
    return reference.startsWith(LOCAL)
      ? this.base + this.#name(reference.slice(LOCAL.length))
      : reference;
  }

  #name(definition: string): string {
    return definition === DISTRIBUTION_DEFINITION
      ? definition
      : `${this.owner}.${definition}`;
  }
}

/**
 * Removes all `$defs` from a document or a part of it, and adds them to the definitions of the whole.
 *
 * @param node the document; it is not changed
 * @param definitions the definitions of the whole document, which are added to
 * @returns a copy of the node without definitions
 */
export function hoistDefinitions(node: unknown, definitions: Json): unknown {
  if (Array.isArray(node)) {
    return node.map((part) => hoistDefinitions(part, definitions));
  }
  if (!isRecord(node)) return node;
  const { $defs, ...rest } = node;
  if (isRecord($defs)) {
    Object.assign(definitions, hoistDefinitions($defs, definitions));
  }
  return Object.fromEntries(
    Object.entries(rest).map((
      [key, part],
    ) => [key, hoistDefinitions(part, definitions)]),
  );
}

/** JSON Schemas that were made: it takes longer than a validation. */
const MADE = new WeakMap<Schema, Readonly<Json>>();

/** Returns the JSON Schema of a schema's input; empty where the validator provides none or cannot express it. */
export function jsonSchemaOf(schema: Schema): Readonly<Json> {
  const known = MADE.get(schema);
  if (known !== undefined) return known;
  const made = madeFrom(schema);
  MADE.set(schema, made);
  return made;
}

function madeFrom(schema: Schema): Readonly<Json> {
  try {
    const json = schema["~standard"].jsonSchema?.input({
      target: "draft-2020-12",
    });
    return isRecord(json) ? json : {};
  } catch {
    return {};
  }
}

/** Returns the JSON Schema of a schema's input as a document of its own, with one description for each key. */
export function schemaDocument(schema: Schema): Record<string, unknown> {
  const { $schema: _, ...json } = jsonSchemaOf(schema);
  return finishedSchema(json);
}

/** Schemas that the JSON Schema of the configuration is assembled from. */
export interface ConfigJsonSchemaSources {
  /** Schema of the configuration. */
  readonly config: Schema;
  /** Active plugins: key in the configuration and schema of the options. */
  readonly plugins: readonly {
    readonly key: string;
    /** Purpose of the plugin, in words; undefined if it does not say. */
    readonly summary?: string | undefined;
    readonly schema: Schema | undefined;
  }[];
  /** Distribution families: name, purpose and schema of the parameters. */
  readonly families: readonly {
    readonly name: string;
    readonly summary?: string | undefined;
    readonly schema: Schema;
  }[];
}

/** Returns the JSON Schema of the configuration, draft 2020-12. */
export function configJsonSchema(sources: ConfigJsonSchemaSources): Json {
  const definitions: Json = {};
  const read = (schema: Schema, owner: string) =>
    hoistDefinitions(jsonSchemaPart(schema, owner), definitions) as Json;
  const config = read(sources.config, "config");
  const plugins = sources.plugins.map(({ key, summary, schema }) => [
    key,
    {
      ...summary !== undefined && { meaning: summary },
      anyOf: [
        { const: false },
        schema === undefined
          ? { type: "object", maxProperties: 0 }
          : read(schema, `plugin.${key}`),
      ],
    },
  ]);
  const families = sources.families.map(({ name, summary, schema }) => [
    name,
    {
      ...read(schema, `family.${name}`),
      ...summary !== undefined && { meaning: summary },
    },
  ]);
  definitions[DISTRIBUTION_DEFINITION] = distribution(
    definitions[DISTRIBUTION_DEFINITION] as Json | undefined,
    Object.fromEntries(families),
  );
  return finishedSchema({
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "perfmock configuration",
    ...config,
    patternProperties: {
      "^x-": { description: "Parts for aliases; ignored by themselves" },
    },
    properties: {
      ...config.properties as Json,
      plugins: {
        type: "object",
        description:
          "Options by plugin: built-in name, relative path or specifier; false turns one off",
        properties: Object.fromEntries(plugins),
        additionalProperties: {
          description: "Options of a plugin of your own, by path or specifier",
          type: ["object", "boolean", "null"],
        },
      },
    },
    $defs: definitions,
  });
}

/** Returns the schema of a distribution: a duration, the name of a profile, the text form, or an object. */
function distribution(described: Json | undefined, families: Json): Json {
  return {
    description: described?.description,
    examples: described?.examples,
    anyOf: [
      { type: "number", minimum: 0, description: "Milliseconds" },
      {
        type: "string",
        description: "A duration, a profile's name, or the text form",
      },
      {
        type: "object",
        description: "One family with its parameters",
        minProperties: 1,
        maxProperties: 1,
        properties: families,
        additionalProperties: false,
      },
    ],
  };
}
