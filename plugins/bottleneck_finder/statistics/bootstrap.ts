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
  /** Stratum of each row: residuals are exchanged within strata only. */
  readonly strata: readonly number[];
  /** Columns whose intervals are wanted. */
  readonly columns: readonly number[];
  /** Share of intervals that contain the truth, such as 0.95. */
  readonly confidence: number;
  /** Number in (0, 1) that determines all draws. */
  readonly seed: number;
  /** Number of resamples; default 999. */
  readonly resamples?: number;
}

/**
 * Computes the half-width of each wanted column's interval in standard errors: a quantile of |coefficient|/(standard error) over
 * resamples. A resample adds drawn pseudo-residuals to the fitted values and takes one step of the estimator.
 *
 * Sources: Efron and Tibshirani, "An introduction to the bootstrap", 1993, chapters 9 and 12 (residuals, bootstrap-t); Hall, "On
 * symmetric bootstrap confidence intervals", Journal of the Royal Statistical Society B 50, 1988; Salibian-Barrera and Zamar,
 * "Bootstrapping robust estimates of regression", Annals of Statistics 30, 2002 (one step).
 *
 * @returns multiples in the order of the columns
 */
export function bootstrapMultiples(
  matrix: SparseMatrix,
  fit: Fit,
  { strata, columns, confidence, seed, resamples = 999 }: Resampling,
): number[] {
  const below = resampler(seed);
  const members = membersOf(strata);
  const pools = strata.map((stratum) => members.get(stratum) as number[]);
  const scales = columns.map((column) =>
    Math.sqrt(fit.factor.variance(column))
  );
  const drawn = new Float64Array(matrix.rows);
  const products = new Float64Array(matrix.columns);
  const sizes = columns.map(() => new Float64Array(resamples));
  for (let b = 0; b < resamples; b++) {
    let squares = 0;
    for (let i = 0; i < drawn.length; i++) {
      const value = fit.pseudo[pools[i][below(pools[i].length)]];
      drawn[i] = value;
      squares += value * value;
    }
    matrix.transposedTimes(drawn, products);
    fit.factor.forward(products);
    for (const value of products) squares -= value * value;
    fit.factor.backward(products);
    const deviation = Math.sqrt(Math.max(0, squares) / fit.freedom);
    for (const [at, column] of columns.entries()) {
      const size = Math.abs(products[column]);
      sizes[at][b] = size === 0 ? 0 : size / (deviation * scales[at]);
    }
  }
  const rank = Math.min(resamples, Math.ceil(confidence * (resamples + 1))) - 1;
  return sizes.map((all) => all.sort()[rank]);
}

function membersOf(strata: readonly number[]): Map<number, number[]> {
  const members = new Map<number, number[]>();
  for (const [row, stratum] of strata.entries()) {
    const known = members.get(stratum);
    if (known === undefined) members.set(stratum, [row]);
    else known.push(row);
  }
  return members;
}
