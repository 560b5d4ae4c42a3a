import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import {
  ksDetectable,
  ksDistance,
  ksProbability,
  quantileWithInterval,
  ratioOf,
  shareDifference,
} from "../../../../../plugins/importer/recording/drift/two_samples.ts";
import { draws } from "../../_tools.ts";

/** Greatest difference of two distribution functions, by looking at each value. */
function plainDistance(a: readonly number[], b: readonly number[]): number {
  const share = (values: readonly number[], x: number) =>
    values.filter((value) => value <= x).length / values.length;
  return Math.max(
    ...[...a, ...b].map((x) => Math.abs(share(a, x) - share(b, x))),
  );
}

Deno.test("ksDistance() is the greatest difference of the distribution functions, also with equal values", () => {
  const values = fc.array(fc.integer({ min: 0, max: 12 }), {
    minLength: 1,
    maxLength: 30,
  });
  fc.assert(
    fc.property(values, values, (a, b) => {
      const distance = ksDistance(
        Float64Array.from(a).sort(),
        Float64Array.from(b).sort(),
      );
      ok(Math.abs(distance - plainDistance(a, b)) < 1e-12);
    }),
    { numRuns: 500, seed: 1 },
  );
});

/** Probability of a distance or a greater one, by counting all paths from (0, 0) to (n, n) that leave the diagonal so far. */
function exactProbability(distance: number, n: number): number {
  const allowed = (i: number, j: number) =>
    Math.abs(i - j) / n < distance - 1e-12;
  const paths = (within: (i: number, j: number) => boolean): number => {
    let row = new Float64Array(n + 1);
    for (let i = 0; i <= n; i++) {
      const next = new Float64Array(n + 1);
      for (let j = 0; j <= n; j++) {
        if (!within(i, j)) continue;
        next[j] = i === 0 && j === 0
          ? 1
          : (i > 0 ? row[j] : 0) + (j > 0 ? next[j - 1] : 0);
      }
      row = next;
    }
    return row[n];
  };
  return 1 - paths(allowed) / paths(() => true);
}

Deno.test("ksProbability() is near the exact one where it matters, and never far below it", () => {
  for (const n of [20, 50, 200, 400]) {
    for (let k = 1; k < n; k++) {
      const distance = k / n;
      const exact = exactProbability(distance, n);
      if (exact < 0.001 || exact > 0.2) continue;
      const found = ksProbability(distance, n, n);
      ok(found > 0.6 * exact, `n ${n}, D ${distance}: ${found}, ${exact}`);
      ok(
        found < 1.4 * exact + 0.01,
        `n ${n}, D ${distance}: ${found}, ${exact}`,
      );
    }
  }
  equal(ksProbability(0, 10, 10), 1);
  ok(ksProbability(0.01, 100, 100) > 0.999);
  ok(ksProbability(1, 1000, 1000) < 1e-100);
});

Deno.test("ksDetectable() is the distance whose probability is the given one", () => {
  for (const [n, m] of [[50, 70], [1000, 20], [10_000, 10_000]]) {
    const distance = ksDetectable(0.05, n, m);
    ok(Math.abs(ksProbability(distance, n, m) - 0.05) < 1e-9);
  }
  equal(ksDetectable(0.05, 1, 1), 1);
});

/** P(X ≤ k) for a binomial X, summed up in a triangle. */
function binomial(n: number, p: number): number[] {
  let terms = [1];
  for (let i = 0; i < n; i++) {
    terms = Array.from(
      { length: terms.length + 1 },
      (_, k) => (terms[k] ?? 0) * (1 - p) + (terms[k - 1] ?? 0) * p,
    );
  }
  let sum = 0;
  return terms.map((term) => sum += term);
}

Deno.test("quantileWithInterval() takes the narrowest ranks that have the coverage, by the binomial distribution", () => {
  for (const n of [1, 5, 30, 200, 700]) {
    const sorted = Float64Array.from({ length: n }, (_, i) => i + 1);
    for (const p of [0.5, 0.9, 0.99]) {
      const below = binomial(n, p);
      const { value, low, high } = quantileWithInterval(sorted, p, 0.05);
      equal(value, Math.min(n, Math.max(1, Math.ceil(p * n))));
      // The value of rank r is above the quantile if fewer than r values are below it.
      const above = (rank: number) => below[rank - 1];
      const ranks = Array.from({ length: n }, (_, i) => i + 1);
      deepEqual(low, ranks.findLast((r) => above(r) <= 0.025) ?? null);
      deepEqual(high, ranks.find((r) => above(r) >= 0.975) ?? null);
    }
  }
});

Deno.test("quantileWithInterval() and ratioOf() cover what they say in samples of known distributions", () => {
  const known = { lognormal: { median: "100ms", p99: "800ms" } };
  const samples = 400;
  let median = 0;
  let tail = 0;
  let ratio = 0;
  for (let i = 0; i < samples; i++) {
    const [a, b] = ["a", "b"].map((name) =>
      draws(known, 1200, `${name}${i}`).sort()
    );
    const [first, second] = [a, b].map((x) =>
      quantileWithInterval(x, 0.5, 0.05)
    );
    const [third, fourth] = [a, b].map((x) =>
      quantileWithInterval(x, 0.99, 0.05)
    );
    const holds = ({ low, high }: typeof first, value: number) =>
      low !== null && high !== null && low <= value && value <= high;
    if (holds(first, 100)) median++;
    if (holds(third, 800)) tail++;
    const change = ratioOf(third, fourth);
    if (change !== null && holds(change, 1)) ratio++;
    ok(ratioOf(first, second) !== null);
  }
  // Three standard deviations of a count of 95 % in 400 are 3.3 %.
  for (const count of [median, tail, ratio]) {
    ok(count / samples > 0.917, `${count} of ${samples}`);
  }
  ok(median / samples < 0.985, `${median} of ${samples}`);
});

Deno.test("ratioOf() has no end where an interval has none, and no ratio of 0", () => {
  const known = { value: 10, low: 8, high: 12 };
  equal(ratioOf({ value: 0, low: 0, high: 0 }, known), null);
  deepEqual(ratioOf(known, { value: 20, low: 15, high: null })?.high, null);
  const { value, low, high } =
    ratioOf(known, { value: 20, low: 16, high: 24 }) ??
      { value: 0, low: 0, high: 0 };
  ok(Math.abs(value - 2) < 1e-12);
  ok(low !== null && high !== null && low < 2 && high > 2 && low > 1);
});

Deno.test("shareDifference() gives Newcombe's published intervals", () => {
  const cases = [
    [[48, 80], [56, 70], 0.0524, 0.3339],
    [[3, 10], [9, 10], 0.1705, 0.809],
    [[0, 20], [10, 10], 0.6791, 1],
  ] as const;
  for (const [[count, of], [other, all], low, high] of cases) {
    const interval = shareDifference(
      { count, of },
      { count: other, of: all },
      0.05,
    );
    ok(Math.abs(interval.low - low) < 6e-4, `${interval.low}, ${low}`);
    ok(Math.abs(interval.high - high) < 6e-4, `${interval.high}, ${high}`);
  }
});
