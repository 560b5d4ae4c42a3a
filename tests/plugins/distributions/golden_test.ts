import assert from "node:assert/strict";
import { normalCdf, normalQuantile } from "../../../core/lib/special/normal.ts";
import { StandardGamma } from "../../../plugins/distributions/_gamma.ts";
import fuzz from "../../reference/gamma-quantile-fuzz.json" with {
  type: "json",
};
import quantiles from "../../reference/quantiles.json" with { type: "json" };
import truncated from "../../reference/truncated-normal.json" with {
  type: "json",
};
import { shapeOf } from "./_compile.ts";

/** Parameters of the reference, as parameters of the families. */
const PARAMETERS: Readonly<
  Record<string, (given: readonly number[]) => unknown>
> = {
  lognormal: ([mu, sigma]) => ({ mu, sigma }),
  exponential: ([rate]) => ({ mean: 1 / rate }),
  weibull: ([shape, scale]) => ({ shape, scale }),
  pareto: ([alpha, min]) => ({ alpha, min }),
  gamma: ([shape, rate]) => ({ shape, scale: 1 / rate }),
  poisson: ([mean]) => ({ mean }),
};

/** Wrong values of the reference: P(X > 1269) = 1.39e-16 is more than 1 − p = 1.11e-16, so 1270 is right. */
const MISTAKES: Readonly<Record<string, number>> = {
  "poisson 1000 0.9999999999999999": 1270,
};

for (const { name, params, q } of quantiles.cases) {
  Deno.test(`Quantiles of ${name}(${params}) are the golden numbers`, () => {
    const quantile = name === "normal"
      ? (u: number) => params[0] + params[1] * normalQuantile(u)
      : shapeOf(name, PARAMETERS[name](params)).quantile ?? assert.fail();
    quantiles.ps.forEach((p, i) => {
      const expected = MISTAKES[`${name} ${params} ${p}`] ?? q[i];
      assertClose(quantile(p), expected, 1e-11, `at ${p}`);
    });
  });
}

Deno.test("Gamma quantiles equal the golden numbers at random shapes and probabilities", () => {
  fuzz.a.forEach((shape, i) => {
    const x = new StandardGamma(shape).quantile(fuzz.p[i]);
    // Subnormal numbers have fewer digits.
    if (fuzz.x[i] < 1e-300) assert.ok(x < 1e-299);
    else assertClose(x, fuzz.x[i], 1e-11, `shape ${shape} at ${fuzz.p[i]}`);
  });
});

for (const { c: [mean, sd, min, greatest], u, x } of truncated.cases) {
  const max = greatest > 1e300 ? Infinity : greatest;
  Deno.test(`Quantiles of normal(${mean}, ${sd}) in ${min}…${max} are the golden numbers`, () => {
    const { quantile = () => NaN } = shapeOf("normal", { mean, sd, min, max });
    u.forEach((p, i) => assertClose(quantile(p), x[i], 1e-11, `at ${p}`));
  });
}

// mpmath, 40 digits.
Deno.test("normalCdf() is accurate in the middle and in both tails", () => {
  for (
    const [z, expected] of [
      [0, 0.5],
      [0.5, 0.6914624612740131],
      [-0.6, 0.2742531177500736],
      [2, 0.9772498680518208],
      [-5, 2.866515718791939e-7],
      [-10, 7.619853024160526e-24],
      [-37, 5.725571222524577e-300],
      [-Infinity, 0],
      [Infinity, 1],
      [-40, 0],
    ]
  ) assertClose(normalCdf(z), expected, 4e-15, `at ${z}`);
});

Deno.test("normalQuantile() is infinite at 0 and 1 and precise at 1e-300", () => {
  assert.equal(normalQuantile(0), -Infinity);
  assert.equal(normalQuantile(1), Infinity);
  assertClose(normalQuantile(1e-300), -37.0470962993612, 4e-15, "at 1e-300");
});

Deno.test("Gamma probabilities and quantiles agree in tails of 1e-300", () => {
  for (const shape of [0.3, 1, 3, 100]) {
    const gamma = new StandardGamma(shape);
    for (const tail of [1e-300, 1e-100, 1e-20, 1e-5]) {
      const low = gamma.quantile(tail);
      if (low > 1e-300) assertClose(gamma.cdf(low), tail, 1e-10, `${shape}`);
      const high = gamma.survivalQuantile(tail);
      assertClose(gamma.survival(high), tail, 1e-10, `${shape}`);
    }
  }
});

Deno.test("Gamma quantiles end at the ends of the support", () => {
  const gamma = new StandardGamma(2);
  assert.equal(gamma.quantile(0), 0);
  assert.equal(gamma.quantile(1), Infinity);
  assert.equal(gamma.survivalQuantile(0), Infinity);
  assert.equal(gamma.survivalQuantile(1), 0);
  assert.deepEqual([gamma.cdf(-1), gamma.cdf(0), gamma.cdf(Infinity)], [
    0,
    0,
    1,
  ]);
  assert.deepEqual([gamma.survival(0), gamma.survival(Infinity)], [1, 0]);
  assert.equal(new StandardGamma(0.01).quantile(1e-10), 0, "underflow");
});

function assertClose(
  actual: number,
  expected: number,
  tolerance: number,
  place: string,
): void {
  const error = actual === expected ? 0 : Math.abs(actual / expected - 1);
  assert.ok(error <= tolerance, `${actual} is not ${expected} ${place}`);
}
