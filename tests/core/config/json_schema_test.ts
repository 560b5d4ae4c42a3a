import assert from "node:assert/strict";
import { z } from "zod";
import {
  configJsonSchema,
  createConfigSchema,
  createKit,
  hoistDefinitions,
  jsonSchemaPart,
} from "../../../core/config/mod.ts";
import type { Schema } from "../../../core/contract/values.ts";

const kit = createKit({
  folder: "/",
  distribution: () => ({ issues: [] }),
});

/** A schema that refers to itself: zod gives the definitions of all such schemas the same name. */
function tree(leaf: z.ZodType): Schema {
  const node: z.ZodType = z.lazy(() => z.union([leaf, z.array(node)]));
  return z.strictObject({ node });
}

const selfReferring: Schema = {
  "~standard": {
    version: 1,
    vendor: "other",
    validate: (value) => ({ value }),
    jsonSchema: {
      input: () => ({
        type: "object",
        properties: { inner: { $ref: "#" }, far: { $ref: "https://a/b" } },
      }),
    },
  },
};

const plain: Schema = {
  "~standard": {
    version: 1,
    vendor: "other",
    validate: (value) => ({ value }),
  },
};

function build() {
  return configJsonSchema({
    config: createConfigSchema({
      kit,
      routeKeys: new Map([
        ["serviceTime", { plugin: "a", schema: kit.distribution() }],
        ["tree", { plugin: "a", schema: tree(z.string()) }],
        ["odd", { plugin: "a", schema: z.custom() }],
      ]),
    }),
    plugins: [
      { key: "a", schema: tree(z.number()) },
      { key: "./b.ts", schema: selfReferring },
      { key: "c", schema: undefined },
      { key: "d", schema: plain },
    ],
    families: [
      { name: "constant", schema: z.strictObject({ value: kit.duration() }) },
      {
        name: "shift",
        schema: z.strictObject({ of: kit.distribution() }),
      },
    ],
  });
}

/** Returns all references of a document. */
function* references(node: unknown): Iterable<string> {
  if (typeof node !== "object" || node === null) return;
  for (const [key, part] of Object.entries(node)) {
    if (key === "$ref" && typeof part === "string") yield part;
    else yield* references(part);
  }
}

Deno.test("configJsonSchema() returns a document in which all references resolve", () => {
  const document = build();
  const local = [...references(document)].filter((ref) => ref.startsWith("#"));
  assert.ok(local.length > 5);
  for (const reference of local) {
    const target = reference.split("/").slice(1).reduce<unknown>(
      (node, key) => Reflect.get(node as object, key),
      document,
    );
    assert.equal(typeof target, "object", reference);
  }
  assert.doesNotThrow(() => JSON.stringify(document));
});

Deno.test("configJsonSchema() keeps definitions of different schemas apart", () => {
  const { $defs } = build();
  const names = Object.keys($defs as object);
  assert.deepEqual(
    names.filter((name) => name.includes("schema0")).toSorted(),
    ["config.route.tree.__schema0", "plugin.a.__schema0"],
  );
  assert.ok(names.includes("plugin.._b.ts"), names.join());
});

Deno.test("configJsonSchema() describes plugins, route keys and families", () => {
  const document = build();
  const at = (...path: string[]) =>
    path.reduce<unknown>(
      (node, key) => Reflect.get(node as object, key),
      document,
    );
  assert.deepEqual(at("properties", "plugins", "properties", "c", "anyOf"), [
    { const: false },
    { type: "object", maxProperties: 0 },
  ]);
  const route = ["properties", "routes", "items", "properties"];
  assert.deepEqual(at(...route, "serviceTime"), {
    $ref: "#/$defs/Distribution",
  });
  assert.deepEqual(at(...route, "odd"), {});
  const family = at("$defs", "Distribution", "anyOf", "2", "properties");
  assert.deepEqual(Object.keys(family as object), ["constant", "shift"]);
  assert.deepEqual(Reflect.get(family as object, "shift").properties.of, {
    $ref: "#/$defs/Distribution",
  });
  assert.equal(at("properties", "$schema", "type"), "string");
  assert.deepEqual(at("properties", "routes", "items", "required"), ["path"]);
});

Deno.test("configJsonSchema() works without any distribution", () => {
  const document = configJsonSchema({
    config: createConfigSchema({ kit, routeKeys: new Map() }),
    plugins: [],
    families: [],
  });
  assert.deepEqual(Object.keys(document.$defs as object), ["Distribution"]);
});

Deno.test("jsonSchemaPart() directs references to the definitions of the document", () => {
  const base = "#/components/schemas/";
  const schemas: Record<string, unknown> = {};
  const part = (schema: Schema, owner: string) =>
    hoistDefinitions(jsonSchemaPart(schema, owner, base), schemas);
  assert.deepEqual(part(selfReferring, "own"), { $ref: `${base}own` });
  assert.deepEqual(part(plain, "plain"), {});
  const distribution = z.strictObject({ of: kit.distribution() });
  part(distribution, "a");
  part(distribution, "b");
  part(tree(z.string()), "c");
  assert.deepEqual(Object.keys(schemas), [
    "own",
    "Distribution",
    "c.__schema0",
  ]);
  assert.deepEqual(
    new Set([...references(schemas)]),
    new Set([`${base}own`, "https://a/b", `${base}c.__schema0`]),
  );
});
