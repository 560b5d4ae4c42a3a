/**
 * A measured course: straight lines from point to point.
 *
 * @module
 */
import { checkTimes } from "./_check_times.ts";
import type { FormDefinition } from "./_form.ts";
import { PiecewiseLinear } from "./_piecewise_linear.ts";
import { readTrace } from "./_read_trace.ts";

/** `trace{points:[{at,value}]}`, or `trace{file}` with a line `time,value` for each point. It begins at its first point. */
export const trace: FormDefinition = {
  name: "trace",
  schema: ({ kit, unit }) => {
    const { z } = kit;
    const duration = kit.duration();
    const points = z.array(z.strictObject({ at: duration, value: unit })).min(1)
      .check(checkTimes({ firstAtZero: false }));
    const file = kit.file().transform((path, { issues }) => {
      const { points, faults } = readTrace(path, { duration, unit });
      for (const { message, ...params } of faults) {
        issues.push({ code: "custom", message, input: path, params });
      }
      return faults.length === 0 ? points : z.NEVER;
    });
    return z.strictObject({ points: points.optional(), file: file.optional() })
      .transform(({ points, file }, { issues }) => {
        const course = points ?? file;
        if (
          course === undefined || points !== undefined && file !== undefined
        ) {
          issues.push({
            code: "custom",
            message: "Expected either points or a file",
            input: { points, file },
          });
          return z.NEVER;
        }
        const [{ at: origin }] = course;
        return new PiecewiseLinear(
          course.map(({ at, value }) => ({
            at: at - origin,
            before: value,
            after: value,
          })),
        );
      });
  },
};
