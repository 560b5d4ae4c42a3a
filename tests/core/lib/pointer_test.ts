import assert from "node:assert/strict";
import fc from "fast-check";
import { fromPointer, lookUp, toPointer } from "../../../core/config/mod.ts";
import { parseJson } from "../../../core/lib/written_number.ts";

Deno.test("toPointer() escapes tilde and slash", () => {
  assert.equal(toPointer([]), "");
  assert.equal(toPointer(["a/b", "m~n", 0]), "/a~1b/m~0n/0");
});

Deno.test("fromPointer() reads back what toPointer() wrote", () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (segments) => {
      assert.deepEqual(fromPointer(toPointer(segments)), segments);
    }),
    { seed: 4 },
  );
});

Deno.test("lookUp() follows own keys and indices, and nothing inherited", () => {
  const value = { a: [{ b: 1 }], c: null };
  assert.equal(lookUp(value, ["a", 0, "b"]), 1);
  assert.equal(lookUp(value, ["a", "0", "b"]), 1);
  assert.equal(lookUp(value, []), value);
  assert.equal(lookUp(value, ["c", "d"]), undefined);
  assert.equal(lookUp(value, ["toString"]), undefined);
  assert.equal(lookUp("text", ["length"]), undefined);
  for (const segment of ["length", "00", "-1", "-", "1", "0.0", ""]) {
    assert.equal(lookUp(value, ["a", segment]), undefined, segment);
  }
  const written = parseJson('{"price":10.00}');
  assert.equal(`${lookUp(written, ["price"])}`, "10.00");
  assert.equal(lookUp(written, ["price", "digits"]), undefined);
});
