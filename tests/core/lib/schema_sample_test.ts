import { deepEqual, equal, throws } from "node:assert/strict";
import { Ajv2020 } from "ajv/dist/2020.js";
import { sampleOf } from "../../../core/lib/schema_sample.ts";
import { parseJson } from "../../../core/lib/written_number.ts";

const ORDER = {
  type: "object",
  required: ["id", "items"],
  properties: {
    id: { type: "string", format: "uuid" },
    total: { type: "number", minimum: 5 },
    state: { enum: ["open", "paid"] },
    secret: { type: "string", writeOnly: true },
    items: { type: "array", minItems: 2, items: { $ref: "#/$defs/item" } },
    address: {
      allOf: [
        { type: "object", properties: { city: { const: "Bonn" } } },
        { type: "object", properties: { zip: { examples: ["53111"] } } },
      ],
    },
    payment: { oneOf: [{ type: "integer" }, { type: "null" }] },
  },
  $defs: {
    item: {
      type: "object",
      properties: {
        name: { type: "string", minLength: 3 },
        parts: { type: "array", items: { $ref: "#/$defs/item" } },
      },
    },
  },
};

Deno.test("sampleOf() makes an example that fits the schema, always the same", () => {
  const example = sampleOf(ORDER) as Record<string, unknown>;
  const validate = new Ajv2020({ strict: false, validateFormats: false })
    .compile(ORDER);
  equal(validate(example), true, JSON.stringify(validate.errors));
  deepEqual(sampleOf(ORDER), example);
  equal(example.state, "open");
  equal("secret" in example, false);
  deepEqual(example.address, { city: "Bonn", zip: "53111" });
});

Deno.test("sampleOf() keeps the digits of numbers in examples, and reads those of keywords", () => {
  const schema = parseJson(
    `{"type":"object","properties":{
      "id":{"example":1234567890123456789},"price":{"default":10.00},
      "list":{"examples":[[9007199254740993]]},"one":{"const":{"deep":1e2}},
      "min":{"type":"number","minimum":7.50},"default":{"type":"integer","minimum":3},
      "text":{"const":"\\u0000n1"}}}`,
  ) as object;
  equal(
    JSON.stringify(sampleOf(schema)),
    '{"id":1234567890123456789,"price":10.00,"list":[9007199254740993],"one":{"deep":1e2},"min":7.5,"default":3,"text":"\\u0000n1"}',
  );
});

Deno.test("sampleOf() refuses references that lead nowhere, and makes null of a schema that says nothing", () => {
  throws(() => sampleOf({ $ref: "#/$defs/none" }));
  equal(sampleOf({}), null);
});

Deno.test("sampleOf() refuses schemas whose examples would be endless, in bounded time", () => {
  const doubling = Object.fromEntries(
    Array.from({ length: 40 }, (_, n) => [
      `d${n}`,
      {
        type: "object",
        properties: {
          a: { $ref: `#/$defs/d${n + 1}` },
          b: { $ref: `#/$defs/d${n + 1}` },
        },
      },
    ]),
  );
  const nested = { type: "array", minItems: 1000, items: {} };
  for (
    const schema of [
      { $ref: "#/$defs/d0", $defs: { ...doubling, d40: { const: 1 } } },
      { type: "string", minLength: 1e9 },
      { ...nested, items: { ...nested, items: { type: "null" } } },
    ]
  ) throws(() => sampleOf(schema), /more than 100000 values/);
  const circular = {
    type: "object",
    properties: { next: { $ref: "#" }, n: { const: 1 } },
  };
  equal(JSON.stringify(sampleOf(circular)), '{"next":{"n":1},"n":1}');
});
