import { deepEqual, equal, ok } from "node:assert/strict";
import {
  atLeast,
  atMost,
  lowerCritical,
  upperCritical,
} from "../../../core/testing/binomial.ts";

/** P(X = j), by products of at most 60 factors. */
function exactly(j: number, n: number, p: number): number {
  let ways = 1;
  for (let i = 0; i < j; i++) ways *= (n - i) / (i + 1);
  return ways * p ** j * (1 - p) ** (n - j);
}

function sum(from: number, to: number, n: number, p: number): number {
  let total = 0;
  for (let j = from; j <= to; j++) total += exactly(j, n, p);
  return total;
}

const CASES = [1, 2, 7, 60].flatMap((n) =>
  [1e-6, 0.01, 0.3, 0.5, 0.9, 0.999].map((p) => [n, p] as const)
);

Deno.test("atMost() and atLeast() equal the sums of all terms, with a small relative error in both tails", () => {
  for (const [n, p] of CASES) {
    for (let k = 0; k <= n; k++) {
      for (
        const [found, expected] of [
          [atMost(k, n, p), sum(0, k, n, p)],
          [atLeast(k, n, p), sum(k, n, n, p)],
        ]
      ) {
        ok(
          Math.abs(found - expected) <= 1e-11 * expected + 1e-300,
          `${k} of ${n} at ${p}: ${found}, ${expected}`,
        );
      }
    }
  }
});

Deno.test("atMost() and atLeast() at and beyond the ends", () => {
  for (const [n, p] of CASES) {
    deepEqual([atMost(-1, n, p), atMost(n, n, p), atMost(n + 1, n, p)], [
      0,
      1,
      1,
    ]);
    deepEqual([atLeast(0, n, p), atLeast(-1, n, p), atLeast(n + 1, n, p)], [
      1,
      1,
      0,
    ]);
  }
  deepEqual([atMost(3, 9, 0), atMost(3, 9, 1)], [1, 0]);
  deepEqual([atLeast(3, 9, 0), atLeast(3, 9, 1)], [0, 1]);
});

Deno.test("atMost() of many trials: a probability beyond the smallest number is 0, half is at the mean", () => {
  equal(atMost(10, 1_000_000, 0.5), 0);
  equal(atLeast(999_990, 1_000_000, 0.5), 0);
  const half = atMost(500_000, 1_000_000, 0.5);
  // P(X ≤ n/2) = ½ + ½·P(X = n/2), and Stirling's P(X = n/2) = √(2/(π·n)).
  ok(Math.abs(half - 0.5 - 0.5 * Math.sqrt(2 / (Math.PI * 1e6))) < 1e-9);
});

Deno.test("lowerCritical() and upperCritical() are the numbers next to those that are above the level", () => {
  for (const [n, p] of CASES) {
    for (const level of [0.3, 0.05, 1e-4]) {
      const low = lowerCritical(n, p, level);
      ok(low === -1 || atMost(low, n, p) <= level);
      ok(low === n || atMost(low + 1, n, p) > level);
      const high = upperCritical(n, p, level);
      ok(high === n + 1 || atLeast(high, n, p) <= level);
      ok(high === 0 || atLeast(high - 1, n, p) > level);
    }
  }
  equal(lowerCritical(5, 0.5, 0.01), -1);
  equal(upperCritical(5, 0.5, 0.01), 6);
});
