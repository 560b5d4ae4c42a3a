/**
 * JSON Schema of scripts, which editors use for completion and checks.
 *
 * @module
 */
import {
  finishedSchema,
  hoistDefinitions,
  jsonSchemaPart,
} from "../../../core/find.ts";
import type { Kit } from "../../../core/plugin.ts";
import { scriptSchema } from "./schema.ts";

/** Returns the JSON Schema of scripts, draft 2020-12. */
export function scriptJsonSchema(kit: Kit): Record<string, unknown> {
  const definitions: Record<string, unknown> = {};
  const root = hoistDefinitions(
    jsonSchemaPart(scriptSchema(kit), "script"),
    definitions,
  ) as Record<string, unknown>;
  return finishedSchema({
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "perfmock find script",
    ...root,
    patternProperties: {
      "^x-": { description: "Parts for aliases; ignored by themselves" },
    },
    ...Object.keys(definitions).length > 0 && { $defs: definitions },
  });
}
