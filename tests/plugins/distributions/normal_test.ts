import assert from "node:assert/strict";
import { assertIssue, compile, make } from "./_compile.ts";

Deno.test("normal is truncated at 0, and warns if that moves the mean by more than 1 %", () => {
  const near = compile({ normal: { mean: 100, sd: 30 } });
  assert.deepEqual(near.warnings, []);
  assert.ok((near.quantile?.(2 ** -53) ?? -1) >= 0);
  const far = compile({ normal: { mean: 10, sd: 20 } });
  assert.deepEqual(far.warnings, [
    "Truncation below 0 ms moves the mean from 10 ms to 20.183 ms",
  ]);
});

Deno.test("normal's warning names both ends if there are two", () => {
  const { warnings } = compile({
    normal: { mean: 100, sd: 30, min: 120, max: 200 },
  });
  assert.match(
    warnings[0],
    /^Truncation outside 120 ms to 200 ms moves the mean/,
  );
});

// mpmath, 40 digits.
Deno.test("normal has the mean and standard deviation after truncation", () => {
  for (
    const [parameters, mean, sd] of [
      [{ mean: 10, sd: 20 }, 20.18320867674067, 13.945256336064491],
      [
        { mean: 50, sd: 10, min: 40, max: 80 },
        52.82786110727154,
        7.84946963404426,
      ],
      [{ mean: 0, sd: 10, min: 80 }, 81.21368112236113, 1.19686605112439],
    ] as const
  ) {
    const distribution = make("normal", parameters);
    assertClose(distribution.mean, mean);
    assertClose(distribution.standardDeviation, sd);
  }
});

Deno.test("normal in a range too narrow for the closed form of its moments is nearly uniform", () => {
  const { mean, standardDeviation } = make("normal", {
    mean: 100,
    sd: 30,
    min: 100,
    max: 100.001,
  });
  assertClose(mean, 100.0005);
  assertClose(standardDeviation, 0.001 / Math.sqrt(12));
});

Deno.test("normal refuses a negative or zero standard deviation", () => {
  for (const sd of [-1, 0]) {
    assertIssue({ normal: { mean: 100, sd } }, "/sd", /greater than 0/);
  }
});

Deno.test("normal refuses a max that is not above min, and a range that holds nothing of the distribution", () => {
  assertIssue(
    { normal: { mean: 100, sd: 10, min: 5, max: 4 } },
    "/max",
    /greater than min, 5 ms/,
  );
  assertIssue(
    { normal: { mean: 100, sd: 1, min: 500 } },
    "/min",
    /^Truncation below 500 ms leaves nothing/,
  );
  assertIssue(
    { normal: { mean: 1000, sd: 1, min: 1, max: 2 } },
    "/max",
    /^Truncation outside 1 ms to 2 ms leaves nothing/,
  );
});

function assertClose(actual: number, expected: number): void {
  assert.ok(Math.abs(actual / expected - 1) < 1e-9, `${actual}, ${expected}`);
}
