/**
 * The gamma family, and the Erlang family, which is the gamma family for a whole number of stages.
 *
 * @module
 */
import type { Family, Shape } from "../../core/plugin.ts";
import { report, requireOneForm } from "./_parameters.ts";
import { StandardGamma } from "./_gamma.ts";

/** Parameters of {@linkcode gamma}: shape and scale, or mean and sd. */
export interface GammaParameters {
  /** Shape, 0.01…100 000. */
  readonly shape?: number;
  /** Scale in milliseconds, above 0. */
  readonly scale?: number;
  /** Mean in milliseconds, above 0. */
  readonly mean?: number;
  /** Standard deviation in milliseconds, above 0. The shape is mean²/sd². */
  readonly sd?: number;
}

/** Range of shapes for which quantiles are known to be accurate. */
const SHAPES = { min: 0.01, max: 100_000 };

/** A sum of exponential stages: its shape lies between exponential and normal. */
export const gamma: Family<GammaParameters> = {
  name: "gamma",
  summary: "The sum of stages, between exponential and normal in shape",
  source:
    "DiDonato, Morris, Computation of the incomplete gamma function ratios and their inverse, ACM TOMS 12, 1986",
  parameters: ({ z, duration, number, worded }) =>
    z.strictObject(worded({
      shape: number(SHAPES).optional(),
      scale: duration({ above: 0 }).optional(),
      mean: duration({ above: 0 }).optional(),
      sd: duration({ above: 0 }).optional(),
    }, {
      shape: "Shape; with scale, in place of mean and sd",
      scale: "Scale: the mean is shape times scale",
      mean: "Mean; with sd, in place of shape and scale",
      sd: "Standard deviation",
    })).superRefine((given, context) => {
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

/** Parameters of {@linkcode erlang}. */
export interface ErlangParameters {
  /** Number of stages, 1…100 000. */
  readonly k: number;
  /** Mean of the sum of all stages, in milliseconds, above 0. */
  readonly mean: number;
}

/** The sum of k exponential stages. */
export const erlang: Family<ErlangParameters> = {
  name: "erlang",
  summary: "The sum of k exponential stages",
  source:
    "DiDonato, Morris, Computation of the incomplete gamma function ratios and their inverse, ACM TOMS 12, 1986",
  parameters: ({ z, duration, integer, worded }) =>
    z.strictObject(worded({
      k: integer({ min: 1, max: SHAPES.max }),
      mean: duration({ above: 0 }),
    }, {
      k: "Number of exponential stages",
      mean: "Mean of the whole",
    })),
  create: ({ k, mean }) => scaledGamma(k, mean / k),
};

/** The gamma distribution for a shape and a scale in milliseconds. */
function scaledGamma(shape: number, scale: number): Shape {
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
