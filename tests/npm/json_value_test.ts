import { deepEqual, doesNotThrow, throws } from "node:assert/strict";
import fc from "fast-check";
import { checkJson } from "../../npm/json_value.ts";
import { PerfmockError } from "../../mod.ts";

/** Paths of the parts of a value that are refused. */
function refused(value: unknown): string[] {
  let paths: string[] = [];
  throws(() => checkJson(value, "the configuration"), (error) => {
    if (!(error instanceof PerfmockError)) return false;
    paths = error.issues.map(({ path }) => path);
    return error.code === "ARGUMENT_INVALID";
  });
  return paths;
}

Deno.test("checkJson() accepts every value that JSON can hold", () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      doesNotThrow(() => checkJson(value, "it"));
    }),
    { seed: 42 },
  );
  doesNotThrow(() => checkJson({ absent: undefined }, "it"));
  const shared = { a: 1 };
  doesNotThrow(() => checkJson([shared, shared], "it"));
});

Deno.test("checkJson() names all parts that JSON would drop or change", () => {
  const circle: Record<string, unknown> = {};
  circle.own = circle;
  deepEqual(
    refused({
      routes: [{ response: { json: () => 1 } }, { "a/b": Symbol("s") }],
      seed: 1n,
      rate: [1, NaN, Infinity],
      circle,
      map: new Map([["a", 1]]),
      pattern: /a/,
      bytes: new Uint8Array(2),
    }),
    [
      "/routes/0/response/json",
      "/routes/1/a~1b",
      "/seed",
      "/rate/1",
      "/rate/2",
      "/circle/own",
      "/map",
      "/pattern",
      "/bytes",
    ],
  );
  doesNotThrow(() => checkJson({ at: new Date(0), url: new URL("a:b") }, "it"));
  deepEqual(refused(() => 1), [""]);
});

Deno.test("checkJson() refuses values that are too deep, however deep they are", () => {
  let deep: unknown = 1;
  for (let i = 0; i < 1000; i++) deep = [deep];
  doesNotThrow(() => checkJson(deep, "it"));
  deepEqual(refused([deep]), ["/0".repeat(1000)]);
  for (let i = 0; i < 100_000; i++) deep = { deep };
  deepEqual(refused(deep), ["/deep".repeat(1000)]);
});
