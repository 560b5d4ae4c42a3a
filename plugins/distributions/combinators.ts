/**
 * Combinators that change the times of one other distribution: scale, shift, clamp and truncate; and `fitted`, which says where they
 * come from.
 *
 * @module
 */
import type { Distribution, Family, Shape } from "../../core/plugin.ts";
import { emptyTruncation, truncateFunctions } from "./_functions.ts";
import { NestedStream } from "./_nested_draws.ts";
import {
  invalidParameters,
  milliseconds,
  requireRange,
} from "./_parameters.ts";

/** Parameters of {@linkcode scale}. */
export interface ScaleParameters {
  /** Factor, above 0. */
  readonly by: number;
  /** Distribution to multiply. */
  readonly of: Distribution;
}

/** Multiplies times by a constant. */
export const scale: Family<ScaleParameters> = {
  name: "scale",
  summary: "Multiplied by a constant",
  parameters: ({ z, number, distribution, worded }) =>
    z.strictObject(
      worded({ by: number({ above: 0 }), of: distribution() }, {
        by: "Factor",
        of: "Distribution whose times are multiplied",
      }),
    ),
  create: ({ by, of }) => {
    const scaled = transform(of, {
      forward: (x) => x * by,
      backward: (x) =>
        greatest((y) => y * by <= x, { near: x / by, around: x / by }),
    });
    return of.quantile === undefined ? scaled : {
      ...scaled,
      mean: of.mean * by,
      standardDeviation: of.standardDeviation * by,
    };
  },
};

/** Parameters of {@linkcode shift}. */
export interface ShiftParameters {
  /** Time to add, in milliseconds; may be negative. */
  readonly by: number;
  /** Distribution to shift. */
  readonly of: Distribution;
}

/** The smallest uniform number. */
const FIRST_UNIFORM = 2 ** -53;

/** Adds a constant; times below 0 become 0. */
export const shift: Family<ShiftParameters> = {
  name: "shift",
  summary: "A constant added; what falls below 0 becomes 0",
  parameters: ({ z, duration, distribution, worded }) =>
    z.strictObject(worded({
      by: duration({ min: -Infinity }),
      of: distribution(),
    }, {
      by: "Time that is added; may be negative",
      of: "Distribution whose times are moved",
    })),
  create: ({ by, of }) => {
    const { quantile } = of;
    const least = quantile === undefined ? 0 : quantile(FIRST_UNIFORM);
    const moved = transform(of, {
      forward: (x) => Math.max(0, x + by),
      backward: (x) =>
        x < 0 ? -Infinity : greatest((y) => y + by <= x, {
          near: x - by,
          around: Math.max(x, Math.abs(by)),
        }),
    });
    if (least + by < 0) {
      const warning = `Times below ${milliseconds(-by)} become 0 ms`;
      return { ...moved, warnings: [...of.warnings, warning] };
    }
    return quantile === undefined ? moved : {
      ...moved,
      mean: of.mean + by,
      standardDeviation: of.standardDeviation,
    };
  },
};

/** Parameters of {@linkcode clamp}: min, max or both. */
export interface ClampParameters {
  /** Shorter times become this, in milliseconds. Default 0. */
  readonly min?: number;
  /** Longer times become this, in milliseconds. Default: no limit. */
  readonly max?: number;
  /** Distribution to clamp. */
  readonly of: Distribution;
}

/** Moves times outside a range to its nearer end. */
export const clamp: Family<ClampParameters> = {
  name: "clamp",
  summary: "What lies outside a range is moved to its ends",
  parameters: ({ z, duration, distribution, worded }) =>
    z.strictObject(worded({
      min: duration().optional(),
      max: duration().optional(),
      of: distribution(),
    }, {
      min: "Time that shorter ones become. Default 0 ms",
      max: "Time that longer ones become. Default: no limit",
      of: "Distribution that is clamped",
    })).superRefine((given, context) => requireRange(context, given)),
  create: ({ min = 0, max = Infinity, of }) =>
    transform(of, {
      forward: (x) => x < min ? min : x > max ? max : x,
      backward: (x) => x < min ? -Infinity : x >= max ? Infinity : x,
    }),
};

/** Parameters of {@linkcode truncate}: min, max or both. */
export interface TruncateParameters {
  /** Shorter times never occur, in milliseconds. Default 0. */
  readonly min?: number;
  /** Longer times never occur, in milliseconds. Default: no limit. */
  readonly max?: number;
  /** Distribution to truncate, with a quantile function. */
  readonly of: Distribution;
}

/** Removes times outside a range; the probabilities of the others are rescaled to a sum of 1. */
export const truncate: Family<TruncateParameters> = {
  name: "truncate",
  summary: "What lies outside a range never occurs; the rest is renormalised",
  source: "Johnson, Kotz, Balakrishnan, Continuous Univariate Distributions",
  parameters: ({ z, duration, distribution, worded }) =>
    z.strictObject(worded({
      min: duration().optional(),
      max: duration().optional(),
      of: distribution(),
    }, {
      min: "Shortest time that may occur. Default 0 ms",
      max: "Longest time that may occur. Default: no limit",
      of: "Distribution that is truncated",
    })).superRefine((given, context) => requireRange(context, given)),
  create: ({ min = 0, max = Infinity, of }) => {
    const { quantile, survivalQuantile } = of;
    if (quantile === undefined || survivalQuantile === undefined) {
      throw invalidParameters([{
        path: "/of",
        message:
          `Cannot truncate ${of.family}, which can only be sampled: it has no quantile function`,
        allowed: "a distribution with a quantile function; clamp takes any",
      }]);
    }
    const truncated = truncateFunctions(
      {
        quantile,
        survivalQuantile,
        cdf: (x) => of.cdf(x),
        survival: (x) => of.survival(x),
      },
      { min, max },
    );
    if (truncated === undefined) throw emptyTruncation({ min, max });
    return { ...truncated, warnings: of.warnings, measured: of.measured };
  },
};

/** Parameters of {@linkcode fitted}. */
export interface FittedParameters {
  /** Distribution that was fitted. */
  readonly of: Distribution;
  /** Source of the measured times, such as the name of a file. */
  readonly from?: string;
  /** False if the measured times contain no waits in the measured system's own queues. Default true. */
  readonly queueing?: boolean;
}

/** Marks a distribution as fitted to measured times. The times stay the same. */
export const fitted: Family<FittedParameters> = {
  name: "fitted",
  summary:
    "Fitted to measured times, which contain the waits of the measured system",
  parameters: ({ z, distribution, worded }) =>
    z.strictObject(worded({
      of: distribution(),
      from: z.string().optional(),
      queueing: z.boolean().optional(),
    }, {
      of: "Distribution that was fitted",
      from: "Source of the measured times, such as the name of a file",
      queueing:
        "False if the measured times contain no waits in queues of the measured system. Default true",
    })),
  create: ({ of, queueing = true }) => ({
    ...transform(of, { forward: (x) => x, backward: (x) => x }),
    ...of.quantile !== undefined && {
      mean: of.mean,
      standardDeviation: of.standardDeviation,
    },
    measured: queueing,
  }),
};

/** A function that never decreases, and its inverse. */
interface Mapping {
  /** The new time of an old one. */
  readonly forward: (x: number) => number;
  /** The greatest old time whose new time is at most x; infinite if there is none or no greatest one. */
  readonly backward: (x: number) => number;
}

/** Where a number is sought. */
interface Search {
  /** The number but for rounding. */
  readonly near: number;
  /** The greatest of the numbers whose rounding matters. */
  readonly around: number;
}

/**
 * The greatest number for which a condition holds that holds up to some number and not beyond. An atom would lie on the wrong
 * side of its own time if a rounded quotient or difference were taken instead: 132/1.1 is less than 120.
 */
function greatest(
  holds: (y: number) => boolean,
  { near, around }: Search,
): number {
  if (!Number.isFinite(near)) return near;
  let low = near - around * 2 ** -51;
  let high = near + around * 2 ** -51;
  for (let step = 0; step < 64; step++) {
    const middle = low + (high - low) / 2;
    if (middle === low || middle === high) break;
    if (holds(middle)) low = middle;
    else high = middle;
  }
  return holds(high) ? high : low;
}

/** The distribution of a mapped time, without moments. Draws are the nested distribution's own, mapped. */
function transform(
  of: Distribution,
  { forward, backward }: Mapping,
): Shape {
  const nested = new NestedStream();
  const { quantile, survivalQuantile, warnings, measured } = of;
  const sample = (next: () => number) =>
    forward(of.draw(nested.start(next(), next), 0));
  if (quantile === undefined || survivalQuantile === undefined) {
    return { sample, warnings, measured };
  }
  return {
    sample,
    quantile: (u) => forward(quantile(u)),
    survivalQuantile: (v) => forward(survivalQuantile(v)),
    cdf: (x) => {
      const y = backward(x);
      return y < 0 ? 0 : y === Infinity ? 1 : of.cdf(y);
    },
    survival: (x) => {
      const y = backward(x);
      return y < 0 ? 1 : y === Infinity ? 0 : of.survival(y);
    },
    warnings,
    measured,
  };
}
