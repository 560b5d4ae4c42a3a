import { equal, ok } from "node:assert/strict";
import { leastRoot } from "../../../../core/lib/signals/_numerics.ts";

Deno.test("leastRoot() finds the beginning of a plateau", () => {
  const rising = {
    value: (x: number) => Math.min(x, 3),
    slope: (x: number) => x < 3 ? 1 : 0,
  };
  ok(
    Math.abs(leastRoot(rising, 3, { low: 0, high: 100, guess: 50 }) - 3) <
      1e-12,
  );
  equal(leastRoot(rising, 1, { low: 0, high: 100, guess: 50 }), 1);
});

Deno.test("leastRoot() ends even with a wrong slope", () => {
  const steep = { value: (x: number) => x - 1, slope: () => 1e4 };
  const root = leastRoot(steep, 0, { low: 0, high: 1.5, guess: 0.2 });
  ok(root >= 0 && root <= 1.5);
});
