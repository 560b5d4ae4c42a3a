/** Blocks of loads of which each second one has an effect of 50 ms. */
import {
  type Fit,
  huber,
} from "../../../../plugins/bottleneck_finder/statistics/huber.ts";
import { SparseMatrix } from "../../../../plugins/bottleneck_finder/statistics/linear.ts";
import { NOISES, uniforms } from "../../../support/synthetic_pages.ts";

/** Number of loads. */
export const ROWS = 48;

/** Block of each load. */
export const strata: readonly number[] = Array.from(
  { length: ROWS },
  (_, at) => Math.floor(at / 8),
);

/** Matrix of the regression: a level for each block, and the effect. */
export const matrix: SparseMatrix = new SparseMatrix(
  strata.map((stratum, at) => ({
    columns: at % 2 === 0 ? [stratum] : [stratum, 6],
  })),
  7,
);

/** Regression of figures with a noise. */
export function fitOf(seed: number, noise = NOISES.gaussian): Fit {
  const next = uniforms(seed);
  const values = strata.map((_, at) => noise(1000 + 50 * (at % 2), at, next));
  return huber(matrix, Float64Array.from(values));
}

/** Order of a bootstrap of the effect. */
export const order = { columns: [6], confidence: 0.95, seed: 0.3 };
