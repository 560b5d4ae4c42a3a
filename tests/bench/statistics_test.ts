import { deepEqual, equal } from "node:assert/strict";
import {
  median,
  medianExcess,
  medianRatio,
  quantile,
  quantiles,
  Samples,
} from "./statistics.ts";

Deno.test("quantile() interpolates between order statistics as R's type 7 does", () => {
  const values = [15, 20, 35, 40, 50];
  equal(quantile(values, 0.4), 29);
  deepEqual(quantiles(values, [0, 0.5, 1]), [15, 35, 50]);
});

Deno.test("quantile() takes values in any order and leaves them as they are", () => {
  const values = [3, 1, 2];
  equal(quantile(values, 0.5), 2);
  deepEqual(values, [3, 1, 2]);
});

Deno.test("quantile() of nothing is NaN", () => {
  equal(quantile([], 0.5), NaN);
});

Deno.test("median() of an even number of values lies between the middle two", () => {
  equal(median([1, 2, 4, 100]), 3);
});

Deno.test("medianRatio() compares round by round, so that a slow round cancels", () => {
  equal(medianRatio([80, 8, 80], [100, 10, 100]), 0.8);
});

Deno.test("medianExcess() compares round by round", () => {
  equal(medianExcess([21, 31, 22], [20, 30, 20]), 1);
});

Deno.test("Samples keeps more values than it was made for, in order", () => {
  const samples = new Samples();
  for (let i = 0; i < 3000; i++) samples.add(i);
  samples.addAll([3000, 3001]);
  equal(samples.length, 3002);
  deepEqual(samples.values(), Float64Array.from({ length: 3002 }, (_, i) => i));
});
