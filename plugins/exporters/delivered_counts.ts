/**
 * The counts that a pushing exporter has delivered: what it sends next is the growth since then.
 *
 * @module
 */
import type {
  Counter,
  Gauge,
  HistogramSnapshot,
  Metric,
  Timing,
} from "../../core/plugin.ts";

/** Number of series that are examined before other work goes first; takes less than 0.3 ms. */
const SERIES_PER_TURN = 32;

/** A series of any type. */
export type Series = Counter | Gauge | Timing;

/** Growth of a series of counts since its last delivery. */
export interface Change<Figures = number | HistogramSnapshot> {
  /** Present figures: a counter's value, or a timing's distribution. */
  readonly now: Figures;
  /** Counts that were added since. */
  readonly growth: Figures;
}

/** Growth of a timing since the exporter began, by the boundaries of its metric. */
export interface BucketGrowth {
  /** Growth of the sum, in milliseconds. */
  readonly sum: number;
  /** Growth of each bucket by itself; the last one has no upper boundary. */
  readonly counts: readonly number[];
}

/** Figures of a timing that were delivered. */
interface Delivered {
  readonly snapshot: HistogramSnapshot;
  /** Cumulative counts, where all counts were marked at once. */
  readonly cumulative?: readonly number[];
  /** Boundaries of these counts. */
  readonly boundaries?: readonly number[];
}

/**
 * The counts of each series that were delivered. Figures are marked as delivered once the receiver's side has accepted them.
 * Holds one number or distribution for each series that was delivered, so the limit on series limits its size.
 */
export class DeliveredCounts {
  readonly #counters = new WeakMap<Series, number>();
  readonly #timings = new WeakMap<Series, Delivered>();

  /** Growth of a counter since its last delivery; undefined if it did not grow or cannot be read. */
  counter(series: Counter): Change<number> | undefined {
    const now = valueOf(series);
    const growth = now === undefined ? 0 : now - this.#before(series);
    return now === undefined || growth === 0 ? undefined : { now, growth };
  }

  /** Value of a counter since all counts were marked; undefined if it cannot be read. */
  total(series: Counter): number | undefined {
    const now = valueOf(series);
    return now === undefined ? undefined : now - this.#before(series);
  }

  #before(series: Counter): number {
    return this.#counters.get(series) ?? 0;
  }

  /** Growth of a timing since its last delivery, read at one moment; undefined if it did not grow. */
  timing(series: Timing): Change<HistogramSnapshot> | undefined {
    const delivered = this.#timings.get(series)?.snapshot;
    // Comparing the count finds idle series without a copy of their distribution.
    if (series.count === (delivered?.count ?? 0)) return undefined;
    const now = series.snapshot();
    return {
      now,
      growth: delivered === undefined ? now : now.since(delivered),
    };
  }

  /**
   * Growth of a timing since all counts were marked, even if it did not grow.
   *
   * @param boundaries boundaries of its metric
   */
  buckets(series: Timing, boundaries: readonly number[]): BucketGrowth {
    const delivered = this.#timings.get(series);
    const cumulative = series.cumulative();
    const before = delivered && cumulativeBefore(delivered, boundaries);
    const growth = before === undefined
      ? cumulative
      : cumulative.map((count, bucket) => count - before[bucket]);
    return {
      sum: series.sum - (delivered?.snapshot.sum ?? 0),
      counts: growth.map((count, bucket) =>
        bucket === 0 ? count : count - growth[bucket - 1]
      ),
    };
  }

  /** Marks the figures of a change as delivered. */
  mark(series: Series, { now }: Change): void {
    if (typeof now === "number") this.#counters.set(series, now);
    else this.#timings.set(series, { snapshot: now });
  }

  /**
   * Marks all present counts as delivered, so that an exporter that is turned on later counts from then. Yields when other work should
   * go first.
   */
  *markAll(metrics: Iterable<Metric>): Generator<void> {
    let seen = 0;
    for (const metric of metrics) {
      if (metric.type === "gauge") continue;
      for (const [, series] of metric.entries()) {
        if (++seen % SERIES_PER_TURN === 0) yield;
        if (!("cumulative" in series)) {
          this.#counters.set(series, valueOf(series) ?? this.#before(series));
        } else if (series.count > 0) {
          this.#timings.set(series, {
            snapshot: series.snapshot(),
            cumulative: series.cumulative(),
            boundaries: metric.boundaries,
          });
        }
      }
    }
  }
}

/** Cumulative counts of figures that were delivered, by boundaries that may be others than they were then. */
function cumulativeBefore(
  { snapshot, cumulative, boundaries }: Delivered,
  present: readonly number[],
): readonly number[] {
  if (cumulative !== undefined && boundaries === present) return cumulative;
  // As the timing itself was put into the new buckets: by the middle of each bucket of the distribution.
  const buckets = [...snapshot.buckets()];
  return [...present, Infinity].map((end) =>
    buckets.reduce(
      (sum, { lower, upper, count }) =>
        (lower + upper) / 2 <= end ? sum + count : sum,
      0,
    )
  );
}

/**
 * Value of a counter or gauge; undefined if the function that it follows fails. The server reports that error; a delivery leaves out the
 * one series.
 */
export function valueOf(series: Counter | Gauge): number | undefined {
  try {
    return series.value;
  } catch {
    return undefined;
  }
}
