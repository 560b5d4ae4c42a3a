import assert from "node:assert/strict";
import { complete } from "../../../core/distribution/complete.ts";
import { type ErrorCode, PerfmockError } from "../../../core/errors.ts";
import type { Shape, Stream } from "../../../core/plugin.ts";
import { createStream } from "../../../core/lib/random/mod.ts";

const STREAM = createStream([5, 6], "service");

const exponential = (u: number) => -50 * Math.log1p(-u);

Deno.test("complete() keeps the functions and figures of a shape", () => {
  const cdf = (x: number) => -Math.expm1(-x / 50);
  const shape = {
    quantile: exponential,
    survivalQuantile: (v: number) => -50 * Math.log(v),
    cdf,
    survival: (x: number) => 1.5 - cdf(x),
    mean: 1,
    standardDeviation: 2,
    warnings: ["careful"],
  };
  const distribution = complete("mine", shape);
  assert.equal(distribution.family, "mine");
  assert.equal(distribution.quantile?.(0.3), shape.quantile(0.3));
  assert.equal(distribution.survivalQuantile?.(0.7), -50 * Math.log(0.7));
  assert.equal(distribution.cdf(1), cdf(1));
  assert.equal(distribution.survival(1), shape.survival(1));
  assert.equal(distribution.mean, 1);
  assert.equal(distribution.standardDeviation, 2);
  assert.equal(distribution.estimated, false);
  assert.deepEqual(distribution.warnings, ["careful"]);
});

Deno.test("complete() draws the quantile at the uniform of the sequence number", () => {
  const distribution = complete("mine", { quantile: exponential });
  for (const sequence of [0, 1, 77]) {
    assert.equal(
      distribution.draw(STREAM, sequence),
      exponential(STREAM.uniform(sequence)),
    );
  }
});

Deno.test("complete() derives all other figures from a quantile function", () => {
  const distribution = complete("mine", { quantile: exponential });
  assertClose(distribution.mean, 50, 1e-9);
  assertClose(distribution.standardDeviation, 50, 1e-9);
  assertClose(distribution.cdf(20), -Math.expm1(-0.4), 1e-14);
  assertClose(distribution.survival(100), Math.exp(-2), 1e-14);
  assertClose(distribution.survival(10), Math.exp(-0.2), 1e-14);
  assertClose(distribution.survivalQuantile?.(0.01), exponential(0.99), 1e-14);
  assert.equal(distribution.cdf(-1), 0);
  assert.equal(distribution.survival(-1), 1);
  assert.equal(distribution.estimated, false);
  assert.deepEqual(distribution.warnings, []);
});

Deno.test("complete() derives each of cdf and survival from the other", () => {
  const cdf = (x: number) => -Math.expm1(-x / 50);
  const one = complete("mine", { quantile: exponential, cdf });
  assert.equal(one.survival(20), 1 - cdf(20));
  const other = complete("mine", {
    quantile: exponential,
    survival: (x) => 1 - cdf(x),
  });
  assertClose(other.cdf(20), cdf(20), 1e-15);
});

Deno.test("complete() keeps the precision of a tail that has its own quantile function", () => {
  const distribution = complete("mine", {
    quantile: exponential,
    survivalQuantile: (v) => -50 * Math.log(v),
  });
  assertClose(distribution.survival(50 * 200), Math.exp(-200), 1e-12);
  assertClose(distribution.cdf(50e-30), 1e-30, 1e-12);
});

Deno.test("complete() counts atoms and gaps in full", () => {
  const steps = complete("steps", {
    quantile: (u) => u <= 0.25 ? 10 : u <= 0.75 ? 20 : 40,
  });
  for (
    const [x, below] of [
      [9, 0],
      [10, 0.25],
      [15, 0.25],
      [20, 0.75],
      [39, 0.75],
      [40, 1],
    ]
  ) {
    assertClose(steps.cdf(x), below, 1e-15);
    assertClose(steps.survival(x), 1 - below, 1e-15);
  }
  assertClose(steps.mean, 22.5, 1e-7);
  assertClose(steps.standardDeviation, Math.sqrt(118.75), 1e-7);
});

Deno.test("complete() finds power-law tails, finite or infinite, in mean and standard deviation", () => {
  const power = (alpha: number): Shape => ({
    quantile: (u) => Math.pow(1 - u, -1 / alpha),
  });
  for (
    const [alpha, mean, deviation] of [[0.9, Infinity, Infinity], [
      1.5,
      3,
      Infinity,
    ], [3, 1.5, Math.sqrt(0.75)]]
  ) {
    const derived = complete("power", power(alpha));
    assertClose(derived.mean, mean, 1e-3);
    assertClose(derived.standardDeviation, deviation, 1e-3);
    const survivalQuantile = (v: number) => Math.pow(v, -1 / alpha);
    const precise = complete("power", { ...power(alpha), survivalQuantile });
    assertClose(precise.mean, mean, 1e-8);
    assertClose(precise.standardDeviation, deviation, 1e-8);
  }
});

Deno.test("complete() does not take a jump at the end of a tail for a heavy tail", () => {
  const jump = complete("jump", {
    quantile: (u) => u < 0.5 ? 1 : u < 1 - 2 ** -40.5 ? 2 : 50,
  });
  assertClose(jump.mean, 1.5, 1e-6);
});

Deno.test("complete() derives moments of narrow and of constant distributions", () => {
  const narrow = complete("narrow", { quantile: (u) => 1e6 + 1e-3 * u });
  assertClose(narrow.mean, 1e6 + 5e-4, 1e-13);
  assertClose(narrow.standardDeviation, 1e-3 / Math.sqrt(12), 1e-3);
  const constant = complete("constant", { quantile: () => 7 });
  assert.equal(constant.mean, 7);
  assert.equal(constant.standardDeviation, 0);
});

Deno.test("complete() ends its quadrature even at rare jumps and at many jumps", () => {
  const rare = complete("rare", {
    quantile: (u) => u < 1e-13 ? 1 : 2,
    survivalQuantile: (v) => v < 1e-60 ? 3 : v > 1 - 1e-13 ? 1 : 2,
  });
  assertClose(rare.mean, 2, 1e-12);
  const ragged = complete("ragged", {
    quantile: (u) => 1 + Math.floor(u * 1e7) / 1e7 + Math.floor(u * 3e5) / 3e4,
  });
  assertClose(ragged.mean, 6.5, 1e-3);
});

Deno.test("complete() clamps values below 0 and derives the moments anew", () => {
  const shape: Shape = {
    quantile: (u) => 100 * u - 25,
    survivalQuantile: (v) => 75 - 100 * v,
    cdf: (x) => Math.min(1, Math.max(0, (x + 25) / 100)),
    survival: (x) => Math.min(1, Math.max(0, (75 - x) / 100)),
    mean: 25,
    standardDeviation: 100 / Math.sqrt(12),
    warnings: ["careful"],
  };
  for (const given of [shape, { quantile: shape.quantile }]) {
    const clamped = complete("mine", given);
    assert.equal(clamped.quantile?.(0.1), 0);
    assert.equal(clamped.survivalQuantile?.(0.9), 0);
    assert.equal(clamped.cdf(-1), 0);
    assert.equal(clamped.survival(-1), 1);
    assertClose(clamped.cdf(0), 0.25, 1e-14);
    assertClose(clamped.survival(25), 0.5, 1e-14);
    assertClose(clamped.mean, 28.125, 1e-7);
    assert.ok(clamped.draw({ uniform: () => 0.2 }, 0) === 0);
  }
  assert.deepEqual(complete("mine", shape).warnings, ["careful"]);
});

Deno.test("complete() draws by sample if a shape has both functions, and uses the quantile for all other figures", () => {
  const distribution = complete("both", {
    quantile: exponential,
    sample: (next) => next() + next(),
  });
  assert.equal(
    distribution.draw(STREAM, 4),
    STREAM.uniform(4, 0) + STREAM.uniform(4, 1),
  );
  assert.equal(distribution.quantile, exponential);
  assert.equal(distribution.estimated, false);
});

Deno.test("complete() estimates from a sample function, the same in every run", () => {
  const shape: Shape = { sample: (next) => 10 * (next() + next()) };
  const distribution = complete("sum", shape);
  assert.equal(distribution.quantile, undefined);
  assert.equal(distribution.survivalQuantile, undefined);
  assert.equal(distribution.estimated, true);
  assertClose(distribution.mean, 10, 0.005);
  assertClose(distribution.standardDeviation, 10 / Math.sqrt(6), 0.01);
  assertClose(distribution.cdf(10), 0.5, 0.01);
  assertClose(distribution.survival(10), 0.5, 0.01);
  assert.equal(distribution.cdf(0), 0);
  assert.equal(distribution.cdf(20), 1);
  assert.equal(distribution.mean, complete("sum", shape).mean);
  assert.deepEqual(distribution.warnings, []);
});

Deno.test("complete() does not estimate figures that a sampled shape gives", () => {
  let calls = 0;
  const known: Shape = {
    sample: (next) => {
      calls++;
      return next();
    },
    cdf: (x) => x,
    mean: 0.5,
    standardDeviation: 0.25,
  };
  const distribution = complete("known", known);
  const probes = calls;
  assert.equal(distribution.estimated, false);
  assert.equal(distribution.mean, 0.5);
  assert.equal(distribution.standardDeviation, 0.25);
  assert.equal(distribution.survival(0.25), 0.75);
  assert.equal(calls, probes);
  for (const missing of ["cdf", "mean", "standardDeviation"]) {
    const partial = complete("partial", { ...known, [missing]: undefined });
    assert.equal(partial.estimated, true, missing);
  }
  const survived = complete("survived", {
    ...known,
    cdf: undefined,
    survival: (x) => 1 - x,
  });
  assert.equal(survived.cdf(0.25), 0.25);
  assert.equal(survived.estimated, false);
});

Deno.test("Distribution.draw() is never negative and never NaN", () => {
  const stream: Stream = { uniform: () => 0.123 };
  const holed = complete("holed", {
    quantile: (u) => u === 0.123 ? NaN : u,
  });
  assert.equal(holed.draw(stream, 0), 0);
  const negative = complete("negative", { sample: (next) => -next() });
  assert.equal(negative.draw(stream, 0), 0);
  const never = complete("never", {
    sample: (next) => {
      const u = next();
      return u === 0.123 ? NaN : u;
    },
  });
  assert.equal(never.draw(stream, 0), 0);
});

Deno.test("complete() rejects a quantile function that yields NaN or Infinity, or decreases", () => {
  assertRefused({ quantile: () => NaN }, "CONFIG_INVALID", /"bad".*NaN/);
  assertRefused(
    { quantile: (u) => 1 / Math.max(0, 0.9999 - u) },
    "CONFIG_INVALID",
    /quantile at 0.9999 is Infinity/,
  );
  assertRefused(
    { quantile: (u) => u < 0.5 ? 10 : 5 },
    "CONFIG_INVALID",
    /decreases from 10 at 0.4 to 5 at 0.5/,
  );
});

Deno.test("complete() rejects a sample function that yields NaN or Infinity, with or without a quantile function", () => {
  assertRefused({ sample: () => NaN }, "CONFIG_INVALID", /draws NaN/);
  assertRefused({ sample: () => Infinity }, "CONFIG_INVALID", /draws Infinity/);
  assertRefused(
    { sample: () => NaN, quantile: (u) => u },
    "CONFIG_INVALID",
    /draws NaN/,
  );
});

Deno.test("complete() rejects a sample function that uses more than 4096 numbers", () => {
  assertRefused(
    {
      sample: (next) => {
        while (next() < 1);
        return 1;
      },
    },
    "PLUGIN_INVALID",
    /more than 4096 numbers/,
  );
  complete("long", {
    sample: (next) => {
      let last = 0;
      for (let i = 0; i < 4096; i++) last = next();
      return last;
    },
  });
});

Deno.test("complete() rejects a shape without functions", () => {
  assertRefused({}, "PLUGIN_INVALID", /neither a quantile nor a sample/);
});

function assertRefused(shape: Shape, code: ErrorCode, message: RegExp): void {
  assert.throws(() => complete("bad", shape), (error) => {
    assert.ok(error instanceof PerfmockError);
    assert.equal(error.code, code);
    assert.match(error.message, message);
    if (code === "CONFIG_INVALID") {
      assert.equal(error.issues.length, 1);
      assert.equal(error.issues[0].path, "");
      assert.ok(error.issues[0].allowed);
    }
    return true;
  });
}

function assertClose(
  actual: number | undefined,
  expected: number,
  tolerance: number,
): void {
  const error = actual === expected
    ? 0
    : Math.abs((actual ?? NaN) - expected) / (Math.abs(expected) || 1);
  assert.ok(error <= tolerance, `${actual} is not ${expected}`);
}
