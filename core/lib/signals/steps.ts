/**
 * From value to value in jumps.
 *
 * @module
 */
import { checkTimes } from "./_check_times.ts";
import type { FormDefinition } from "./_form.ts";
import { PiecewiseLinear } from "./_piecewise_linear.ts";

/** `steps[{at,value}]`, the first at 0. */
export const steps: FormDefinition = {
  name: "steps",
  schema: ({ kit, unit }) =>
    kit.z.array(kit.z.strictObject({ at: kit.duration(), value: unit })).min(1)
      .check(checkTimes({ firstAtZero: true }))
      .transform((list) =>
        new PiecewiseLinear(
          list.map(({ at, value }, i) => ({
            at,
            before: list[Math.max(0, i - 1)].value,
            after: value,
          })),
        )
      ),
};
