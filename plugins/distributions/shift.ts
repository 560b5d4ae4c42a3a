/**
 * The shift combinator.
 *
 * @module
 */
import type { Distribution, Family } from "../../core/plugin.ts";
import { milliseconds } from "./_faults.ts";
import { transform } from "./_transform.ts";

/** The parameters of {@linkcode shift}. */
export interface ShiftParameters {
  /** What is added, in milliseconds; may be negative. */
  readonly by: number;
  /** What it is added to. */
  readonly of: Distribution;
}

/** The smallest uniform there is. */
const FIRST_UNIFORM = 2 ** -53;

/** A constant added; below 0 becomes 0. */
export const shift: Family<ShiftParameters> = {
  name: "shift",
  summary: "A constant added; what falls below 0 becomes 0",
  parameters: ({ z, duration, distribution }) =>
    z.strictObject({
      by: duration({ min: -Infinity }),
      of: distribution(),
    }),
  create: ({ by, of }) => {
    const { quantile } = of;
    const least = quantile === undefined ? 0 : quantile(FIRST_UNIFORM);
    const moved = transform(of, {
      forward: (x) => Math.max(0, x + by),
      backward: (x) => x < 0 ? -1 : x - by,
    });
    if (least + by < 0) {
      const warning = `Times below ${milliseconds(-by)} become 0 ms`;
      return { ...moved, warnings: [...of.warnings, warning] };
    }
    return quantile === undefined ? moved : {
      ...moved,
      mean: of.mean + by,
      standardDeviation: of.standardDeviation,
    };
  },
};
