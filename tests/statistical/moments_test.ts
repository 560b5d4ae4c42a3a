import assert from "node:assert/strict";
import { complete } from "../../core/distribution/complete.ts";
import { createStream } from "../../core/lib/random/mod.ts";
import { compile } from "../plugins/distributions/_compile.ts";
import { continuous, discrete } from "./_cases.ts";

for (const { name, written } of [...continuous, ...discrete]) {
  const distribution = compile(written);

  Deno.test(`Mean and standard deviation of ${name} are those of its quantiles`, () => {
    const { quantile, survivalQuantile } = distribution;
    const derived = complete(name, { quantile, survivalQuantile });
    assertClose(distribution.mean, derived.mean, 1e-8);
    if (distribution.standardDeviation !== 0) {
      assertClose(
        distribution.standardDeviation,
        derived.standardDeviation,
        1e-7,
      );
    }
  });

  Deno.test(`The mean of ${name} is that of its draws`, () => {
    const stream = createStream([7, 7], "moments");
    const n = 20_000;
    let sum = 0;
    for (let i = 0; i < n; i++) sum += distribution.draw(stream, i);
    // Four standard errors.
    const allowed = 4 * distribution.standardDeviation / Math.sqrt(n) + 1e-9;
    assert.ok(Math.abs(sum / n - distribution.mean) <= allowed, `${sum / n}`);
  });
}

function assertClose(
  actual: number,
  expected: number,
  tolerance: number,
): void {
  const error = actual === expected ? 0 : Math.abs(actual / expected - 1);
  assert.ok(error <= tolerance, `${actual} is not ${expected}`);
}
