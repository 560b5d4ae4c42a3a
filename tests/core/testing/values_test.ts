import { deepEqual, equal } from "node:assert/strict";
import {
  count,
  nearestRank,
  percent,
  percentile,
  rankOf,
  sortedTimes,
  time,
} from "../../../core/testing/values.ts";

Deno.test("sortedTimes() copies any iterable, in ascending order", () => {
  const given = [3, 1, 2.5, 0];
  deepEqual([...sortedTimes(new Set(given), "x")], [0, 1, 2.5, 3]);
  deepEqual(given, [3, 1, 2.5, 0]);
});

Deno.test("Times, shares, percentiles and counts in words", () => {
  deepEqual([0, 0.1234, 12.345, 120, 1500, 90_000, Infinity].map(time), [
    "0 ms",
    "123.4 µs",
    "12.35 ms",
    "120 ms",
    "1.5 s",
    "90 s",
    "Infinity s",
  ]);
  deepEqual([0, 0.001234, 0.0567, 0.5, 0.9, 0.9999, 1].map(percent), [
    "0 %",
    "0.12 %",
    "5.7 %",
    "50 %",
    "90 %",
    "99.99 %",
    "100 %",
  ]);
  deepEqual([0.5, 0.95, 0.999, 0.9999].map(percentile), [
    "p50",
    "p95",
    "p99.9",
    "p99.99",
  ]);
  deepEqual([count(1, "value"), count(2, "value")], ["1 value", "2 values"]);
});

Deno.test("rankOf() is the smallest rank that reaches a share, without errors of rounding", () => {
  deepEqual(
    [rankOf(100, 0.07), rankOf(100, 0.95), rankOf(10, 0.01), rankOf(3, 0.99)],
    [7, 95, 1, 3],
  );
  equal(nearestRank(Float64Array.from([1, 2, 3, 4]), 0.5), 2);
});
