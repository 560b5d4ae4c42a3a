/**
 * Search for columns that a regression lacks, such as products of two factors.
 *
 * @module
 */
import type { Fit } from "./huber.ts";
import type { SparseMatrix } from "./linear.ts";
import { studentTail } from "./student.ts";

/** Share of a column's length below which the columns of the regression explain it. */
const EXPLAINED = 1e-6;

/** Correlation from which on two columns cannot be told apart. */
const SAME = 0.999;

/** Column that a regression could have besides. */
export interface Lacking {
  /** Place among the candidates. */
  readonly candidate: number;
  /** Probability of such a coefficient by chance, if only this candidate were tested. */
  readonly p: number;
  /** Candidates that explain the same. */
  readonly same: readonly number[];
}

/**
 * Tests each candidate as one more column of a regression, by one step of the estimator (score test), and orders those that can be
 * tested by their probability. The caller adds one and tests again: forward selection.
 *
 * @param candidates for each candidate, the rows in which it is 1
 */
export function lacking(
  matrix: SparseMatrix,
  fit: Fit,
  candidates: readonly (readonly number[])[],
): Lacking[] {
  const errors = fit.pseudo.reduce((sum, e) => sum + e * e, 0);
  const freedom = fit.freedom - 1;
  if (freedom < 1 || errors === 0) return [];
  // The covariance's correction for the number of columns.
  const correction = fit.deviation / Math.sqrt(errors / fit.freedom);
  const tested = candidates.flatMap((rows, candidate) => {
    const column = new Float64Array(matrix.rows);
    for (const row of rows) column[row] = 1;
    const explained = new Float64Array(matrix.columns);
    matrix.transposedTimes(column, explained);
    fit.factor.forward(explained);
    const square = rows.length - product(explained, explained);
    if (square <= EXPLAINED * rows.length) return [];
    const length = Math.sqrt(square);
    const size = rows.reduce((sum, row) => sum + fit.pseudo[row], 0) / length;
    const left = Math.max(0, errors - size * size) / freedom;
    const p = studentTail(size / (correction * Math.sqrt(left)), freedom);
    return [{ candidate, p, column, explained, length }];
  });
  tested.sort((a, b) => a.p - b.p);
  return tested.map(({ candidate, p, ...own }) => ({
    candidate,
    p,
    get same() {
      return tested.filter((other) =>
        other.candidate !== candidate &&
        Math.abs(
            product(own.column, other.column) -
              product(own.explained, other.explained),
          ) > SAME * own.length * other.length
      ).map((other) => other.candidate);
    },
  }));
}

function product(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
