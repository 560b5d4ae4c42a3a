/**
 * A value that never changes.
 *
 * @module
 */
import type { Signal } from "../plugin.ts";

/** A signal of one value: what a bare value stands for. */
export function constant(value: number): Signal {
  const rate = Math.max(0, value);
  return {
    at: () => value,
    integral: (time) => time > 0 ? rate * time : 0,
    inverse: (area) => area > 0 ? area / rate : 0,
    end: 0,
    constant: true,
  };
}
