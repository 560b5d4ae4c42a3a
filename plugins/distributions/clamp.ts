/**
 * The clamp combinator.
 *
 * @module
 */
import type { Distribution, Family } from "../../core/plugin.ts";
import { requireRange } from "./_faults.ts";
import { transform } from "./_transform.ts";

/** The parameters of {@linkcode clamp}: at least one of the two ends. */
export interface ClampParameters {
  /** What is shorter becomes this, in milliseconds; 0 where absent. */
  readonly min?: number;
  /** What is longer becomes this, in milliseconds; no limit where absent. */
  readonly max?: number;
  /** What is clamped. */
  readonly of: Distribution;
}

/** What lies outside a range is moved to its ends, where it piles up. */
export const clamp: Family<ClampParameters> = {
  name: "clamp",
  summary: "What lies outside a range is moved to its ends",
  parameters: ({ z, duration, distribution }) =>
    z.strictObject({
      min: duration().optional(),
      max: duration().optional(),
      of: distribution(),
    }).superRefine((given, context) => requireRange(context, given)),
  create: ({ min = 0, max = Infinity, of }) =>
    transform(of, {
      forward: (x) => x < min ? min : x > max ? max : x,
      backward: (x) => x < min ? -1 : x >= max ? Infinity : x,
    }),
};
