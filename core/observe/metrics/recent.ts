/**
 * Figures over about the last few seconds, without a timer.
 *
 * @module
 */
import { Histogram } from "../../lib/histogram.ts";
import { SliceRing } from "./_slice_ring.ts";

const SLICES = 5;

/**
 * A histogram that forgets: the window is cut into five slices, and the oldest is emptied when a new one begins. Figures
 * therefore cover between four fifths of the window and all of it. Time is handed in with each call; a time before the
 * latest one counts as the latest.
 */
export class RecentHistogram {
  readonly #slices: readonly Histogram[];
  readonly #merged = new Histogram();
  readonly #ring: SliceRing;

  /**
   * Makes an empty histogram.
   *
   * @param window how far the figures reach back at most, in milliseconds, above 0
   */
  constructor(window: number) {
    const slices = Array.from({ length: SLICES }, () => new Histogram());
    this.#slices = slices;
    this.#ring = new SliceRing(SLICES, window / SLICES, {
      open: (slice) => slices[slice].reset(),
    });
  }

  /** Records one duration at a time, both in milliseconds; bad durations as in {@linkcode Histogram.record}. */
  record(milliseconds: number, now: number): void {
    this.#slices[this.#ring.at(now)].record(milliseconds);
  }

  /** How many durations the window holds at a time. */
  count(now: number): number {
    this.#ring.at(now);
    let count = 0;
    for (const slice of this.#slices) count += slice.count;
    return count;
  }

  /**
   * The quantile over the window at a time, as {@linkcode Histogram.quantile} has it. For several at once take
   * {@linkcode RecentHistogram.histogram}.
   *
   * @throws PerfmockError `ARGUMENT_INVALID` where p is not in 0…1
   */
  quantile(p: number, now: number): number {
    return this.histogram(now).quantile(p);
  }

  /** All that the window holds at a time, in one histogram: valid until the next call, and not to be written to. */
  histogram(now: number): Histogram {
    this.#ring.at(now);
    this.#merged.reset();
    for (const slice of this.#slices) this.#merged.merge(slice);
    return this.#merged;
  }

  /** How far the figures reach back from a time, in milliseconds: what to divide a count by for a rate. */
  span(now: number): number {
    return this.#ring.span(now);
  }

  /** Forgets everything. */
  reset(): void {
    for (const slice of this.#slices) slice.reset();
  }
}
