/**
 * Distributions of a function of a time.
 *
 * @module
 */
import type { Distribution, Shape } from "../../core/plugin.ts";
import { Relay } from "./_relay.ts";

/** A function that never decreases, and back. */
export interface Mapping {
  /** The new time. */
  readonly forward: (x: number) => number;
  /** The greatest old time that becomes x or less; below 0 where there is none. */
  readonly backward: (x: number) => number;
}

/** The distribution of a mapped time, without moments. Draws are the nested distribution's own, mapped. */
export function transform(
  of: Distribution,
  { forward, backward }: Mapping,
): Shape {
  const relay = new Relay();
  const { quantile, survivalQuantile, warnings } = of;
  const sample = (next: () => number) =>
    forward(of.draw(relay.start(next(), next), 0));
  if (quantile === undefined || survivalQuantile === undefined) {
    return { sample, warnings };
  }
  return {
    sample,
    quantile: (u) => forward(quantile(u)),
    survivalQuantile: (v) => forward(survivalQuantile(v)),
    cdf: (x) => of.cdf(backward(x)),
    survival: (x) => of.survival(backward(x)),
    warnings,
  };
}
