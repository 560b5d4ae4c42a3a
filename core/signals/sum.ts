/**
 * Signals added up.
 *
 * @module
 */
import { commonCycle } from "./_cycle.ts";
import type { Form, FormDefinition } from "./_form.ts";
import { earliestBreak } from "./_earliest_break.ts";
import { PiecewiseLinear } from "./_piecewise_linear.ts";
import { Tabulated } from "./_tabulated.ts";

/** `sum[…]`. */
export const sum: FormDefinition = {
  name: "sum",
  schema: ({ kit, signal }) => kit.z.array(signal).min(1).transform(added),
};

function added(parts: readonly Form[]): Form {
  if (parts.length === 1) return parts[0];
  const at = totalOf(parts, (part, time) => part.at(time));
  const before = totalOf(parts, (part, time) => part.before(time));
  // Straight lines add up to straight lines.
  if (parts.every((part) => part instanceof PiecewiseLinear)) {
    const times = parts.flatMap(({ knots }) => knots.map((knot) => knot.at));
    return new PiecewiseLinear(
      times.sort((a, b) => a - b).map((time) => ({
        at: time,
        before: before(time),
        after: at(time),
      })),
    );
  }
  // Where nothing is clamped, the integral of the sum is the sum of the integrals.
  const nonNegative = parts.every((part) => part.nonNegative);
  return new Tabulated({
    at,
    before,
    nextBreak: earliestBreak(parts),
    cycle: commonCycle(parts.map(({ cycle }) => cycle)),
    nonNegative,
    exact: nonNegative
      ? totalOf(parts, (part, time) => part.integral(time))
      : undefined,
  });
}

function totalOf(
  parts: readonly Form[],
  read: (part: Form, time: number) => number,
): (time: number) => number {
  return (time) => {
    let total = 0;
    for (let i = 0; i < parts.length; i++) total += read(parts[i], time);
    return total;
  };
}
