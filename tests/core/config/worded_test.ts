import { deepEqual, equal } from "node:assert/strict";
import { z } from "zod";
import { createKit, jsonSchemaOf, validate } from "../../../core/config/mod.ts";

const kit = createKit({
  folder: "/",
  distribution: () => ({ issues: [] }),
});

/** The properties of a type's JSON Schema. */
function properties(type: z.ZodType): Record<string, Record<string, unknown>> {
  return jsonSchemaOf(type).properties as Record<
    string,
    Record<string, unknown>
  >;
}

Deno.test("worded() gives each key its words, also where keys share a type", () => {
  const time = kit.duration();
  const first = z.strictObject(
    kit.worded({ a: time, b: time, c: time.optional() }, {
      a: "First time",
      b: "Second time",
      c: "Third time",
    }),
  );
  const second = z.strictObject(kit.worded({ a: time }, { a: "Other time" }));
  const { a, b, c } = properties(first);
  deepEqual([a.meaning, b.meaning, c.meaning], [
    "First time",
    "Second time",
    "Third time",
  ]);
  equal(properties(second).a.meaning, "Other time");
  equal(jsonSchemaOf(time).meaning, undefined);
  equal(a.description, jsonSchemaOf(time).description);
});

Deno.test("worded() keeps the words of a setting that is given others elsewhere", () => {
  const shared = z.string().optional();
  const one = z.strictObject(kit.worded({ a: shared }, { a: "One" }));
  const two = z.strictObject(kit.worded({ a: shared }, { a: "Two" }));
  equal(properties(one).a.meaning, "One");
  equal(properties(two).a.meaning, "Two");
});

Deno.test("worded() changes neither values nor issues", () => {
  const shape = {
    time: kit.duration().default(10_000),
    kind: z.literal("x"),
    of: z.union([z.string(), kit.integer()]),
  };
  const plain = z.strictObject(shape);
  const words = z.strictObject(
    kit.worded(shape, { time: "Time", kind: "Kind", of: "Owner" }),
  );
  for (
    const value of [
      { kind: "x", of: 1 },
      { kind: "y", of: [], time: "1 parsec" },
      { kind: "x" },
    ]
  ) {
    deepEqual(validate(words, value), validate(plain, value));
  }
});

Deno.test("worded() knows the default of a setting that zod leaves out of its JSON Schema", () => {
  const type = z.strictObject(
    kit.worded({ time: kit.duration().default(10_000) }, { time: "Time" }),
  );
  equal(properties(type).time.fallback, 10_000);
});
