import { deepEqual, equal } from "node:assert/strict";
import vm from "node:vm";
import { PerfmockError } from "../../core/errors.ts";

class Derived extends PerfmockError {}

Deno.test("instanceof PerfmockError is true for the errors of any copy of the class, and for no others", async () => {
  const { PerfmockError: Other } = await import(
    `${new URL("../../core/errors.ts", import.meta.url).href}?copy`
  ) as { PerfmockError: typeof PerfmockError };
  equal(Object.is(Other, PerfmockError), false);
  const alike = Object.assign(new Error("x"), {
    name: "PerfmockError",
    issues: [],
  });
  const elsewhere = vm.runInNewContext(
    'Object.assign(new Error("x"), { name: "PerfmockError", issues: [] })',
  );
  for (
    const [value, expected] of [
      [new PerfmockError("KEY_MISSING", "x"), true],
      [new Other("KEY_MISSING", "x"), true],
      [new Derived("KEY_MISSING", "x"), true],
      [alike, true],
      [elsewhere, true],
      [new Error("x"), false],
      [Object.assign(new Error("x"), { name: "PerfmockError" }), false],
      [{ name: "PerfmockError", issues: [] }, false],
      [null, false],
      [undefined, false],
      ["PerfmockError", false],
    ]
  ) equal(value instanceof PerfmockError, expected, String(value));
  equal(new PerfmockError("KEY_MISSING", "x") instanceof Derived, false);
  equal(new Derived("KEY_MISSING", "x") instanceof Derived, true);
});

Deno.test("PerfmockError shows runtimes its code only, since the stack may list the issues", () => {
  const error = new PerfmockError("KEY_MISSING", "x", [
    { path: "/a", message: "y" },
  ], { status: 404 });
  deepEqual(Object.keys(error), ["code"]);
  deepEqual([error.issues.length, error.status, error.name], [
    1,
    404,
    "PerfmockError",
  ]);
});
