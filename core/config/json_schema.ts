/**
 * The JSON Schema of the whole configuration: what editors complete and check.
 *
 * @module
 */
import type { Schema } from "../plugin.ts";
import { documentOf, hoist, type Json } from "./_json_document.ts";
import { DISTRIBUTION_DEFINITION } from "./_definitions.ts";

/** What the document is put together from. */
export interface ConfigJsonSchemaParts {
  /** Of the configuration. */
  readonly config: Schema;
  /** The plugins that are on, each under its key, with the schema of its options. */
  readonly plugins: readonly {
    readonly key: string;
    readonly schema: Schema | undefined;
  }[];
  /** The distribution families, each with the schema of its parameters. */
  readonly families: readonly {
    readonly name: string;
    readonly schema: Schema;
  }[];
}

/** The document, JSON Schema draft 2020-12. */
export function configJsonSchema(parts: ConfigJsonSchemaParts): Json {
  const definitions: Json = {};
  const read = (schema: Schema, owner: string) =>
    hoist(documentOf(schema, owner), definitions) as Json;
  const config = read(parts.config, "config");
  const plugins = parts.plugins.map(({ key, schema }) => [
    key,
    {
      anyOf: [
        { const: false },
        schema === undefined
          ? { type: "object", maxProperties: 0 }
          : read(schema, `plugin.${key}`),
      ],
    },
  ]);
  const families = parts.families.map(({ name, schema }) => [
    name,
    read(schema, `family.${name}`),
  ]);
  definitions[DISTRIBUTION_DEFINITION] = distribution(
    definitions[DISTRIBUTION_DEFINITION] as Json | undefined,
    Object.fromEntries(families),
  );
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "perfmock configuration",
    ...config,
    properties: {
      ...config.properties as Json,
      plugins: {
        type: "object",
        description:
          "Options by plugin: built-in name, relative path or specifier; false turns one off",
        properties: Object.fromEntries(plugins),
        additionalProperties: { type: ["object", "boolean"] },
      },
    },
    $defs: definitions,
  };
}

/** A duration, a profile's name, a text form, or an object of one family. */
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
