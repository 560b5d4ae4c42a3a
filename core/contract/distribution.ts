/**
 * The part of the contract that response times are drawn from.
 *
 * @module
 */
import type { Schema } from "./schema.ts";
import type { Stream } from "./exchange.ts";
import type { Kit } from "./settings.ts";

/** A distribution family: parameters in, a {@linkcode Shape} out. */
export interface Family<Parameters = unknown> {
  /** What users write: `{ "<name>": { … } }` or `<name>(…)`. Lower case. */
  readonly name: string;
  /** The schema of its parameters. */
  readonly parameters: (kit: Kit) => Schema<Parameters>;
  /** In one sentence: what it is for. */
  readonly summary?: string;
  /** Where its formulas come from. */
  readonly source?: string;
  /**
   * Makes one distribution. Pure. A PerfmockError's issues are reported at the parameters.
   */
  create(parameters: Parameters): Shape;
}

/**
 * What a family gives of a distribution, in milliseconds: `quantile` or `sample` at least. What it leaves out, perfmock
 * derives numerically (from quantile) or estimates (from sample) and says so.
 */
export interface Shape {
  /** The inverse of the cumulative distribution function, for 0 < u < 1; at 0 and 1 the ends of the support. */
  readonly quantile?: (u: number) => number;
  /**
   * One draw, for what has no quantile function or a slow one: given both, draws come from here. `next` gives independent
   * uniforms, at most 4096.
   */
  readonly sample?: (next: () => number) => number;
  /** P(X ≤ x). */
  readonly cdf?: (x: number) => number;
  /** P(X > x), without the cancellation of 1 − cdf(x). */
  readonly survival?: (x: number) => number;
  /** The quantile at 1 − v, for tails where 1 − v rounds to 1. */
  readonly survivalQuantile?: (v: number) => number;
  /** The mean; may be Infinity. */
  readonly mean?: number;
  /** The standard deviation; may be Infinity. */
  readonly standardDeviation?: number;
  /** What a user should know of these parameters; `check` prints it. */
  readonly warnings?: readonly string[];
}

/** A distribution of times in milliseconds, complete. */
export interface Distribution {
  /** The family's name. */
  readonly family: string;
  /**
   * The inverse of the cumulative distribution function. Undefined for a distribution that can only be sampled.
   */
  readonly quantile: ((u: number) => number) | undefined;
  /** The quantile at 1 − v. */
  readonly survivalQuantile: ((v: number) => number) | undefined;
  /** The draw of one exchange from a stream; never negative, never NaN. */
  draw(stream: Stream, sequence: number): number;
  /** P(X ≤ x). */
  cdf(x: number): number;
  /** P(X > x). */
  survival(x: number): number;
  /** The mean; may be Infinity. */
  readonly mean: number;
  /** The standard deviation; may be Infinity. */
  readonly standardDeviation: number;
  /** True where cdf, mean and the like come from seeded Monte Carlo, not from formulas. */
  readonly estimated: boolean;
  /** What a user should know of these parameters. */
  readonly warnings: readonly string[];
}
