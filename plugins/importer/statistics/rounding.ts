/**
 * Rounded durations. A log that writes whole milliseconds says of "3" only that it was between 2.5 and 3.5: where that matters, the
 * durations are counted in buckets of that width.
 *
 * @module
 */
import { Histogram } from "../../../core/plugin.ts";
import type { MeasuredBucket } from "./durations.ts";

/** Coarsest and finest step of roundings that are recognised, as powers of ten of a ms. */
const COARSEST = 3;
const FINEST = -5;

/** Share of a step by which a multiple of it may be off, since 0.3 is no binary fraction. */
const TOLERANCE = 1e-4;

/** Number of steps that a duration or the spread has at least where rounding does not matter: it moves it by at most 2.5 %. */
const FINE = 20;

/**
 * The greatest power of ten of a ms of which all durations that were added are multiples.
 */
export class Resolution {
  #exponent = COARSEST;

  /** Takes a duration into account. */
  add(value: number): void {
    while (
      this.#exponent >= FINEST && !isMultiple(value, 10 ** this.#exponent)
    ) this.#exponent--;
  }

  /** Step, in ms; 0 if the durations are not rounded, or so finely that nobody needs to know. */
  get step(): number {
    return this.#exponent < FINEST ? 0 : 10 ** this.#exponent;
  }
}

function isMultiple(value: number, step: number): boolean {
  const steps = value / step;
  return Math.abs(steps - Math.round(steps)) <= TOLERANCE * Math.min(1, steps);
}

/** Returns the step to which durations are rounded, in ms; 0 for none. */
export function resolutionOf(values: Float64Array): number {
  const resolution = new Resolution();
  for (const value of values) resolution.add(value);
  return resolution.step;
}

/**
 * Counts durations in buckets where they are not what was measured: if they are rounded so coarsely that it matters, or if some of
 * many exact ones are 0, which a logarithm cannot take.
 *
 * @param sorted durations in ascending order, at least one
 * @returns undefined if the durations are to be taken as they are
 */
export function grouped(
  sorted: Float64Array,
): readonly MeasuredBucket[] | undefined {
  const [first, last] = [sorted[0], sorted[sorted.length - 1]];
  if (first === last) return undefined;
  const step = resolutionOf(sorted);
  if (step > 0) {
    const at = (share: number) =>
      sorted[Math.floor(share * (sorted.length - 1))];
    const coarse = first === 0 || at(0.05) < FINE * step ||
      at(0.75) - at(0.25) < FINE * step;
    return coarse ? byStep(sorted, step) : undefined;
  }
  if (first > 0) return undefined;
  const histogram = new Histogram();
  for (const value of sorted) histogram.record(value);
  return Array.from(histogram.buckets(), ({ lower, upper, count }) => ({
    low: lower,
    high: upper,
    count,
  }));
}

function byStep(sorted: Float64Array, step: number): MeasuredBucket[] {
  const buckets: MeasuredBucket[] = [];
  for (let i = 0; i < sorted.length;) {
    const multiple = Math.round(sorted[i] / step);
    let end = i;
    while (
      end < sorted.length && Math.round(sorted[end] / step) === multiple
    ) end++;
    buckets.push({ ...roundedFrom(multiple, multiple, step), count: end - i });
    i = end;
  }
  return buckets;
}

/**
 * Durations that are rounded to one of some multiples of a step.
 *
 * @param first first multiple
 * @param last last multiple
 */
export function roundedFrom(
  first: number,
  last: number,
  step: number,
): Pick<MeasuredBucket, "low" | "high"> {
  return {
    low: Math.max(0, (first - 0.5) * step),
    high: (last + 0.5) * step,
  };
}
