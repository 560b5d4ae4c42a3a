/**
 * The triangular family.
 *
 * @module
 */
import type { Family } from "../../core/plugin.ts";
import { milliseconds, report } from "./_parameters.ts";

/** Parameters of {@linkcode triangular}, in milliseconds. */
export interface TriangularParameters {
  /** Shortest time, at least 0. */
  readonly min: number;
  /** Most frequent time, from min to max. */
  readonly mode: number;
  /** Longest time, above min. */
  readonly max: number;
}

/** The density rises in a straight line from min to mode, and falls in a straight line to max. */
export const triangular: Family<TriangularParameters> = {
  name: "triangular",
  summary: "Straight lines from min up to mode and down to max",
  source: "Kotz, van Dorp, Beyond Beta, chapter 1",
  parameters: ({ z, duration, worded }) =>
    z.strictObject(
      worded({ min: duration(), mode: duration(), max: duration() }, {
        min: "Shortest time",
        mode: "Most frequent time",
        max: "Longest time",
      }),
    )
      .superRefine(({ min, mode, max }, context) => {
        if (!(max > min)) {
          report(context, {
            path: ["max"],
            message: `Must be greater than min, ${
              milliseconds(min)
            }, received ${milliseconds(max)}`,
            allowed: "a duration greater than min",
          });
        } else if (mode < min || mode > max) {
          report(context, {
            path: ["mode"],
            message: `Must be ${milliseconds(min)} to ${
              milliseconds(max)
            }, received ${milliseconds(mode)}`,
            allowed: "a duration from min to max",
          });
        }
      }),
  create: ({ min, mode, max }) => {
    const width = max - min;
    const rise = mode - min;
    const fall = max - mode;
    const fromBelow = (u: number) => min + Math.sqrt(u * width * rise);
    const fromAbove = (v: number) => max - Math.sqrt(v * width * fall);
    const below = (x: number) => (x - min) ** 2 / (width * rise);
    const above = (x: number) => (max - x) ** 2 / (width * fall);
    return {
      quantile: (u) => u * width < rise ? fromBelow(u) : fromAbove(1 - u),
      survivalQuantile: (v) =>
        v * width <= fall ? fromAbove(v) : fromBelow(1 - v),
      cdf: (x) => {
        if (x <= min) return 0;
        if (x >= max) return 1;
        return x < mode ? below(x) : 1 - above(x);
      },
      survival: (x) => {
        if (x <= min) return 1;
        if (x >= max) return 0;
        return x < mode ? 1 - below(x) : above(x);
      },
      mean: min + (width + rise) / 3,
      standardDeviation: Math.sqrt(
        (width * width - width * rise + rise * rise) / 18,
      ),
    };
  },
};
