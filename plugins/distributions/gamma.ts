/**
 * The gamma family.
 *
 * @module
 */
import type { Family, Shape } from "../../core/plugin.ts";
import { report, requireOneForm } from "./_faults.ts";
import { StandardGamma } from "./_gamma.ts";

/** The parameters of {@linkcode gamma}: exactly one of the two pairs. */
export interface GammaParameters {
  /** 0.01…100 000. */
  readonly shape?: number;
  /** In milliseconds, above 0. */
  readonly scale?: number;
  /** In milliseconds, above 0. */
  readonly mean?: number;
  /** The standard deviation in milliseconds, above 0; mean²/sd² is the shape. */
  readonly sd?: number;
}

/** The shapes for which quantiles are known to be accurate. */
export const SHAPES = { min: 0.01, max: 100_000 };

/** The sum of stages: between exponential and normal. */
export const gamma: Family<GammaParameters> = {
  name: "gamma",
  summary: "The sum of stages, between exponential and normal in shape",
  source:
    "DiDonato, Morris, Computation of the incomplete gamma function ratios and their inverse, ACM TOMS 12, 1986",
  parameters: ({ z, duration, number }) =>
    z.strictObject({
      shape: number(SHAPES).optional(),
      scale: duration({ above: 0 }).optional(),
      mean: duration({ above: 0 }).optional(),
      sd: duration({ above: 0 }).optional(),
    }).superRefine((given, context) => {
      requireOneForm(context, given, [["shape", "scale"], ["mean", "sd"]]);
      const { mean = NaN, sd = NaN } = given;
      const shape = (mean / sd) ** 2;
      if (!(shape < SHAPES.min || shape > SHAPES.max)) return;
      report(context, {
        path: ["sd"],
        message:
          `Must give a shape, mean²/sd², of ${SHAPES.min} to ${SHAPES.max}, received ${
            Number(shape.toPrecision(5))
          }`,
        allowed: "a standard deviation of 0.32 % to 1000 % of the mean",
      });
    }),
  create: (
    { mean = NaN, sd = NaN, shape = (mean / sd) ** 2, scale = sd * sd / mean },
  ) => scaledGamma(shape, scale),
};

/** The gamma distribution of a shape and a scale in milliseconds. */
export function scaledGamma(shape: number, scale: number): Shape {
  const standard = new StandardGamma(shape);
  return {
    quantile: (u) => scale * standard.quantile(u),
    survivalQuantile: (v) => scale * standard.survivalQuantile(v),
    cdf: (x) => standard.cdf(x / scale),
    survival: (x) => standard.survival(x / scale),
    mean: shape * scale,
    standardDeviation: Math.sqrt(shape) * scale,
  };
}
