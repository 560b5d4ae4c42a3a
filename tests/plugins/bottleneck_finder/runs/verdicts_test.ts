import { equal } from "node:assert/strict";
import {
  type Found,
  isLate,
  verdictOn,
} from "../../../../plugins/bottleneck_finder/runs/verdicts.ts";

/** Knowledge about a factor with 100 ms added. */
function found(
  value: number,
  half: number,
  more: Partial<Found> = {},
): Found {
  return {
    slope: { value, low: value - half, high: value + half },
    added: 100,
    significant: Math.abs(value) > half,
    latenessGap: 0.1,
    ...more,
  };
}

Deno.test("verdictOn() tells critical, partly hidden and hidden routes apart", () => {
  const cases: [value: number, half: number, verdict: string][] = [
    [1, 0.05, "critical"],
    [0.93, 0.05, "critical"],
    [3, 0.1, "critical"],
    [0.8, 0.25, "critical"],
    [0.83, 0.08, "critical"],
    [0.5, 0.1, "partly"],
    [0.8, 0.05, "partly"],
    [0.01, 0.05, "hidden"],
    [-0.02, 0.05, "hidden"],
    // Significant, and too little to matter.
    [0.04, 0.01, "hidden"],
    // Not significant, and too wide.
    [0.2, 0.3, "unclear"],
    [-0.58, 0.72, "unclear"],
    [0, Infinity, "unclear"],
    [NaN, NaN, "unclear"],
  ];
  for (const [value, half, verdict] of cases) {
    equal(verdictOn(found(value, half), 0.1), verdict, `${value} ± ${half}`);
  }
});

Deno.test("verdictOn() refuses a verdict where our own lateness is as large as the effect", () => {
  const late = (latenessGap: number | null, value: number) =>
    verdictOn(found(value, 0.05, { latenessGap }), 0.1);
  equal(late(99, 1), "critical");
  equal(late(100, 1), "unclear");
  equal(late(49, 0.5), "partly");
  equal(late(50, 0.5), "unclear");
  // Of a hidden route the effect that would have been seen counts.
  equal(late(9.9, 0), "hidden");
  equal(late(10, 0), "unclear");
  equal(late(null, 1), "critical");
  // A figure that does not vary, as INP, which is rounded to 8 ms, may be.
  const constant = { slope: { value: 0, low: 0, high: 0 }, added: 100 };
  equal(isLate({ ...constant, latenessGap: 0.01 }, 0.1), false);
  equal(isLate({ ...constant, latenessGap: 10 }, 0.1), true);
});

Deno.test("verdictOn() calls nothing hidden where the time that was to be added was not there", () => {
  const isMissing = true;
  equal(verdictOn(found(0, 0.05, { isMissing }), 0.1), "unclear");
  equal(
    verdictOn(found(0.05, 0.02, { isMissing, significant: true }), 0.1),
    "unclear",
  );
  equal(verdictOn(found(0.5, 0.1, { isMissing }), 0.1), "partly");
  equal(verdictOn(found(0, 0.05), 0.1), "hidden");
});
