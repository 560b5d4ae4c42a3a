/**
 * From one value to another in a straight line.
 *
 * @module
 */
import type { FormDefinition } from "./_form.ts";
import { PiecewiseLinear } from "./_piecewise_linear.ts";

/** `ramp{from,to,over}`. */
export const ramp: FormDefinition = {
  name: "ramp",
  schema: ({ kit, unit }) =>
    kit.z.strictObject({
      from: unit,
      to: unit,
      over: kit.duration({ above: 0 }),
    })
      .transform(({ from, to, over }) =>
        new PiecewiseLinear([
          { at: 0, before: from, after: from },
          { at: over, before: to, after: to },
        ])
      ),
};
