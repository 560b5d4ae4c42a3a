/**
 * A value that never changes.
 *
 * @module
 */
import type { Signal } from "../../plugin.ts";
import type { Form } from "./_form.ts";
import { PiecewiseLinear } from "./_piecewise_linear.ts";

/** The signal that a bare value stands for. */
export function constantForm(value: number): Form {
  return new PiecewiseLinear([{ at: 0, before: value, after: value }]);
}

/** A signal of one value, for ever. */
export function constant(value: number): Signal {
  return constantForm(value);
}
