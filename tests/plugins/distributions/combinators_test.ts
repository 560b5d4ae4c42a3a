import assert from "node:assert/strict";
import { complete } from "../../../core/distribution/complete.ts";
import { createStream } from "../../../core/lib/random/mod.ts";
import type { Distribution } from "../../../core/plugin.ts";
import { assertIssue, compile, issuesIn, make } from "./_compile.ts";

const EXPONENTIAL = { exponential: { mean: 50 } };

/** A family that can only be sampled: uniform below 60 ms. */
const sampled = complete("sampled", {
  sample: (next) => 60 * next(),
  warnings: ["sampled only"],
});

const STREAM = createStream([3, 4], "service");

Deno.test("shift adds a constant to draws, quantiles and mean", () => {
  const shifted = compile({ shift: { by: "30ms", of: EXPONENTIAL } });
  const plain = compile(EXPONENTIAL);
  assert.equal(shifted.mean, 80);
  assert.equal(shifted.standardDeviation, 50);
  assert.equal(shifted.draw(STREAM, 9), plain.draw(STREAM, 9) + 30);
  assert.equal(shifted.cdf(29), 0);
  assert.deepEqual(shifted.warnings, []);
});

Deno.test("shift sets times below 0 to 0, and warns", () => {
  const shifted = compile({ shift: { by: -20, of: EXPONENTIAL } });
  assert.deepEqual(shifted.warnings, ["Times below 20 ms become 0 ms"]);
  assert.equal(shifted.cdf(-0.001), 0);
  assert.equal(shifted.cdf(0), compile(EXPONENTIAL).cdf(20));
  assert.equal(shifted.quantile?.(0.1), 0);
  // E[max(0, X − 20)] of an exponential.
  assert.ok(Math.abs(shifted.mean / (50 * Math.exp(-0.4)) - 1) < 1e-7);
});

Deno.test("scale multiplies draws, quantiles and moments", () => {
  const scaled = compile({ scale: { by: 3, of: EXPONENTIAL } });
  assert.equal(scaled.mean, 150);
  assert.equal(scaled.standardDeviation, 150);
  assert.equal(
    scaled.draw(STREAM, 9),
    3 * compile(EXPONENTIAL).draw(STREAM, 9),
  );
  assertIssue({ scale: { by: 0, of: EXPONENTIAL } }, "/by", /greater than 0/);
});

Deno.test("clamp has atoms at its ends", () => {
  const clamped = compile({ clamp: { min: 20, max: 100, of: EXPONENTIAL } });
  const plain = compile(EXPONENTIAL);
  assert.equal(clamped.cdf(19.9), 0);
  assert.equal(clamped.cdf(20), plain.cdf(20));
  assert.equal(clamped.survival(99.9), plain.survival(99.9));
  assert.equal(clamped.survival(100), 0);
  assert.equal(clamped.quantile?.(0.01), 20);
  assert.equal(clamped.quantile?.(0.99), 100);
  const mean = 20 + 50 * (Math.exp(-0.4) - Math.exp(-2));
  assert.ok(Math.abs(clamped.mean / mean - 1) < 1e-7);
});

Deno.test("clamp and truncate accept one end alone", () => {
  for (const family of ["clamp", "truncate"]) {
    const above = compile({ [family]: { min: 20, of: EXPONENTIAL } });
    assert.equal(above.quantile?.(1), Infinity);
    const below = compile({ [family]: { max: 20, of: EXPONENTIAL } });
    assert.equal(below.quantile?.(1), 20);
    assertIssue({ [family]: { of: EXPONENTIAL } }, "", /min or max or both/);
    assertIssue(
      { [family]: { min: 5, max: 5, of: EXPONENTIAL } },
      "/max",
      /greater than min/,
    );
  }
});

Deno.test("truncate of an exponential has no memory, even far in the tail", () => {
  const far = compile({ truncate: { min: 5000, of: EXPONENTIAL } });
  const plain = compile(EXPONENTIAL);
  for (const u of [1e-6, 0.5, 0.999]) {
    const excess = (far.quantile?.(u) ?? NaN) - 5000;
    assert.ok(Math.abs(excess / (plain.quantile?.(u) ?? NaN) - 1) < 1e-6);
    const survived = far.survival(5000 + 50);
    assert.ok(Math.abs(survived / Math.exp(-1) - 1) < 1e-9);
    assert.ok(Math.abs(far.cdf(5050) + survived - 1) < 1e-9);
  }
});

Deno.test("truncate keeps atoms at its ends", () => {
  const mixture = [
    { weight: 1, of: "10ms" },
    { weight: 1, of: "20ms" },
    { weight: 1, of: "30ms" },
    { weight: 1, of: "0ms" },
  ];
  const middle = compile({
    truncate: { min: 10, max: 20, of: { mixture } },
  });
  assert.equal(middle.mean, 15);
  assert.equal(middle.cdf(10), 0.5);
  assert.equal(middle.cdf(9.9), 0);
  assert.equal(middle.survival(9.9), 1);
  assert.equal(middle.survival(20), 0);
  const lower = compile({ truncate: { max: 10, of: { mixture } } });
  assert.equal(lower.mean, 5);
});

Deno.test("Nested combinators take a time in proportion to their depth, or to its square", () => {
  let calls = 0;
  const exponential = compile(EXPONENTIAL);
  const counted = {
    ...exponential,
    quantile: (u: number) => (calls++, exponential.quantile?.(u) ?? NaN),
    cdf: (x: number) => (calls++, exponential.cdf(x)),
    survival: (x: number) => (calls++, exponential.survival(x)),
  };
  for (
    const [family, parameters] of [
      ["truncate", { min: 1, max: 1000 }],
      ["clamp", { min: 1, max: 1000 }],
      ["shift", { by: 0.1 }],
      ["scale", { by: 1.1 }],
    ] as const
  ) {
    let nested: Distribution = counted;
    for (let depth = 0; depth < 31; depth++) {
      nested = make(family, { ...parameters, of: nested });
    }
    calls = 0;
    nested.quantile?.(0.7);
    nested.cdf(30);
    nested.survival(60);
    assert.ok(calls < 100, `${family}: ${calls}`);
  }
});

Deno.test("truncate refuses a range that holds nothing of the distribution", () => {
  assertIssue(
    { truncate: { min: 20, of: "10ms" } },
    "/min",
    /^Truncation below 20 ms leaves nothing/,
  );
  assertIssue(
    { truncate: { max: 5, of: "10ms" } },
    "/max",
    /^Truncation outside 0 ms to 5 ms leaves nothing/,
  );
});

Deno.test("truncate refuses a distribution that can only be sampled", () => {
  assert.throws(
    () => make("truncate", { max: 10, of: sampled }),
    (error: Error) => {
      assert.equal(error.name, "PerfmockError");
      assert.match(error.message, /^Cannot truncate sampled/);
      assert.ok("issues" in error && "code" in error);
      assert.equal(error.code, "CONFIG_INVALID");
      return true;
    },
  );
});

Deno.test("shift, scale and clamp keep the sampling and the warnings of the nested distribution", () => {
  for (
    const [family, parameters, mean] of [
      ["shift", { by: 10 }, 40],
      ["shift", { by: -10 }, 20.83],
      ["scale", { by: 2 }, 60],
      ["clamp", { min: 30 }, 37.5],
    ] as const
  ) {
    const passed = make(family, { ...parameters, of: sampled });
    assert.equal(passed.quantile, undefined);
    assert.equal(passed.estimated, true);
    assert.equal(passed.warnings[0], "sampled only");
    assert.ok(Math.abs(passed.mean / mean - 1) < 0.01, `${passed.mean}`);
  }
});

Deno.test("Combinators draw with the uniform numbers of the nested distribution, so that a nested mixture uses only one", () => {
  const of = { bimodal: { fast: "1ms", slow: EXPONENTIAL, slowShare: 0.5 } };
  const scaled = compile({ scale: { by: 2, of: { shift: { by: 1, of } } } });
  const plain = compile(of);
  for (let i = 0; i < 100; i++) {
    assert.equal(scaled.draw(STREAM, i), 2 * (plain.draw(STREAM, i) + 1));
  }
});

Deno.test("Combinators report an error of the nested distribution with its path", () => {
  const of = { normal: { mean: -1, sd: 1 } };
  for (
    const [family, parameters] of [
      ["shift", { by: 1, of }],
      ["scale", { by: 1, of }],
      ["clamp", { min: 1, of }],
      ["truncate", { min: 1, of }],
    ]
  ) {
    const paths = issuesIn({ [String(family)]: parameters })
      .map(({ path }) => path);
    assert.deepEqual(paths, ["/of/normal/mean"]);
  }
});

Deno.test("fitted draws the same times as the distribution in it", () => {
  const fitted = compile({ fitted: { of: EXPONENTIAL, from: "a.csv" } });
  const plain = compile(EXPONENTIAL);
  for (let i = 0; i < 100; i++) {
    assert.equal(fitted.draw(STREAM, i), plain.draw(STREAM, i));
  }
  assert.equal(fitted.mean, 50);
  assert.equal(fitted.standardDeviation, 50);
  assert.equal(fitted.quantile?.(0.3), plain.quantile?.(0.3));
  assert.equal(fitted.cdf(20), plain.cdf(20));
  assert.equal(fitted.measured, true);
  assert.equal(plain.measured, false);
  assert.equal(
    compile({ fitted: { of: EXPONENTIAL, queueing: false } }).measured,
    false,
  );
});

Deno.test("fitted takes a distribution that can only be sampled", () => {
  const fitted = make("fitted", { of: sampled });
  assert.equal(fitted.quantile, undefined);
  assert.ok(fitted.draw(STREAM, 1) < 60);
  assert.deepEqual(fitted.warnings, ["sampled only"]);
});
