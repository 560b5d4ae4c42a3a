import { deepEqual, equal, ok } from "node:assert/strict";
import { SparseMatrix } from "../../../../plugins/bottleneck_finder/statistics/linear.ts";

const ROWS = [
  { columns: [0, 1], values: [1, 2] },
  { columns: [0] },
  { columns: [0, 2], values: [1, -1] },
  { columns: [1, 2], values: [3, 4] },
];

Deno.test("SparseMatrix multiplies vectors from both sides", () => {
  const matrix = new SparseMatrix(ROWS, 3);
  const rows = new Float64Array(4);
  matrix.times(Float64Array.of(1, 10, 100), rows);
  deepEqual([...rows], [21, 1, -99, 430]);
  const columns = new Float64Array(3);
  matrix.transposedTimes(Float64Array.of(1, 10, 100, 1000), columns);
  deepEqual([...columns], [111, 3002, 3900]);
});

Deno.test("Cholesky solves the normal equations, and gives variances of sums of coefficients", () => {
  const matrix = new SparseMatrix(ROWS, 3);
  const factor = matrix.factor();
  equal(factor.rank, 3);
  const wanted = Float64Array.of(2, -3, 5);
  const rows = new Float64Array(4);
  matrix.times(wanted, rows);
  const solution = new Float64Array(3);
  matrix.transposedTimes(rows, solution);
  factor.forward(solution);
  factor.backward(solution);
  for (const [at, value] of wanted.entries()) {
    ok(Math.abs(solution[at] - value) < 1e-12);
  }
  // X'X = [[3, 2, −1], [2, 13, 12], [−1, 12, 17]], whose determinant is 102.
  const inverse = [[77, -46, 37], [-46, 50, -38], [37, -38, 35]]
    .map((row) => row.map((value) => value / 102));
  for (let i = 0; i < 3; i++) {
    ok(Math.abs(factor.variance(i) - inverse[i][i]) < 1e-12);
  }
  const difference = inverse[0][0] + inverse[1][1] - 2 * inverse[0][1];
  ok(Math.abs(factor.varianceOf([[0, 1], [1, -1]]) - difference) < 1e-12);
});

Deno.test("Cholesky leaves out a column that is a combination of those before it", () => {
  const rows = [[1, 0, 1, 0], [1, 1, 2, 1], [1, 0, 1, 2], [0, 1, 1, 3]];
  const factor = new SparseMatrix(
    rows.map((values) => ({ columns: [0, 1, 2, 3], values })),
    4,
  ).factor();
  deepEqual(factor.dependent, [false, false, true, false]);
  equal(factor.rank, 3);
  equal(factor.variance(2), Infinity);
  ok(factor.variance(3) < Infinity);
});
