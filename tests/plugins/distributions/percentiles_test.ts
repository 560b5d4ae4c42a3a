import assert from "node:assert/strict";
import { assertIssue, compile } from "./_compile.ts";

Deno.test("percentiles passes through its points, calculated from either end", () => {
  const percentiles = { p1: 10, p50: 100, p90: 300, p99: 1000, "p99.9": 1001 };
  const { quantile, survivalQuantile } = compile({ percentiles });
  for (
    const [u, x] of [[0.01, 10], [0.5, 100], [0.9, 300], [0.99, 1000], [
      0.999,
      1001,
    ]]
  ) {
    assertClose(quantile?.(u), x, 1e-12);
    assertClose(survivalQuantile?.(1 - u), x, 1e-12);
  }
});

Deno.test("percentiles warns where it extrapolates, and continues smoothly there", () => {
  const { quantile, warnings } = compile({
    percentiles: { p99: "1s", p50: "100ms" },
  });
  assert.deepEqual(warnings, [
    "Times below p50 and above p99 are extrapolated",
  ]);
  assertClose(quantile?.(0.01), 10, 1e-9);
});

for (
  const written of [
    { lognormal: { median: 120, p99: 800 } },
    { exponential: { mean: 100 } },
    { gamma: { shape: 2, scale: 50 } },
    { weibull: { shape: 0.7, scale: 100 } },
    { weibull: { shape: 1.5, scale: 100 } },
  ]
) {
  Deno.test(`percentiles is within 2 % of ${JSON.stringify(written)} everywhere between its points`, () => {
    const { quantile = () => NaN } = compile(written);
    const points = [50, 90, 95, 99, 99.9];
    const curve = compile({
      percentiles: Object.fromEntries(
        points.map((p) => [`p${p}`, quantile(p / 100)]),
      ),
    });
    for (let u = 0.5; u < 0.999; u += 0.0005) {
      assertClose(curve.quantile?.(u), quantile(u), 0.02);
    }
  });
}

Deno.test("percentiles with equal times have an atom", () => {
  const flat = compile({
    percentiles: { p10: 50, p50: 100, p90: 100, p95: 200 },
  });
  assertClose(flat.quantile?.(0.7), 100, 1e-14);
  assert.ok(flat.cdf(99.999) < 0.501);
  assertClose(flat.cdf(100), 0.9, 1e-7);
  assertClose(flat.survival(100), 0.1, 1e-7);
});

Deno.test("percentiles with equal times at an end stay at that time", () => {
  const flat = compile({ percentiles: { p10: 100, p50: 100, p90: 100 } });
  assertClose(flat.quantile?.(0.999), 100, 1e-14);
  assert.equal(flat.cdf(99), 0);
  assert.equal(flat.cdf(100), 1);
  assert.equal(flat.survival(99), 1);
  assert.equal(flat.cdf(0), 0);
  assert.equal(flat.survival(0), 1);
});

Deno.test("percentiles refuses times that decrease", () => {
  assertIssue(
    { percentiles: { p50: 100, p90: 90 } },
    "/p90",
    /at least p50, 100 ms, received 90 ms/,
  );
});

Deno.test("percentiles refuses a single point, no points, p0, p100 and a point given twice", () => {
  assertIssue({ percentiles: { p50: 100 } }, "", /at least two.*received 1/);
  assertIssue({ percentiles: {} }, "", /at least two.*received 0/);
  assertIssue(
    { percentiles: { p0: 1, p50: 100 } },
    "/p0",
    /between p0 and p100/,
  );
  assertIssue({ percentiles: { p50: 1, p100: 2 } }, "/p100", /between p0 and/);
  assertIssue({ percentiles: { p50: 1, "p50.0": 1 } }, "/p50.0", /given once/);
});

Deno.test("percentiles refuses keys that are not percentiles", () => {
  assertIssue(
    { percentiles: { p50: 1, median: 2 } },
    "/median",
    /p50 or p99.9/,
  );
});

Deno.test("percentiles refuses points so steep that times are infinite", () => {
  assertIssue({ percentiles: { p50: 1, "p50.01": 1e6 } }, "", /is Infinity/);
});

function assertClose(
  actual: number | undefined,
  expected: number,
  tolerance: number,
): void {
  const error = Math.abs((actual ?? NaN) / expected - 1);
  assert.ok(error <= tolerance, `${actual} is not ${expected}`);
}
