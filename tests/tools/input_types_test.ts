// Runs without the profiler: starts a process.
import { match, ok, throws } from "node:assert/strict";
import { configurationSchema } from "../../core/app.ts";
import { inputTypes, type JsonSchema } from "../../tools/input_types.ts";

const SCHEMA: JsonSchema = {
  type: "object",
  additionalProperties: false,
  patternProperties: { "^x-": {} },
  properties: {
    seed: {
      description: "seed of all draws",
      anyOf: [{ type: "integer" }, { type: "string" }, { type: "number" }],
    },
    presets: { type: "object" },
    routes: {
      type: "array",
      items: {
        type: "object",
        additionalProperties: false,
        required: ["path"],
        properties: {
          path: { type: "string" },
          "a-b": { enum: ["one", 2, null] },
          time: { $ref: "#/$defs/config.time.__schema0" },
          on: { const: false },
          any: {},
          headers: { type: "object", additionalProperties: { type: "string" } },
        },
      },
    },
  },
  $defs: {
    "config.time.__schema0": {
      anyOf: [{ type: "string" }, {
        type: "object",
        additionalProperties: false,
        properties: { p99: { type: "string" } },
        patternProperties: { "^p\\d+$": { type: "string" } },
      }],
    },
  },
};

Deno.test("inputTypes() has a type for each keyword that the schemas use", () => {
  const text = inputTypes(SCHEMA);
  for (
    const part of [
      /export interface PerfmockInput \{/,
      /\/\*\* Seed of all draws \*\/\n {2}readonly seed\?: number \| string \| undefined;/,
      /readonly presets\?: PresetsInput \| undefined;/,
      /readonly routes\?: readonly \(RouteInput\)\[\] \| undefined;/,
      /readonly \[key: `x-\$\{string\}`\]: unknown;/,
      /export interface RouteInput extends PluginRouteKeys \{/,
      /readonly path: string;/,
      /readonly "a-b"\?: "one" \| 2 \| null \| undefined;/,
      /readonly time\?: ConfigTime0 \| undefined;/,
      /readonly on\?: false \| undefined;/,
      /readonly any\?: unknown;/,
      /readonly headers\?: \{\n {4}readonly \[key: string\]: string;\n {2}\} \| undefined;/,
      /export type ConfigTime0 = string \| \{/,
      /readonly \[key: `p\$\{number\}`\]: string \| undefined;/,
    ]
  ) match(text, part);
});

Deno.test("inputTypes() refuses keys whose pattern no type expresses", () => {
  throws(
    () =>
      inputTypes({
        ...SCHEMA,
        patternProperties: { "[a-z]+$": { type: "string" } },
      }),
    /Cannot type keys like \[a-z\]\+\$/,
  );
});

Deno.test("inputTypes() of the schema of configurations is valid TypeScript", async () => {
  const text = inputTypes(await configurationSchema());
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    const patch = new URL("../../npm/patch.ts", import.meta.url).href;
    await Deno.writeTextFile(file, text.replaceAll("./patch.ts", patch));
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["check", "--quiet", "--no-lock", file],
    }).output();
    ok(success, new TextDecoder().decode(stderr));
  } finally {
    await Deno.remove(file);
  }
});
