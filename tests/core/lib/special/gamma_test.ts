import { equal, ok } from "node:assert/strict";
import {
  digamma,
  logGamma,
  stirlingError,
  trigamma,
} from "../../../../core/lib/special/gamma.ts";
import reference from "../../../reference/gamma-functions.json" with {
  type: "json",
};

/** Relative difference, or absolute near 0. */
function difference(actual: number, expected: number): number {
  return Math.abs(actual - expected) / Math.max(1, Math.abs(expected));
}

for (
  const [name, f, values] of [
    ["logGamma", logGamma, reference.logGamma],
    ["digamma", digamma, reference.digamma],
    ["trigamma", trigamma, reference.trigamma],
    ["stirlingError", stirlingError, reference.stirlingError],
  ] as const
) {
  Deno.test(`${name}() gives the golden numbers`, () => {
    equal(values.length, reference.x.length);
    reference.x.forEach((x, i) => {
      const off = difference(f(x), values[i]);
      ok(off <= 4e-14, `${name}(${x}) is ${f(x)}, off by ${off}`);
    });
  });
}
