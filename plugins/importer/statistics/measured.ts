/**
 * Measured durations as the fit sees them, whatever their form: estimates of a family's parameters, distances from a distribution,
 * and quantiles with the range in which they are known.
 *
 * @module
 */
import type { ByChance, Distribution, Host } from "../../../core/import.ts";
import type { ParametricFamily, Vector } from "./families.ts";
import type { Estimated, Probabilities } from "./goodness.ts";

/** Parts of the contract that a fit needs: the families, and the compiler of distributions as users write them. */
export type FitTools = Pick<Host, "families" | "distribution">;

/** Method of an estimate. */
export type Method = "maximum likelihood" | "quantile matching";

/** Estimated parameters. */
export interface Estimate {
  /** Parameters. */
  readonly vector: Vector;
  /** Logarithm of the likelihood; NaN where the method has none. */
  readonly logLikelihood: number;
}

/** Measured quantile. */
export interface MeasuredQuantile {
  /** Value. */
  readonly value: number;
  /** Lower end of the range in which it lies: its 95 % interval, widened to the boundaries of its bucket. */
  readonly low: number;
  /** Upper end of that range. */
  readonly high: number;
}

/** Measured durations. */
export interface Measured {
  /** Number of durations; undefined if it is not known. */
  readonly count: number | undefined;
  /** Method by which parameters are estimated. */
  readonly method: Method;
  /** The one duration, if all are equal; undefined otherwise. */
  readonly constant: number | undefined;
  /** Sentences about what the durations do not tell, whatever is fitted to them. */
  readonly unknown: readonly string[];
  /** Settings of the non-parametric distribution. */
  nonParametric(): NonParametric;
  /** Estimates the parameters of a family; undefined if there are no such parameters. */
  estimate(family: ParametricFamily, tools: FitTools): Estimate | undefined;
  /**
   * Returns the figure by which families are ordered: Akaike's information criterion, or the root mean square of the relative errors
   * of the percentiles.
   */
  score(estimate: Estimate, size: number, distribution: Distribution): number;
  /** Returns the largest difference of the distribution functions. */
  distance(distribution: Distribution): number;
  /** Returns A²; undefined where it is not defined. */
  anderson(distribution: Distribution): number | undefined;
  /** Returns bounds of the probability that a true family lies so far away; undefined if it is not known. */
  chance(
    estimated: Estimated & { readonly size: number },
    distribution: Distribution,
  ): ByChance | undefined;
  /** Probabilities at which quantiles are compared, and known. */
  readonly probabilities: readonly number[];
  /**
   * Returns a quantile.
   *
   * @param probability one of {@linkcode Measured.probabilities}
   */
  quantile(probability: number): MeasuredQuantile;
}

/** Settings of a distribution without a formula. */
export interface NonParametric {
  /** Name of the family. */
  readonly family: "empirical" | "histogram" | "percentiles";
  /** Distribution as users write it. */
  readonly distribution: unknown;
}

/** Probabilities at which a fit is compared with the measurement, as far as it reaches. */
export const COMPARED: readonly number[] = [
  0.5,
  0.9,
  0.95,
  0.99,
  0.999,
  0.9999,
];

/** Number of durations beyond a quantile from which on it counts as measured. */
export const ENOUGH_BEYOND = 10;

/** Number of durations beyond a percentile of the non-parametric curve, at least. */
export const BEYOND_CURVE = 5;

/** Half the width of a 95 % interval, in standard deviations. */
export const TWO_SIDED = 1.96;

/**
 * Greatest probability up to which durations tell quantiles: enough durations lie beyond it.
 *
 * @param count number of durations
 */
export function reach(count: number): number {
  return 1 - ENOUGH_BEYOND / count;
}

/** Returns the probabilities that are compared and up to which durations tell quantiles; p50 at least. */
export function comparedUpTo(greatest: number): readonly number[] {
  return COMPARED.filter((probability) =>
    // 1 − 10/1000 is less than 0.99 by rounding.
    probability === 0.5 || probability <= greatest + 1e-12
  );
}

/** Akaike's information criterion. */
export function akaike({ logLikelihood }: Estimate, size: number): number {
  return -2 * logLikelihood + 2 * size;
}

/** Function of a distribution that has none. */
const unknown = () => NaN;

/** Functions of a distribution. */
export interface ShapeFunctions extends Probabilities {
  /** Quantile function. */
  quantile(u: number): number;
}

/** Returns the functions of a family for parameters as settings have them; NaN where it has none. */
export function shapeOf(
  name: string,
  parameters: Readonly<Record<string, number>>,
  { families }: Pick<FitTools, "families">,
): ShapeFunctions {
  const { cdf = unknown, survival = unknown, quantile = unknown } =
    families.get(name)?.create(parameters) ?? {};
  return { cdf, survival, quantile };
}

/** Returns the quantile function of a distribution; NaN where it can only be sampled. */
export function quantileOf(
  { quantile = unknown }: Pick<Distribution, "quantile">,
): (u: number) => number {
  return quantile;
}
