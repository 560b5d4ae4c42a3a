import { deepEqual, ok } from "node:assert/strict";
import { medianEstimate } from "../../../../plugins/bottleneck_finder/statistics/median.ts";
import { uniforms } from "../../../support/synthetic_pages.ts";

Deno.test("medianEstimate() returns the median, and the range if there are too few values", () => {
  deepEqual(medianEstimate([3], 0.95), { value: 3, low: 3, high: 3 });
  deepEqual(medianEstimate([5, 1, 4, 2], 0.95), { value: 3, low: 1, high: 5 });
  deepEqual(medianEstimate([5, 1, 9], 0.95), { value: 5, low: 1, high: 9 });
});

Deno.test("medianEstimate() interpolates between order statistics", () => {
  // n = 10: from the 2nd to the 9th value 0.978516, from the 3rd to the 8th 0.890625.
  const { value, low, high } = medianEstimate(
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    0.95,
  );
  const excess = (0.978515625 - 0.95) / (0.978515625 - 0.890625);
  const inner = 8 * excess / (2 + 6 * excess);
  deepEqual(value, 5.5);
  ok(Math.abs(low - (2 + inner)) < 1e-12);
  ok(Math.abs(high - (9 - inner)) < 1e-12);
});

Deno.test("medianEstimate(): about 95 % of the intervals contain the median, whatever the distribution", () => {
  const next = uniforms(11);
  for (const count of [6, 15, 40]) {
    let covered = 0;
    const samples = 2000;
    for (let i = 0; i < samples; i++) {
      const values = Array.from({ length: count }, () => -Math.log(next()));
      const { low, high } = medianEstimate(values, 0.95);
      if (low <= Math.LN2 && Math.LN2 <= high) covered++;
    }
    const share = covered / samples;
    ok(share > 0.935 && share < 0.97, `${count}: ${share}`);
  }
});
