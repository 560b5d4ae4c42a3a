import { equal, ok } from "node:assert/strict";
import { huber } from "../../../../plugins/bottleneck_finder/statistics/huber.ts";
import { lacking } from "../../../../plugins/bottleneck_finder/statistics/interactions.ts";
import { lackOfFit } from "../../../../plugins/bottleneck_finder/statistics/lack_of_fit.ts";
import { SparseMatrix } from "../../../../plugins/bottleneck_finder/statistics/linear.ts";
import reference from "../../../reference/regression.json" with {
  type: "json",
};
import { uniforms } from "../../../support/synthetic_pages.ts";

const { strata, levels, values, deviation, freedom, p } = reference.lackOfFit;

/** Regression of the reference's values on its blocks and a line. */
function line() {
  const matrix = new SparseMatrix(
    levels.map((level, at) => ({
      columns: [strata[at], 3],
      values: [1, level],
    })),
    4,
  );
  return { matrix, fit: huber(matrix, Float64Array.from(values)) };
}

Deno.test("lackOfFit() agrees with the F test of least squares", () => {
  const { fit } = line();
  const ordinary = {
    ...fit,
    pseudo: Float64Array.from(reference.lackOfFit.residuals),
  };
  const found = lackOfFit(ordinary, levels, strata);
  equal(found.freedom, freedom);
  ok(Math.abs(found.deviation - deviation) < 1e-9);
  ok(Math.abs(found.p - p) < 1e-9);
});

Deno.test("lackOfFit() cannot tell where nothing was repeated", () => {
  const { fit } = line();
  const found = lackOfFit(fit, [...levels.keys()], strata);
  equal(found.freedom, 0);
  equal(found.p, 1);
  ok(Number.isNaN(found.deviation));
});

Deno.test("lackOfFit() cannot tell where the regression has a column for each condition", () => {
  const matrix = new SparseMatrix(
    levels.map((level, at) => ({
      columns: level === 0 ? [strata[at]] : [strata[at], 2 + level],
    })),
    6,
  );
  const fit = huber(matrix, Float64Array.from(values));
  equal(lackOfFit(fit, levels, strata).p, 1);
});

Deno.test("lacking() tests a column as regression with this column does", () => {
  const { matrix, fit } = line();
  const residuals = Float64Array.from(reference.lackOfFit.residuals);
  const squares = residuals.reduce((sum, r) => sum + r * r, 0);
  const ordinary = {
    ...fit,
    pseudo: residuals,
    deviation: Math.sqrt(squares / fit.freedom),
  };
  const rows = [...levels.keys()].filter((at) => levels[at] === 3);
  const [found] = lacking(matrix, ordinary, [rows]);
  ok(Math.abs(found.p - reference.lacking.p) < 1e-9);
});

Deno.test("lacking() orders candidates, and names those that explain the same", () => {
  const next = uniforms(2);
  const count = 32;
  const bit = (row: number, at: number) => (row >> at) & 1;
  const matrix = new SparseMatrix(
    Array.from({ length: count }, (_, row) => ({
      columns: [0, 1, 2],
      values: [1, bit(row, 0), bit(row, 1)],
    })),
    3,
  );
  const both = [...Array(count).keys()]
    .filter((row) => bit(row, 0) * bit(row, 1) === 1);
  const neither = [...Array(count).keys()]
    .filter((row) => bit(row, 0) + bit(row, 1) === 0);
  const other = [...Array(count).keys()].filter((row) => bit(row, 2) === 1);
  const known = [...Array(count).keys()].filter((row) => bit(row, 1) === 1);
  const figures = Float64Array.from(
    { length: count },
    (_, row) => 100 + 50 * bit(row, 0) * bit(row, 1) + 10 * next(),
  );
  const fit = huber(matrix, figures);
  const found = lacking(matrix, fit, [other, both, known, neither]);
  // The known column is no candidate. The product and its mirror image explain the same beside both factors.
  equal(found.length, 3);
  ok(found[0].candidate % 2 === 1 && found[1].candidate % 2 === 1);
  equal(found[0].same.join(), String(found[1].candidate));
  ok(found[0].p < 1e-6);
  equal(found[2].candidate, 0);
  equal(found[2].same.length, 0);
  ok(found[2].p > 0.01);
});

Deno.test("lacking() finds nothing without noise or without degrees of freedom", () => {
  const matrix = new SparseMatrix([{ columns: [0] }, { columns: [0] }], 1);
  const fit = huber(matrix, Float64Array.of(5, 5));
  equal(lacking(matrix, fit, [[0]]).length, 0);
  const exact = new SparseMatrix([0, 1, 2, 3].map(() => ({ columns: [0] })), 1);
  const still = huber(exact, Float64Array.of(5, 5, 5, 5));
  equal(lacking(exact, still, [[0]]).length, 0);
});
