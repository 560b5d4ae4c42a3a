/**
 * Linear regression that outliers cannot bend.
 *
 * @module
 */
import type { Cholesky, SparseMatrix } from "./linear.ts";
import { studentTail } from "./student.ts";

/** Number of standard deviations from which on a residual counts less: 95 % efficiency for normal errors. */
const BEND = 1.345;

/** Median of |Z| for Z standard normal. */
const MEDIAN = 0.6744897501960817;

/** Point below which |Z| is in nine of ten cases. */
const NINE_TENTHS = 1.6448536269514722;

/** Scale below which differences are rounding errors, as a share of the largest value. */
const ROUNDING = 1e-9;

const ITERATIONS = 200;

/** Regression of values on the columns of a matrix. */
export interface Fit {
  /** Coefficients; 0 for a column that is a combination of those before it. */
  readonly coefficients: Float64Array;
  /** Standard errors; Infinity for such a column, and where there are no more rows than columns. */
  readonly errors: Float64Array;
  /** Standard deviation of the values, from the median of the residuals' sizes. */
  readonly scale: number;
  /** Standard deviation of the pseudo-values: times the root of an element of (X'X)⁻¹ it gives the standard error. */
  readonly deviation: number;
  /** Rows minus independent columns. */
  readonly freedom: number;
  /** Residuals, bounded and divided by the share of rows that are not: ordinary regression on fitted values plus these is the same. */
  readonly pseudo: Float64Array;
  /** Factor of X'X. */
  readonly factor: Cholesky;
}

/** Options of a regression. */
export interface HuberOptions {
  /** True to enlarge the scale by √(rows/(rows − columns)), since residuals are smaller than errors; default true. */
  readonly enlarge?: boolean;
  /**
   * True to take the scale from the 0.9 quantile of the residuals' sizes where that is larger than from their median; default true.
   * Figures that are counted in frames have few values: where more than half of them are equal, the median says that there is no noise.
   */
  readonly tail?: boolean;
}

/**
 * Fits Huber's M-estimator, with a quantile of the residuals' sizes as scale, and its covariance.
 *
 * Sources: Huber, "Robust regression: asymptotics, conjectures and Monte Carlo", Annals of Statistics 1, 1973 (estimator, covariance);
 * Huber, "Robust Statistics", 1981, section 7.8 (modified residuals).
 */
export function huber(
  matrix: SparseMatrix,
  values: Float64Array,
  { enlarge = true, tail = true }: HuberOptions = {},
): Fit {
  const factor = matrix.factor();
  const n = matrix.rows;
  const freedom = n - factor.rank;
  const p = matrix.columns;
  const coefficients = new Float64Array(p);
  const step = new Float64Array(p);
  const residuals = new Float64Array(n);
  const bounded = Float64Array.from(values);
  const floor = ROUNDING * values.reduce((m, v) => Math.max(m, Math.abs(v)), 1);
  const growth = enlarge && freedom > 0 ? Math.sqrt(n / freedom) : 1;
  let scale = floor;
  // The first step is least squares.
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    matrix.transposedTimes(bounded, step);
    factor.forward(step);
    factor.backward(step);
    let change = 0;
    for (let j = 0; j < p; j++) {
      coefficients[j] += step[j];
      change = Math.max(change, Math.abs(step[j]));
    }
    matrix.times(coefficients, residuals);
    for (let i = 0; i < n; i++) residuals[i] = values[i] - residuals[i];
    scale = Math.max(floor, growth * spread(residuals, tail));
    const bound = BEND * scale;
    for (let i = 0; i < n; i++) {
      bounded[i] = Math.max(-bound, Math.min(bound, residuals[i]));
    }
    if (iteration > 0 && change < 1e-8 * scale) break;
  }
  return {
    coefficients,
    scale,
    freedom,
    factor,
    ...covariance(
      { factor, residuals, bounded, freedom, bound: BEND * scale },
      floor,
    ),
  };
}

/** State at the end of the iterations. */
interface End {
  readonly factor: Cholesky;
  readonly residuals: Float64Array;
  readonly bounded: Float64Array;
  readonly freedom: number;
  readonly bound: number;
}

/** Huber's estimate of the covariance, with his correction for the number of columns. */
function covariance(
  { factor, residuals, bounded, freedom, bound }: End,
  floor: number,
): Pick<Fit, "deviation" | "errors" | "pseudo"> {
  const n = residuals.length;
  const inside = residuals.filter((r) => Math.abs(r) <= bound).length / n;
  const squares = bounded.reduce((sum, value) => sum + value * value, 0);
  const correction = 1 + factor.rank / n * (1 - inside) / inside;
  const deviation = freedom > 0
    ? Math.max(floor, correction / inside * Math.sqrt(squares / freedom))
    : Infinity;
  return {
    deviation,
    pseudo: bounded.map((value) => value / inside),
    errors: Float64Array.from(
      factor.dependent,
      (_, column) => deviation * Math.sqrt(factor.variance(column)),
    ),
  };
}

/**
 * Standard deviation of normal values with the same quantiles of sizes.
 *
 * @param tail false to look at the median only; default true
 */
export function spread(values: Float64Array, tail = true): number {
  const sizes = values.map(Math.abs).sort();
  const n = sizes.length;
  const median = (sizes[(n - 1) >> 1] + sizes[n >> 1]) / 2 / MEDIAN;
  if (!tail) return median;
  return Math.max(median, sizes[Math.ceil(0.9 * n) - 1] / NINE_TENTHS);
}

/** Probability of a coefficient as large by chance (Student's t); 1 if there is no such column. */
export function probability(fit: Fit, column: number | undefined): number {
  const error = column === undefined ? Infinity : fit.errors[column];
  if (column === undefined || error === Infinity) return 1;
  return studentTail(fit.coefficients[column] / error, fit.freedom);
}
