/**
 * Signals made of straight lines: constants, ramps, stages, steps, spikes and traces.
 *
 * @module
 */
import type { Signal } from "../../contract/values.ts";
import { checkTimes, type Form, type FormDefinition } from "./_form.ts";
import { type Knot, PiecewiseLinear } from "./_piecewise_linear.ts";
import { traceFiles, unreadableTrace } from "./_read_trace.ts";
import { tableOf } from "../tables.ts";

/** Creates the signal of a bare value. */
export function constantForm(value: number): Form {
  return new PiecewiseLinear([level(0, value)]);
}

/** Creates a signal that has the same value at all times. */
export function constant(value: number): Signal {
  return constantForm(value);
}

/** `ramp{from,to,over}`: from one value to another in a straight line. */
export const ramp: FormDefinition = {
  name: "ramp",
  schema: ({ kit, unit }) =>
    kit.z.strictObject({
      from: unit,
      to: unit,
      over: kit.duration({ above: 0 }),
    })
      .transform(({ from, to, over }) =>
        new PiecewiseLinear([level(0, from), level(over, to)])
      ),
};

/**
 * `stages[{duration,target}]`: from target to target in straight lines, starting at 0, as in load scripts. A duration of 0 is
 * a jump.
 */
export const stages: FormDefinition = {
  name: "stages",
  schema: ({ kit, unit }) =>
    kit.z.array(
      kit.z.strictObject({ duration: kit.duration(), target: unit }),
    ).min(1).transform((list) => {
      const knots = [level(0, 0)];
      let at = 0;
      for (const { duration, target } of list) {
        at += duration;
        knots.push(level(at, target));
      }
      return new PiecewiseLinear(knots);
    }),
};

/** `steps[{at,value}]`: jumps from value to value. The first entry is at 0. */
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

/** `spike{base,peak,at,rise,hold,fall}`: a peak on a base. Default of rise and fall: 0. */
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
    }).transform(({ base, peak, at, rise, hold, fall }) =>
      new PiecewiseLinear([
        level(0, base),
        level(at, base),
        level(at + rise, peak),
        level(at + rise + hold, peak),
        level(at + rise + hold + fall, base),
      ])
    ),
};

/**
 * `trace{points:[{at,value}]}`, or `trace{file}` with a line `time,value` for each point: straight lines between measured
 * points. The signal starts at the first point.
 */
export const trace: FormDefinition = {
  name: "trace",
  schema: ({ kit, unit }) => {
    const { z } = kit;
    const duration = kit.duration();
    const points = z.array(z.strictObject({ at: duration, value: unit })).min(1)
      .check(checkTimes({ firstAtZero: false }));
    const files = traceFiles({ duration, unit });
    const read = (path: string) => {
      try {
        return tableOf(files, path);
      } catch (error) {
        return { points: [], errors: [unreadableTrace(path, error)] };
      }
    };
    const file = kit.file().transform((path, { issues }) => {
      const { points, errors } = read(path);
      for (const { message, ...params } of errors) {
        issues.push({ code: "custom", message, input: path, params });
      }
      return errors.length === 0 ? points : z.NEVER;
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
          course.map(({ at, value }) => level(at - origin, value)),
        );
      });
  },
};

/** A knot without a jump. */
function level(at: number, value: number): Knot {
  return { at, before: value, after: value };
}
