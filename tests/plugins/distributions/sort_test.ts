import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { sortInSteps } from "../../../plugins/distributions/_sort.ts";

function sorted(numbers: Float64Array): Float64Array {
  const steps = sortInSteps(numbers);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

Deno.test("sortInSteps() sorts as sort() does, whatever the number of numbers", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(0, 1, 2, 4095, 4096, 4097, 8192, 8193, 20_000, 33_000),
      fc.array(
        fc.double({ min: 0, noDefaultInfinity: true, noNaN: true }),
        { minLength: 1 },
      ),
      (length, few) => {
        const numbers = Float64Array.from(
          { length },
          (_, i) => few[i % few.length] * ((i * 7919) % 101),
        );
        deepEqual(sorted(numbers.slice()), numbers.slice().sort());
      },
    ),
    { seed: 1, numRuns: 60 },
  );
});

Deno.test("sortInSteps() pauses at least once for each 4096 numbers that it moves", () => {
  const numbers = Float64Array.from({ length: 100_000 }, (_, i) => -i);
  let pauses = 0;
  for (const _ of sortInSteps(numbers)) pauses++;
  // 25 runs, merged five times over.
  equal(pauses >= 25 + 5 * 24, true, `${pauses} pauses`);
});
