import assert from "node:assert/strict";
import { z } from "zod";
import { validate } from "../../../core/config/validate.ts";

const schema = z.strictObject({
  pool: z.strictObject({
    kind: z.literal("a").optional(),
    size: z.int().min(1).max(9).optional(),
    share: z.number().gt(0).optional(),
    name: z.string().regex(/^[a-z]+$/).optional(),
    on: z.boolean().optional(),
    mode: z.enum(["x", "y"]).optional(),
    any: z.unknown().optional(),
  }).optional(),
  strict: z.strictObject({ size: z.int(), name: z.string() }).optional(),
  list: z.array(z.strictObject({ size: z.int() })).optional(),
  numbers: z.array(z.number()).optional(),
});

/** Suggestion of the only issue of a value. */
function suggested(value: unknown): string | undefined {
  const { issues = [] } = validate(schema, value);
  assert.equal(issues.length, 1, JSON.stringify(issues));
  return issues[0].suggestion;
}

Deno.test("a value in place of an object is suggested as the key that accepts it", () => {
  const table: [value: unknown, suggestion: string | undefined][] = [
    [5, "{ size: 5 }"],
    [0.5, "{ share: 0.5 }"],
    [50, "{ share: 50 }"],
    [-1, undefined],
    ["abc", '{ name: "abc" }'],
    ["a", '{ kind: "a" }'],
    ["ABC", undefined],
    [true, "{ on: true }"],
    [null, undefined],
    [[], undefined],
    ["x".repeat(100), undefined],
  ];
  for (const [pool, suggestion] of table) {
    assert.equal(suggested({ pool }), suggestion, JSON.stringify(pool));
  }
  // No single key makes this object complete.
  assert.equal(suggested({ strict: 5 }), undefined);
});

Deno.test("an object in place of a list is suggested as a list of it", () => {
  assert.equal(suggested({ list: { size: 1 } }), '[{"size":1}]');
  assert.equal(suggested({ numbers: { size: 1 } }), undefined);
  assert.equal(suggested({ list: { size: "x".repeat(100) } }), undefined);
});

Deno.test("a key without a space after its colon is suggested with one", () => {
  assert.equal(
    suggested({ pool: "size:5" }),
    "size: 5, with a space after the colon",
  );
  assert.equal(suggested({ pool: "http://a" }), undefined);
  assert.equal(
    suggested({ pool: { "size:5": null } }),
    "size: 5, with a space after the colon",
  );
});
