/**
 * The constant family.
 *
 * @module
 */
import type { Family } from "../../core/plugin.ts";

/** Parameters of {@linkcode constant}. */
export interface ConstantParameters {
  /** The time, in milliseconds, at least 0. */
  readonly value: number;
}

/** Always the same time. */
export const constant: Family<ConstantParameters> = {
  name: "constant",
  summary: "Always the same time",
  parameters: ({ z, duration, worded }) =>
    z.strictObject(worded({ value: duration() }, { value: "The time" })),
  create: ({ value }) => ({
    quantile: () => value,
    survivalQuantile: () => value,
    cdf: (x) => x < value ? 0 : 1,
    survival: (x) => x < value ? 1 : 0,
    mean: value,
    standardDeviation: 0,
  }),
};
