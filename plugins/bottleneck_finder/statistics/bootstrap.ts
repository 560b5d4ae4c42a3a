/**
 * Intervals by resampling.
 *
 * @module
 */
import type { Fit } from "./huber.ts";
import type { SparseMatrix } from "./linear.ts";
import { resampler } from "./random.ts";

/** Order of a bootstrap. */
export interface Resampling {
  /** Columns whose intervals are wanted. */
  readonly columns: readonly number[];
  /** Share of intervals that contain the truth, such as 0.95. */
  readonly confidence: number;
  /** Number in (0, 1) that determines all draws. */
  readonly seed: number;
  /** Number of resamples; default 999. */
  readonly resamples?: number;
}

/** Share of a residual's variance that its row's own columns must leave, so that it says something of the noise. */
const LEAST_SHARE = 0.05;

/**
 * Computes the half-width of each wanted column's interval in standard errors: a quantile of |coefficient|/(standard error) over
 * resamples. A resample adds drawn residuals to the fitted values, the levels of blocks included, and takes one step of the estimator.
 * Residuals are divided by the root of the share of variance that their row's leverage leaves.
 *
 * Sources: Efron and Tibshirani, "An introduction to the bootstrap", 1993, chapters 9 and 12 (residuals, bootstrap-t); Hall, "On
 * symmetric bootstrap confidence intervals", Journal of the Royal Statistical Society B 50, 1988; Salibian-Barrera and Zamar,
 * "Bootstrapping robust estimates of regression", Annals of Statistics 30, 2002 (one step); Davison and Hinkley, "Bootstrap methods
 * and their application", 1997, section 6.2 (leverage).
 *
 * @param fit regression with at least one degree of freedom
 * @returns multiples in the order of the columns
 */
export function bootstrapMultiples(
  matrix: SparseMatrix,
  fit: Fit,
  { columns, confidence, seed, resamples = 999 }: Resampling,
): number[] {
  const below = resampler(seed);
  const pool = residualsOf(matrix, fit);
  const { factor, freedom } = fit;
  const scales = columns.map((column) => Math.sqrt(factor.variance(column)));
  const drawn = new Float64Array(matrix.rows);
  const products = new Float64Array(matrix.columns);
  const sizes = columns.map(() => new Float64Array(resamples));
  for (let b = 0; b < resamples; b++) {
    let squares = 0;
    for (let i = 0; i < drawn.length; i++) {
      const value = pool[below(pool.length)];
      drawn[i] = value;
      squares += value * value;
    }
    matrix.transposedTimes(drawn, products);
    factor.forward(products);
    for (let j = 0; j < products.length; j++) squares -= products[j] ** 2;
    factor.backward(products);
    const deviation = Math.sqrt(Math.max(0, squares) / freedom);
    for (let at = 0; at < columns.length; at++) {
      const size = Math.abs(products[columns[at]]);
      sizes[at][b] = size === 0 ? 0 : size / (deviation * scales[at]);
    }
  }
  const rank = Math.min(resamples, Math.ceil(confidence * (resamples + 1)));
  return sizes.map((all) => all.sort()[rank - 1]);
}

/** Residuals of equal variance and mean 0, of the rows that have any. */
function residualsOf(matrix: SparseMatrix, fit: Fit): Float64Array {
  const shares = matrix.leverages(fit.factor).map((leverage) => 1 - leverage);
  const pool = fit.pseudo.map((value, row) => value / Math.sqrt(shares[row]))
    .filter((_, row) => shares[row] > LEAST_SHARE);
  const mean = pool.reduce((sum, value) => sum + value, 0) / pool.length;
  return pool.map((value) => value - mean);
}
