/**
 * JSON Schema of load scripts, which editors use for completion and checks.
 *
 * @module
 */
import {
  finishedSchema,
  hoistDefinitions,
  jsonSchemaPart,
} from "../../../core/load.ts";
import type { Kit, Schema } from "../../../core/plugin.ts";
import { modulateSchema, stressSchema } from "./_controls.ts";
import { variableSchema } from "./_read_variables.ts";
import { requestSchema } from "./_requests.ts";
import { boundType } from "./_thresholds.ts";
import { trafficSchemas } from "./_traffic.ts";
import { rootSchema } from "./parse.ts";

type Json = Record<string, unknown>;

/** Returns the JSON Schema of scripts, draft 2020-12. */
export function scriptJsonSchema(kit: Kit): Json {
  const definitions: Json = {};
  const part = (schema: Schema, owner: string): Json =>
    hoistDefinitions(jsonSchemaPart(schema, owner), definitions) as Json;
  definitions.Request = part(requestSchema(kit), "request");
  definitions.Variable = part(variableSchema(kit), "variable");
  const scenarios = Object.entries({
    ...trafficSchemas(kit),
    modulate: modulateSchema(kit),
    stress: stressSchema(kit),
  }).map(([executor, schema]) => withContents(part(schema, executor)));
  const root = part(rootSchema(kit), "script");
  const properties = root.properties as Record<string, Json>;
  return finishedSchema({
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "perfmock load script",
    ...root,
    patternProperties: {
      "^x-": { description: "Parts for aliases; ignored by themselves" },
    },
    properties: {
      ...properties,
      scenarios: {
        ...properties.scenarios,
        additionalProperties: { anyOf: scenarios },
      },
      thresholds: {
        ...properties.thresholds,
        type: "object",
        additionalProperties: {
          type: "array",
          minItems: 1,
          items: { anyOf: [{ type: "string" }, part(boundType(kit), "bound")] },
        },
      },
    },
    $defs: definitions,
  });
}

/** Adds what the schema of a scenario leaves to the schemas of its requests and variables. */
function withContents(scenario: Json): Json {
  const properties = { ...scenario.properties as Record<string, Json> };
  if ("requests" in properties) {
    properties.requests = {
      ...properties.requests,
      items: { $ref: "#/$defs/Request" },
    };
    properties.variables = {
      ...properties.variables,
      additionalProperties: { $ref: "#/$defs/Variable" },
    };
  }
  return { ...scenario, properties };
}
