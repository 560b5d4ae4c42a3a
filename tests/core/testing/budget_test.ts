import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { AssertionError } from "node:assert";
import { createStream } from "../../../core/lib/random/mod.ts";
import { PerfmockError } from "../../../core/plugin.ts";
import { assertWithinBudget, type Budget } from "../../../core/testing.ts";

/** The times 1, 2, … n ms, in another order. */
function upTo(n: number): number[] {
  return Array.from({ length: n }, (_, i) => 1 + (i * 7) % n);
}

function thrown(run: () => unknown): Error {
  let found: Error | undefined;
  throws(run, (error: Error) => {
    found = error;
    return true;
  });
  return found as Error;
}

Deno.test("assertWithinBudget() compares percentiles by nearest rank and the longest time", () => {
  const { count, lines } = assertWithinBudget(upTo(1000), {
    p50: 600,
    p99: "1s",
    max: "1s",
  }, { confidence: 0.5 });
  equal(count, 1000);
  deepEqual(
    lines.map(({ figure, budget, measured, above }) => [
      figure,
      budget,
      measured,
      above,
    ]),
    [["p50", 600, 500, 400], ["p99", 1000, 990, 0], ["max", 1000, 1000, 0]],
  );
});

Deno.test("assertWithinBudget() names the interval of the true percentile, the verdict, and the values above", () => {
  const of = (budget: number) =>
    assertWithinBudget(upTo(100), { p50: budget }).lines[0];
  // Binomial with n = 100, p = ½: P(X ≤ 39) = 0.0176, P(X ≤ 40) = 0.0284.
  deepEqual(of(70).interval, [40, 61]);
  deepEqual([of(61).verdict, of(60).verdict, of(50).verdict], [
    "within",
    "open",
    "open",
  ]);
  const over = thrown(() => assertWithinBudget(upTo(100), { p50: 39 }));
  ok(over instanceof AssertionError);
  const { lines } = over.actual as ReturnType<typeof assertWithinBudget>;
  equal(lines[0].verdict, "over");
});

Deno.test("assertWithinBudget() says in its message by how much each figure is over, and what the others hide", () => {
  const error = thrown(() =>
    assertWithinBudget(upTo(100), { p50: "30ms", p90: 95, max: "99ms" })
  );
  ok(error instanceof AssertionError);
  deepEqual(error.message.split("\n"), [
    "100 values over the budget in 2 of 3 figures",
    "  p50 is 50 ms, 20 ms over the budget of 30 ms; the true one is between 40 ms and 61 ms; 70 of 100 values are above the budget",
    "  p90 is 90 ms, within 95 ms; the true one is between 84 ms and 96 ms; 5 of 100 values are above the budget; 15 % would have been noticed with a probability of 90 %",
    "  max is 100 ms, 1 ms over the budget of 99 ms; 1 of 100 values are above the budget",
  ]);
});

Deno.test("assertWithinBudget() with `certain` also fails where the true percentile may be over the budget", () => {
  const times = upTo(100);
  assertWithinBudget(times, { p90: 95 });
  match(
    thrown(() => assertWithinBudget(times, { p90: 95 }, { certain: true }))
      .message,
    /^100 values over the budget in 1 of 1 figure\n {2}p90 is 90 ms, perhaps over the budget of 95 ms; the true one is between 84 ms and 96 ms/,
  );
  assertWithinBudget(times, { p90: 96 }, { certain: true });
});

Deno.test("assertWithinBudget() refuses values that are too few for a percentile, with the number that is needed", () => {
  const error = thrown(() =>
    assertWithinBudget(upTo(50), { p95: 80, p99: 90 })
  );
  ok(error instanceof PerfmockError);
  equal(error.code, "ARGUMENT_INVALID");
  deepEqual(error.issues.map(({ path, message }) => [path, message]), [
    [
      "/p95",
      "50 values cannot show p95: even the longest is below the true one with a probability of 7.7 %; 72 values are needed",
    ],
    [
      "/p99",
      "50 values cannot show p99: even the longest is below the true one with a probability of 60.5 %; 368 values are needed",
    ],
  ]);
  assertWithinBudget(upTo(72), { p95: 80 });
  assertWithinBudget(upTo(368), { p99: 400 });
});

Deno.test("The interval contains the true percentile as often as the confidence says", () => {
  const stream = createStream([9, 4], "budget");
  for (const [n, p] of [[80, 0.95], [300, 0.5], [20, 0.05]] as const) {
    let contained = 0;
    for (let set = 0; set < 1000; set++) {
      const times = Array.from(
        { length: n },
        (_, i) => stream.uniform(set * n + i),
      );
      const key = `p${100 * p}`;
      const [low, high] = assertWithinBudget(times, { [key]: 1 }, {
        confidence: 0.9,
      }).lines[0].interval ?? [1, 0];
      contained += Number((low ?? 0) <= p && p <= high);
    }
    // At least 90 %, less three standard deviations.
    ok(contained >= 1000 * (0.9 - 3 * Math.sqrt(0.09 / 1000)), `${contained}`);
  }
});

Deno.test("The share of slow responses that is said to be noticed makes the assertion fail as often as promised", () => {
  const stream = createStream([2, 8], "notices");
  const n = 200;
  const { notices } =
    assertWithinBudget(Array(n).fill(1), { p95: 10 }, { power: 0.8 }).lines[0];
  ok(notices > 0.05 && notices < 0.1, `${notices}`);
  let failures = 0;
  for (let set = 0; set < 1000; set++) {
    const times = Array.from(
      { length: n },
      (_, i) => stream.uniform(set * n + i) < notices ? 20 : 1,
    );
    try {
      assertWithinBudget(times, { p95: 10 });
    } catch (error) {
      ok(error instanceof AssertionError);
      failures++;
    }
  }
  ok(Math.abs(failures / 1000 - 0.8) < 0.05, `${failures}`);
});

Deno.test("The low end of an interval is open where the percentile may be below all values", () => {
  const report = assertWithinBudget(upTo(20), { p5: 10 });
  equal(report.lines[0].interval?.[0], null);
  match(report.summary, /the true one is at most \d+ ms/);
});

const WRONG: readonly (readonly [Budget, RegExp])[] = [
  [{}, /The budget names no figure$/],
  [{ p95: "soon" }, /The budget of p95 is no duration, received soon$/],
  [{ p95: -1 }, /The budget of p95 is no duration, received -1$/],
  [{ p100: 1 }, /Unknown figure "p100"$/],
  [{ p0: 1 }, /Unknown figure "p0"$/],
  [{ mean: 1, p9x: 1 }, /Unknown figure "mean"; Unknown figure "p9x"$/],
];

for (const [budget, message] of WRONG) {
  Deno.test(`assertWithinBudget() lists all errors of a budget: ${JSON.stringify(budget)}`, () => {
    const error = thrown(() => assertWithinBudget(upTo(100), budget));
    ok(error instanceof PerfmockError);
    match(error.message, message);
  });
}
