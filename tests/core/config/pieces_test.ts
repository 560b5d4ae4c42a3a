import { deepEqual, ok } from "node:assert/strict";
import fc from "fast-check";
import { Assembly, piecesOf } from "../../../core/config/_pieces.ts";

Deno.test("piecesOf() and Assembly give back any JSON value, in pieces of limited length", () => {
  const settings = { seed: 1, numRuns: 300 };
  fc.assert(
    fc.property(
      fc.jsonValue({ maxDepth: 6 }),
      fc.constantFrom(1, 8, 64),
      (value, most) => {
        const assembly = new Assembly();
        for (const piece of piecesOf(value, most)) assembly.add(piece);
        const expected = JSON.parse(JSON.stringify(value));
        deepEqual(assembly.value, expected);
      },
    ),
    settings,
  );
});

Deno.test("piecesOf() cuts long lists and objects, keeps the order of keys, and keeps __proto__ as a key", () => {
  const routes = Array.from({ length: 1000 }, (_, n) => ({ path: `/${n}` }));
  const value = JSON.parse(
    `{"b": 1, "routes": ${
      JSON.stringify(routes)
    }, "__proto__": {"x": 1}, "a": 2}`,
  );
  const assembly = new Assembly();
  let count = 0;
  for (const piece of piecesOf(value, 1000)) {
    count++;
    ok((piece.json?.length ?? 0) < 1200, piece.json);
    assembly.add(piece);
  }
  ok(count > 15 && count < 40, `${count} pieces`);
  deepEqual(assembly.value, value);
  deepEqual(Object.keys(assembly.value as object), Object.keys(value));
});
