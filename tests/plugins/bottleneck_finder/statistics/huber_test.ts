import { equal, ok } from "node:assert/strict";
import {
  huber,
  probability,
} from "../../../../plugins/bottleneck_finder/statistics/huber.ts";
import { SparseMatrix } from "../../../../plugins/bottleneck_finder/statistics/linear.ts";
import reference from "../../../reference/regression.json" with {
  type: "json",
};
import { uniforms } from "../../../support/synthetic_pages.ts";

function near(
  actual: Float64Array | readonly number[],
  expected: readonly number[],
  tolerance: number,
) {
  equal(actual.length, expected.length);
  for (const [at, value] of expected.entries()) {
    ok(
      Math.abs(actual[at] - value) <= tolerance * (1 + Math.abs(value)),
      `${actual[at]} is not ${value}`,
    );
  }
}

function dense(rows: readonly (readonly number[])[]): SparseMatrix {
  return new SparseMatrix(
    rows.map((values) => ({ columns: [...values.keys()], values })),
    rows[0].length,
  );
}

Deno.test("huber() agrees with statsmodels in coefficients, scale and standard errors", () => {
  for (const { rows, values, coefficients, errors, scale } of reference.huber) {
    const fit = huber(dense(rows), Float64Array.from(values), {
      enlarge: false,
      tail: false,
    });
    near(fit.coefficients, coefficients, 1e-6);
    near([fit.scale], [scale], 1e-6);
    near(fit.errors, errors, 1e-6);
    equal(fit.freedom, rows.length - rows[0].length);
  }
});

Deno.test("huber(): ordinary regression on fitted values plus pseudo-residuals gives the same coefficients", () => {
  for (const { rows, values } of reference.huber) {
    const matrix = dense(rows);
    const fit = huber(matrix, Float64Array.from(values));
    const gradient = new Float64Array(matrix.columns);
    matrix.transposedTimes(fit.pseudo, gradient);
    near(gradient, [...gradient].map(() => 0), 1e-5);
  }
});

Deno.test("huber() is hardly moved by outliers", () => {
  const next = uniforms(3);
  const rows = Array.from({ length: 40 }, (_, at) => [1, at % 2]);
  const values = rows.map(([, x]) => 100 + 50 * x + 10 * (next() - 0.5));
  const spoilt = values.map((value, at) => at % 20 === 0 ? value + 500 : value);
  const clean = huber(dense(rows), Float64Array.from(values));
  const robust = huber(dense(rows), Float64Array.from(spoilt));
  ok(Math.abs(clean.coefficients[0] - robust.coefficients[0]) < 1.5);
  ok(Math.abs(clean.coefficients[1] - robust.coefficients[1]) < 2);
});

Deno.test("huber(): without noise nothing is significant that is only a rounding error", () => {
  const rows = Array.from({ length: 12 }, (_, at) => [1, at % 2, at % 3]);
  const fit = huber(
    dense(rows),
    Float64Array.from(rows, ([, x]) => 1e3 / 3 + x / 7),
  );
  ok(probability(fit, 1) < 1e-9);
  ok(probability(fit, 2) > 0.05);
  const constant = huber(dense(rows), new Float64Array(12));
  equal(probability(constant, 1), 1);
  equal(probability(constant, undefined), 1);
});

Deno.test("huber(): values of two frames have noise, even if most are equal", () => {
  const next = uniforms(9);
  const rows = Array.from({ length: 60 }, (_, at) => [1, at % 2]);
  const values = rows.map(() => next() < 0.3 ? 16.7 : 0);
  const fit = huber(dense(rows), Float64Array.from(values));
  const deviation = 16.7 * Math.sqrt(0.3 * 0.7);
  ok(fit.deviation > 0.7 * deviation, `${fit.deviation}`);
});

Deno.test("huber(): a column that repeats another one is left out, and nothing is known with as many columns as rows", () => {
  const rows = Array.from({ length: 8 }, (_, at) => [1, at % 2, at % 2]);
  const fit = huber(
    dense(rows),
    Float64Array.from(rows, ([, x], at) => x + at),
  );
  equal(fit.coefficients[2], 0);
  equal(fit.errors[2], Infinity);
  equal(probability(fit, 2), 1);
  equal(fit.freedom, 6);
  const full = huber(dense([[1, 0], [1, 1]]), Float64Array.from([3, 5]));
  near(full.coefficients, [3, 2], 1e-12);
  equal(full.errors[1], Infinity);
});
