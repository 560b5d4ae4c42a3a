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
  summary: "Straight line from one value to another",
  schema: ({ kit, unit }) =>
    kit.z.strictObject(kit.worded({
      from: unit,
      to: unit,
      over: kit.duration({ above: 0 }),
    }, {
      from: "First value",
      to: "Last value, which is held",
      over: "Time from the first value to the last",
    }))
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
  summary:
    "Straight lines from target to target, starting at 0, as in other load tools",
  schema: ({ kit, unit }) =>
    kit.z.array(
      kit.z.strictObject(
        kit.worded({ duration: kit.duration(), target: unit }, {
          duration: "Time to the target, in a straight line; 0 is a jump",
          target: "Value at the end of the stage; the first stage begins at 0",
        }),
      ),
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
  summary: "Jumps from value to value",
  schema: ({ kit, unit }) =>
    kit.z.array(kit.z.strictObject(
      kit.worded({ at: kit.duration(), value: unit }, {
        at: "Time of the jump; the first is 0",
        value: "Value from then on",
      }),
    )).min(1)
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
  summary: "Peak on a base",
  schema: ({ kit, unit }) =>
    kit.z.strictObject(kit.worded({
      base: unit,
      peak: unit,
      at: kit.duration(),
      rise: kit.duration().default(0),
      hold: kit.duration(),
      fall: kit.duration().default(0),
    }, {
      base: "Value before and after",
      peak: "Value at the top",
      at: "Time at which the rise begins",
      rise: "Time from base to peak",
      hold: "Time at the peak",
      fall: "Time from peak to base",
    })).transform(({ base, peak, at, rise, hold, fall }) =>
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
  summary: "Straight lines through points, listed or from a file",
  schema: ({ kit, unit }) => {
    const { z } = kit;
    const duration = kit.duration();
    const points = z.array(z.strictObject(
      kit.worded({ at: duration, value: unit }, {
        at: "Time of the point",
        value:
          "Value at that time; between points it changes in straight lines",
      }),
    )).min(1)
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
    return z.strictObject(kit.worded({
      points: points.optional(),
      file: file.optional(),
    }, {
      points: "Points in order of time",
      file: "File with one point a line, in place of points",
    }))
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
