import { deepEqual, equal } from "node:assert/strict";
import {
  leastOfThirds,
  median,
  medianExcess,
  medianRatio,
  pick,
  quantile,
  quantiles,
  Samples,
} from "./statistics.ts";

Deno.test("quantile() interpolates between order statistics like R's type 7", () => {
  const values = [15, 20, 35, 40, 50];
  equal(quantile(values, 0.4), 29);
  deepEqual(quantiles(values, [0, 0.5, 1]), [15, 35, 50]);
});

Deno.test("quantile() accepts values in any order and does not change them", () => {
  const values = [3, 1, 2];
  equal(quantile(values, 0.5), 2);
  deepEqual(values, [3, 1, 2]);
});

Deno.test("quantile() returns NaN for an empty list", () => {
  equal(quantile([], 0.5), NaN);
});

Deno.test("median() of an even number of values is the mean of the middle two", () => {
  equal(median([1, 2, 4, 100]), 3);
});

Deno.test("medianRatio() compares figures of the same round, so that a slow round cancels", () => {
  equal(medianRatio([80, 8, 80], [100, 10, 100]), 0.8);
});

Deno.test("medianExcess() compares figures of the same round", () => {
  equal(medianExcess([21, 31, 22], [20, 30, 20]), 1);
});

Deno.test("Samples grows beyond its initial capacity and keeps the order", () => {
  const samples = new Samples();
  for (let i = 0; i < 3000; i++) samples.add(i);
  samples.addAll([3000, 3001]);
  equal(samples.length, 3002);
  deepEqual(samples.values(), Float64Array.from({ length: 3002 }, (_, i) => i));
});

Deno.test("pick() returns one figure of each round", () => {
  deepEqual(pick([{ p50: 1, p99: 2 }, { p50: 3, p99: 4 }], "p99"), [2, 4]);
});

Deno.test("leastOfThirds() returns the least value of each third, and leaves out what does not fill one", () => {
  deepEqual(leastOfThirds([5, 4, 9, 6, 7, 8, 1]), [4, 6, 7]);
});
