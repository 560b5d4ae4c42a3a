/**
 * The scale combinator.
 *
 * @module
 */
import type { Distribution, Family } from "../../core/plugin.ts";
import { transform } from "./_transform.ts";

/** The parameters of {@linkcode scale}. */
export interface ScaleParameters {
  /** The factor, above 0. */
  readonly by: number;
  /** What is multiplied. */
  readonly of: Distribution;
}

/** Multiplied by a constant. */
export const scale: Family<ScaleParameters> = {
  name: "scale",
  summary: "Multiplied by a constant",
  parameters: ({ z, number, distribution }) =>
    z.strictObject({ by: number({ above: 0 }), of: distribution() }),
  create: ({ by, of }) => {
    const scaled = transform(of, {
      forward: (x) => x * by,
      backward: (x) => x / by,
    });
    return of.quantile === undefined ? scaled : {
      ...scaled,
      mean: of.mean * by,
      standardDeviation: of.standardDeviation * by,
    };
  },
};
