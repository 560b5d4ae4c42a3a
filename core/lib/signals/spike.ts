/**
 * A peak on a base.
 *
 * @module
 */
import type { FormDefinition } from "./_form.ts";
import { PiecewiseLinear } from "./_piecewise_linear.ts";

/** `spike{base,peak,at,rise,hold,fall}`; rise and fall are 0 where absent. */
export const spike: FormDefinition = {
  name: "spike",
  schema: ({ kit, unit }) =>
    kit.z.strictObject({
      base: unit,
      peak: unit,
      at: kit.duration(),
      rise: kit.duration().default(0),
      hold: kit.duration(),
      fall: kit.duration().default(0),
    }).transform(({ base, peak, at, rise, hold, fall }) => {
      const level = (at: number, value: number) => ({
        at,
        before: value,
        after: value,
      });
      return new PiecewiseLinear([
        level(0, base),
        level(at, base),
        level(at + rise, peak),
        level(at + rise + hold, peak),
        level(at + rise + hold + fall, base),
      ]);
    }),
};
