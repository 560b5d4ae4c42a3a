/**
 * Collects any number of durations in bounded memory: the first 100 000 exactly, more of them in buckets that are 0.8 % wide.
 *
 * @module
 */
import { Histogram } from "../../../core/plugin.ts";
import type { Durations, MeasuredBucket } from "./durations.ts";
import { Resolution, roundedFrom } from "./rounding.ts";

/** Number of durations that are kept one by one: 0.8 MB. */
export const KEPT = 100_000;

/** Collection of durations of one kind, such as those of a route. */
export class DurationCollector {
  readonly #resolution = new Resolution();
  #kept: Float64Array | undefined = new Float64Array(64);
  #count = 0;
  readonly #histogram = new Histogram();

  /** Number of durations. */
  get count(): number {
    return this.#count;
  }

  /**
   * Adds a duration.
   *
   * @param milliseconds at least 0
   */
  add(milliseconds: number): void {
    this.#resolution.add(milliseconds);
    this.#histogram.record(milliseconds);
    const index = this.#count++;
    if (this.#kept === undefined) return;
    if (index === KEPT) {
      this.#kept = undefined;
      return;
    }
    if (index === this.#kept.length) {
      const longer = new Float64Array(Math.min(KEPT, 4 * index));
      longer.set(this.#kept);
      this.#kept = longer;
    }
    this.#kept[index] = milliseconds;
  }

  /** Returns the durations: single values, or counts in buckets if they are many. */
  durations(): Durations {
    if (this.#kept !== undefined) {
      return { kind: "values", values: this.#kept.slice(0, this.#count) };
    }
    const step = this.#resolution.step;
    return {
      kind: "buckets",
      buckets: Array.from(
        this.#histogram.buckets(),
        ({ lower, upper, count }) => ({
          ...step === 0
            ? { low: lower, high: upper }
            : roundedWithin(lower, upper, step),
          count,
        }),
      ),
    };
  }
}

/** The durations that are rounded to a multiple of a step between two numbers. */
function roundedWithin(
  lower: number,
  upper: number,
  step: number,
): Pick<MeasuredBucket, "low" | "high"> {
  // 0.3 / 0.1 is less than 3 by rounding.
  const first = Math.ceil(lower / step - 1e-6);
  const last = Math.ceil(upper / step - 1e-6) - 1;
  return roundedFrom(first, Math.max(first, last), step);
}
