import { equal, match, ok } from "node:assert/strict";
import fc from "fast-check";
import {
  connectionLimit,
  descriptorWarning,
  lacksDescriptors,
} from "../../../core/server/engine.ts";

Deno.test("connectionLimit() keeps 100 descriptors, or half of a small number, for the rest of the process", () => {
  for (
    const [limit, connections, expected] of [
      [20_000, 16_384, 16_384],
      [16_484, 16_384, 16_384],
      [16_483, 16_384, 16_383],
      [1024, 16_384, 924],
      [200, 16_384, 100],
      [100, 16_384, 50],
      [1, 16_384, 1],
      [20_000, 1, 1],
      [Infinity, 16_384, 16_384],
    ]
  ) equal(connectionLimit(limit, connections), expected, `${limit}`);
});

Deno.test("connectionLimit() is at least 1, and leaves a descriptor for each that it takes or 100", () => {
  const numbers = fc.integer({ min: 2, max: 1_000_000 });
  fc.assert(
    fc.property(numbers, numbers, (limit, connections) => {
      const allowed = connectionLimit(limit, connections);
      ok(allowed >= 1 && allowed <= connections);
      ok(limit - allowed >= Math.min(100, allowed));
    }),
    { seed: 1 },
  );
});

Deno.test("lacksDescriptors() and descriptorWarning() name the number that is needed", () => {
  equal(lacksDescriptors(16_484, 16_384), false);
  equal(lacksDescriptors(16_483, 16_384), true);
  match(
    descriptorWarning(1024, 16_384),
    /may open 1024 descriptors, but server\.limits\.connections \(16384\) takes 16484: .* `ulimit -n 16484` .* to 924$/,
  );
  match(descriptorWarning(50, 10), / to 1$/);
});
