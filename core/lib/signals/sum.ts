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
  // Straight lines add up to straight lines.
  if (parts.every((part) => part instanceof PiecewiseLinear)) {
    const times = parts.flatMap(({ knots }) => knots.map(({ at }) => at));
    const before = totalOf(parts, (part, time) => part.before(time));
    const after = totalOf(parts, (part, time) => part.at(time));
    return new PiecewiseLinear(
      times.sort((a, b) => a - b).map((at) => ({
        at,
        before: before(at),
        after: after(at),
      })),
    );
  }
  // Where nothing is clamped, the integral of the sum is the sum of the integrals.
  const nonNegative = parts.every((part) => part.nonNegative);
  return new Tabulated({
    at: totalOf(parts, (part, time) => part.at(time)),
    nextBreak: earliestBreak(parts),
    cycle: commonCycle(parts.map(({ cycle }) => cycle)),
    nonNegative,
    exact: nonNegative
      ? totalOf(parts, (part, time) => part.integral(time))
      : undefined,
  });
}

function totalOf<Part>(
  parts: readonly Part[],
  read: (part: Part, time: number) => number,
): (time: number) => number {
  return (time) => {
    let total = 0;
    for (let i = 0; i < parts.length; i++) total += read(parts[i], time);
    return total;
  };
}
