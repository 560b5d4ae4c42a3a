/**
 * From target to target in straight lines, beginning at 0, as load scripts do.
 *
 * @module
 */
import type { FormDefinition } from "./_form.ts";
import { type Knot, PiecewiseLinear } from "./_piecewise_linear.ts";

/** `stages[{duration,target}]`; a duration of 0 is a jump. */
export const stages: FormDefinition = {
  name: "stages",
  schema: ({ kit, unit }) =>
    kit.z.array(
      kit.z.strictObject({ duration: kit.duration(), target: unit }),
    ).min(1).transform((list) => {
      const knots: Knot[] = [{ at: 0, before: 0, after: 0 }];
      let at = 0;
      for (const { duration, target } of list) {
        at += duration;
        knots.push({ at, before: target, after: target });
      }
      return new PiecewiseLinear(knots);
    }),
};
