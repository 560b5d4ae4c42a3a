import { deepEqual, equal, ok } from "node:assert/strict";
import {
  interval,
  median,
  medians,
  quantile,
} from "../../../../plugins/bottleneck_finder/cliffs/summaries.ts";
import { randomOf } from "./_random.ts";

Deno.test("quantile() is linear between neighbours", () => {
  const values = [1, 2, 4, 8];
  deepEqual([0, 0.5, 0.75, 1].map((p) => quantile(values, p)), [1, 3, 5, 8]);
  equal(quantile([7], 0.3), 7);
});

Deno.test("median() takes values in any order", () => {
  equal(median([9, 1, 5]), 5);
  equal(median([9, 1, 5, 6]), 5.5);
});

Deno.test("interval() contains the estimate, and takes each end from its own values", () => {
  const lows = [1, 2, 3, 4, 5];
  const highs = [11, 12, 13, 14, 15];
  deepEqual(interval(7, lows, highs, 0.5), { value: 7, low: 2, high: 14 });
  deepEqual(interval(1, lows, lows, 0.5), { value: 1, low: 1, high: 4 });
  deepEqual(interval(6, lows, lows, 0.5), { value: 6, low: 2, high: 6 });
});

Deno.test("medians() of single figures take the spread from the deviations from a line", () => {
  const { next, normal } = randomOf(1);
  const places = Array.from({ length: 12 }, (_, i) => i);
  const found = medians(
    places.map((place) => [100 + 5 * place + normal()]),
    places,
    0.95,
    next,
  );
  for (const estimate of found) {
    const width = estimate === null ? 0 : estimate.high - estimate.low;
    ok(width > 1 && width < 6, `${width}`);
  }
});

Deno.test("medians() of nothing are null, and the spread of one or two figures is not known", () => {
  const { next } = randomOf(1);
  deepEqual(medians([[], [5], [7]], [1, 2, 3], 0.95, next), [
    null,
    { value: 5, low: 5, high: 5 },
    { value: 7, low: 7, high: 7 },
  ]);
  const [none, first, second] = medians(
    [[], [5, 5], [7]],
    [1, 2, 3],
    0.95,
    next,
  );
  deepEqual([none, first?.value, second?.value], [null, 5, 7]);
});

Deno.test("medians() of single figures at one place take the spread from their mean", () => {
  const { next } = randomOf(2);
  const found = medians([[1], [2], [3]], [0, 0, 0], 0.95, next);
  for (const estimate of found) {
    ok(estimate !== null && estimate.high - estimate.low > 2);
  }
});
