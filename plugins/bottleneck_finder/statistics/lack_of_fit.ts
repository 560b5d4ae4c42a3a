/**
 * Test of a regression against the variation of repeated measurements.
 *
 * @module
 */
import type { Fit } from "./huber.ts";
import { SparseMatrix } from "./linear.ts";
import { fisherTail } from "./student.ts";

/** Variation of repeated measurements, and of the regression beside it. */
export interface PureError {
  /** Standard deviation of measurements under the same conditions; NaN where none was repeated. */
  readonly deviation: number;
  /** Degrees of freedom of this standard deviation. */
  readonly freedom: number;
  /** Probability of such a misfit of the regression by chance (F test); 1 where it cannot be tested. */
  readonly p: number;
}

/**
 * Compares the residuals of a regression with those of rows under the same conditions.
 *
 * Source: Box and Draper, "Empirical model-building and response surfaces", 1987, section 3.6.
 *
 * @param conditions the same number for rows under the same conditions
 * @param strata the same number for rows of the same block, whose level is its own
 * @param weights weight of each row in the regression; default 1
 */
export function lackOfFit(
  fit: Fit,
  conditions: readonly number[],
  strata: readonly number[],
  weights?: Float64Array,
): PureError {
  const counts = new Map<number, number>();
  for (const condition of conditions) {
    counts.set(condition, (counts.get(condition) ?? 0) + 1);
  }
  const repeated = [...conditions.keys()].filter((row) =>
    (counts.get(conditions[row]) as number) > 1
  );
  const columns = new Map<string, number>();
  const columnOf = (name: string): number => {
    const column = columns.get(name) ?? columns.size;
    columns.set(name, column);
    return column;
  };
  const rows = repeated.map((row) => ({
    columns: [
      columnOf(`stratum ${strata[row]}`),
      columnOf(`condition ${conditions[row]}`),
    ],
    ...weights !== undefined && { values: [weights[row], weights[row]] },
  }));
  const matrix = new SparseMatrix(rows, columns.size);
  const factor = matrix.factor();
  const freedom = repeated.length - factor.rank;
  if (freedom < 1) return { deviation: NaN, freedom: 0, p: 1 };
  const values = Float64Array.from(repeated, (row) => fit.pseudo[row]);
  const explained = new Float64Array(columns.size);
  matrix.transposedTimes(values, explained);
  factor.forward(explained);
  const pure = Math.max(0, squares(values) - squares(explained));
  const misfit = Math.max(0, squares(fit.pseudo) - pure);
  const more = fit.freedom - freedom;
  return {
    deviation: Math.sqrt(pure / freedom),
    freedom,
    p: more < 1 || misfit === 0
      ? 1
      : fisherTail(misfit / more / (pure / freedom), more, freedom),
  };
}

function squares(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value * value, 0);
}
