/**
 * Estimates by maximum likelihood that need an iteration.
 *
 * @module
 */
import { digamma, trigamma } from "../../../core/plugin.ts";

/** Sums over single durations, from which estimates and likelihoods follow. */
export interface Sums {
  /** Durations, in ascending order and above 0. */
  readonly sorted: Float64Array;
  /** Number of durations. */
  readonly count: number;
  /** Mean. */
  readonly mean: number;
  /** Standard deviation, by the number of durations. */
  readonly deviation: number;
  /** Mean of the logarithms. */
  readonly logMean: number;
  /** Standard deviation of the logarithms, by the number of durations. */
  readonly logDeviation: number;
}

/**
 * Sums up durations. Deviations are taken from the means, so that no digits are lost.
 *
 * @param sorted durations in ascending order and above 0, at least one
 */
export function sumsOf(sorted: Float64Array): Sums {
  const count = sorted.length;
  let [sum, logSum] = [0, 0];
  for (const x of sorted) {
    sum += x;
    logSum += Math.log(x);
  }
  const [mean, logMean] = [sum / count, logSum / count];
  let [squares, logSquares] = [0, 0];
  for (const x of sorted) {
    squares += (x - mean) ** 2;
    logSquares += (Math.log(x) - logMean) ** 2;
  }
  return {
    sorted,
    count,
    mean,
    deviation: Math.sqrt(squares / count),
    logMean,
    logDeviation: Math.sqrt(logSquares / count),
  };
}

/** Change, relative to a parameter, that ends an iteration. */
const PRECISE = 1e-13;

/** Maximum number of iterations: each doubles the number of digits, so that none needs more. */
const MOST_STEPS = 100;

/**
 * Shape of the gamma distribution by maximum likelihood: the k for which ln k − ψ(k) is the given number.
 *
 * Source: Minka, "Estimating a gamma distribution", 2002.
 *
 * @param gap logarithm of the mean, less the mean of the logarithms; above 0
 */
export function gammaShape(gap: number): number {
  let shape = (3 - gap + Math.sqrt((gap - 3) ** 2 + 24 * gap)) / (12 * gap);
  for (let step = 0; step < MOST_STEPS; step++) {
    const inverse = 1 / shape +
      (Math.log(shape) - digamma(shape) - gap) /
        (shape * shape * (1 / shape - trigamma(shape)));
    const next = 1 / inverse;
    const moved = Math.abs(next - shape);
    shape = next;
    if (!(moved > PRECISE * shape)) break;
  }
  return shape;
}

/**
 * Shape and scale of the Weibull distribution by maximum likelihood, by Newton's method: the shape is the k for which
 * Σ xᵏ·ln x / Σ xᵏ − 1/k is the mean of the logarithms; that function of k grows, so that there is one.
 *
 * Source: Johnson, Kotz, Balakrishnan, Continuous Univariate Distributions 1, 21.4.
 */
export function weibullEstimate(
  { sorted, count, logMean, logDeviation }: Sums,
): { readonly shape: number; readonly scale: number } {
  const greatest = Math.log(sorted[count - 1]);
  // The standard deviation of the logarithm of a Weibull distribution is π/(√6·k).
  let shape = Math.PI / (Math.sqrt(6) * logDeviation);
  let total = 1;
  for (let step = 0; step < MOST_STEPS; step++) {
    let [sum, first, second] = [0, 0, 0];
    for (const x of sorted) {
      const y = Math.log(x) - greatest;
      const power = Math.exp(shape * y);
      sum += power;
      first += power * y;
      second += power * y * y;
    }
    total = sum;
    const mean = first / sum;
    const error = mean - 1 / shape - (logMean - greatest);
    const slope = second / sum - mean * mean + 1 / (shape * shape);
    // A step that would leave the positive numbers is cut in half.
    const next = Math.max(shape / 2, shape - error / slope);
    const moved = Math.abs(next - shape);
    shape = next;
    if (!(moved > PRECISE * shape)) break;
  }
  return { shape, scale: Math.exp(greatest + Math.log(total / count) / shape) };
}
