/**
 * High, then low, for ever.
 *
 * @module
 */
import type { FormDefinition } from "./_form.ts";
import { Periodic } from "./_periodic.ts";
import { PiecewiseLinear } from "./_piecewise_linear.ts";

/** `square{low,high,period,duty}`; duty is the share of a period, from its beginning, that is high: 0.5 where absent. */
export const square: FormDefinition = {
  name: "square",
  schema: ({ kit, unit }) =>
    kit.z.strictObject({
      low: unit,
      high: unit,
      period: kit.duration({ above: 0 }),
      duty: kit.share().default(0.5),
    }).transform(({ low, high, period, duty }) => {
      const once = new PiecewiseLinear([
        { at: 0, before: high, after: high },
        { at: duty * period, before: high, after: low },
      ]);
      // Where nothing changes, it is no cycle.
      return once.constant || duty === 1
        ? new PiecewiseLinear([once.knots[0]])
        : new Periodic(once, period);
    }),
};
