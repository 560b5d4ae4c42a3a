/**
 * The parametric families that are tried, each with its estimates: by maximum likelihood from single durations, and by quantile
 * matching from points of the distribution function. The distribution functions are those of the plugin `distributions`, which the
 * contract gives.
 *
 * A family's parameters are a vector in which each number may take any value: a logarithm of something that must be above 0.
 *
 * @module
 */
import { formatDuration } from "../../../core/import.ts";
import { logGamma, normalQuantile } from "../../../core/plugin.ts";
import type { MeasuredPercentile } from "./durations.ts";
import { gammaShape, type Sums, weibullEstimate } from "./estimates.ts";
import { minimiseWithin } from "./minimise.ts";
import { lineThrough, logLine } from "./regression.ts";

/** Parameters of a family. */
export type Vector = readonly number[];

/** Makes the quantile function of a family for parameters as settings have them. */
export type QuantileOf = (
  parameters: Readonly<Record<string, number>>,
) => (u: number) => number;

/** Parametric family. */
export interface ParametricFamily {
  /** Name in settings. */
  readonly name: string;
  /** Source of the estimates. */
  readonly source: string;
  /** Number of parameters. */
  readonly size: number;
  /** Parameters for `Family.create`. */
  parameters(vector: Vector): Readonly<Record<string, number>>;
  /** Returns true if settings may have the parameters. */
  accepts(vector: Vector): boolean;
  /** Parameters as users write them, rounded to five digits. */
  written(vector: Vector): Readonly<Record<string, unknown>>;
  /** Estimate by maximum likelihood. */
  likeliest(sums: Sums): Vector;
  /** Logarithm of the likelihood of all durations. */
  logLikelihood(vector: Vector, sums: Sums): number;
  /**
   * Estimate by quantile matching: least squares of the logarithms of quantiles, so that equal relative errors count equally.
   *
   * @param points points between p0 and p100, above 0 ms; one or more for each parameter
   * @returns undefined if the points do not rise
   */
  matched(
    points: readonly MeasuredPercentile[],
    quantileOf: QuantileOf,
  ): Vector | undefined;
}

const { exp, log } = Math;

const LN_SQRT_2PI = 0.9189385332046728;

/** 99th percentile of the standard normal distribution. */
const P99 = normalQuantile(0.99);

/** Digits of written parameters: rounding moves no percentile by more than about 0.01 %. */
const DIGITS = 5;

/** Rounds a number as parameters are written. */
export function rounded(value: number): number {
  return Number(value.toPrecision(DIGITS));
}

/** Writes a duration as users do, rounded to five digits. */
export function writtenDuration(milliseconds: number): string {
  return formatDuration(rounded(milliseconds));
}

/** Range of durations that can be written and read back, in ms: a femtosecond to 30 years. */
const SHORTEST = 1e-12;
const LONGEST = 1e12;

function isDuration(milliseconds: number): boolean {
  return milliseconds >= SHORTEST && milliseconds <= LONGEST;
}

/** Logarithm of the quantile of the exponential distribution with mean 1. */
function logExponential(probability: number): number {
  return log(-Math.log1p(-probability));
}

/** Vector: logarithm of the mean. */
const exponential: ParametricFamily = {
  name: "exponential",
  source:
    "Johnson, Kotz, Balakrishnan, Continuous Univariate Distributions 1, 19.7",
  size: 1,
  parameters: ([mean]) => ({ mean: exp(mean) }),
  accepts: ([mean]) => isDuration(exp(mean)),
  written: ([mean]) => ({ mean: writtenDuration(exp(mean)) }),
  likeliest: ({ mean }) => [log(mean)],
  logLikelihood: ([mean], sums) => -sums.count * (mean + sums.mean / exp(mean)),
  matched: (points) => [
    points.reduce(
      (sum, { probability, value }) =>
        sum + log(value) - logExponential(probability),
      0,
    ) / points.length,
  ],
};

/** Vector: mean of the logarithm, logarithm of its standard deviation. */
const lognormal: ParametricFamily = {
  name: "lognormal",
  source:
    "Johnson, Kotz, Balakrishnan, Continuous Univariate Distributions 1, 14.4",
  size: 2,
  parameters: ([mu, sigma]) => ({ mu, sigma: exp(sigma) }),
  accepts: ([mu, sigma]) =>
    isDuration(exp(mu)) && isDuration(exp(mu + P99 * exp(sigma))) &&
    rounded(exp(mu)) < rounded(exp(mu + P99 * exp(sigma))),
  written: ([mu, sigma]) => ({
    median: writtenDuration(exp(mu)),
    p99: writtenDuration(exp(mu + P99 * exp(sigma))),
  }),
  likeliest: ({ logMean, logDeviation }) => [logMean, log(logDeviation)],
  logLikelihood: ([mu, sigma], { count, logMean, logDeviation }) =>
    -count *
    (logMean + sigma + LN_SQRT_2PI +
      (logDeviation ** 2 + (logMean - mu) ** 2) / (2 * exp(2 * sigma))),
  matched: (points) => {
    const line = logLine(points, normalQuantile);
    return line && [line.intercept, log(line.slope)];
  },
};

/** Shapes of the gamma distribution that settings may have. */
const GAMMA_SHAPES = { min: 0.01, max: 100_000 };

/** Shapes among which quantile matching searches. */
const MATCHED_SHAPES = { min: 0.02, max: 20_000 };

/** Vector: logarithms of the shape and of the mean. */
const gamma: ParametricFamily = {
  name: "gamma",
  source: 'Minka, "Estimating a gamma distribution", 2002',
  size: 2,
  parameters: ([shape, mean]) => ({
    shape: exp(shape),
    scale: exp(mean - shape),
  }),
  accepts: ([shape, mean]) =>
    exp(shape) >= 1.001 * GAMMA_SHAPES.min &&
    exp(shape) <= 0.999 * GAMMA_SHAPES.max &&
    isDuration(exp(mean)) && isDuration(exp(mean - shape / 2)),
  written: ([shape, mean]) => ({
    mean: writtenDuration(exp(mean)),
    sd: writtenDuration(exp(mean - shape / 2)),
  }),
  likeliest: ({ mean, logMean }) => [
    log(gammaShape(log(mean) - logMean)),
    log(mean),
  ],
  logLikelihood: ([logShape, mean], sums) => {
    const shape = exp(logShape);
    const logScale = mean - logShape;
    return sums.count *
      ((shape - 1) * sums.logMean - sums.mean / exp(logScale) -
        shape * logScale - logGamma(shape));
  },
  matched: (points, quantileOf) => {
    if (points[0].value === points[points.length - 1].value) return undefined;
    /** The logarithm of the scale for a shape, and the sum of squared errors. */
    const fitted = (logShape: number) => {
      const quantile = quantileOf({ shape: exp(logShape), scale: 1 });
      const logs = points.map(({ probability, value }) =>
        log(value) - log(quantile(probability))
      );
      const scale = logs.reduce((sum, x) => sum + x, 0) / logs.length;
      return {
        scale,
        error: logs.reduce((sum, x) => sum + (x - scale) ** 2, 0),
      };
    };
    const shape = minimiseWithin(
      (logShape) => fitted(logShape).error,
      log(MATCHED_SHAPES.min),
      log(MATCHED_SHAPES.max),
    );
    return [shape, fitted(shape).scale + shape];
  },
};

/** Shapes of the Weibull distribution that settings may have. */
const WEIBULL_SHAPES = { min: 0.01, max: 1000 };

/** Vector: logarithms of the shape and of the scale. */
const weibull: ParametricFamily = {
  name: "weibull",
  source:
    "Johnson, Kotz, Balakrishnan, Continuous Univariate Distributions 1, 21.4",
  size: 2,
  parameters: ([shape, scale]) => ({ shape: exp(shape), scale: exp(scale) }),
  accepts: ([shape, scale]) =>
    rounded(exp(shape)) >= WEIBULL_SHAPES.min &&
    rounded(exp(shape)) <= WEIBULL_SHAPES.max && isDuration(exp(scale)),
  written: ([shape, scale]) => ({
    shape: rounded(exp(shape)),
    scale: writtenDuration(exp(scale)),
  }),
  likeliest: (sums) => {
    const { shape, scale } = weibullEstimate(sums);
    return [log(shape), log(scale)];
  },
  logLikelihood: ([shape, scale], { count, logMean, sorted }) => {
    const power = exp(shape);
    let sum = 0;
    for (const x of sorted) sum += exp(power * (log(x) - scale));
    return count * (shape - power * scale + (power - 1) * logMean) - sum;
  },
  matched: (points) => {
    const line = logLine(points, logExponential);
    return line && [-log(line.slope), line.intercept];
  },
};

/** Least tail index of the Pareto distribution that settings may have. */
const LEAST_ALPHA = 0.1;

/** Vector: logarithms of the tail index and of the least duration. */
const pareto: ParametricFamily = {
  name: "pareto",
  source:
    "Johnson, Kotz, Balakrishnan, Continuous Univariate Distributions 1, 20.4",
  size: 2,
  parameters: ([alpha, min]) => ({ alpha: exp(alpha), min: exp(min) }),
  accepts: ([alpha, min]) =>
    rounded(exp(alpha)) >= LEAST_ALPHA && exp(alpha) < Infinity &&
    isDuration(exp(min)),
  written: ([alpha, min]) => ({
    alpha: rounded(exp(alpha)),
    min: writtenDuration(exp(min)),
  }),
  likeliest: ({ sorted, logMean }) => {
    const least = log(sorted[0]);
    return [-log(logMean - least), least];
  },
  logLikelihood: ([alpha, min], { count, logMean, sorted }) =>
    log(sorted[0]) < min
      ? -Infinity
      : count * (alpha + exp(alpha) * (min - logMean) - logMean),
  matched: (points) => {
    const line = logLine(points, (u) => -Math.log1p(-u));
    return line && [-log(line.slope), line.intercept];
  },
};

/** Least ratio of mean and standard deviation of a normal distribution, so that its truncation at 0 removes less than 0.14 %. */
const FAR_FROM_ZERO = 3;

/** Vector: logarithms of the mean and of the standard deviation. */
const normal: ParametricFamily = {
  name: "normal",
  source:
    "Johnson, Kotz, Balakrishnan, Continuous Univariate Distributions 1, 13.6",
  size: 2,
  parameters: ([mean, sd]) => ({ mean: exp(mean), sd: exp(sd) }),
  accepts: ([mean, sd]) =>
    isDuration(exp(mean)) && isDuration(exp(sd)) &&
    exp(mean - sd) >= FAR_FROM_ZERO,
  written: ([mean, sd]) => ({
    mean: writtenDuration(exp(mean)),
    sd: writtenDuration(exp(sd)),
  }),
  likeliest: ({ mean, deviation }) => [log(mean), log(deviation)],
  logLikelihood: ([mean, sd], sums) =>
    -sums.count *
    (sd + LN_SQRT_2PI +
      (sums.deviation ** 2 + (sums.mean - exp(mean)) ** 2) /
        (2 * exp(2 * sd))),
  matched: (points) => {
    // An error of a long duration counts less, so that relative errors count equally.
    const { intercept, slope } = lineThrough(
      points.map(({ probability, value }) => ({
        x: normalQuantile(probability),
        y: value,
        weight: 1 / (value * value),
      })),
    );
    return intercept > 0 && slope > 0
      ? [log(intercept), log(slope)]
      : undefined;
  },
};

/** The parametric families, in the order in which equally good ones are preferred. */
export const PARAMETRIC: readonly ParametricFamily[] = [
  exponential,
  lognormal,
  gamma,
  weibull,
  normal,
  pareto,
];
