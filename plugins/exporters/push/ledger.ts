import type { Counter, Gauge, Metric, Timing } from "../../../core/plugin.ts";

/** A series of any type. */
export type Series = Counter | Gauge | Timing;

/** What happened in a series of counts since it was last settled. */
export interface Change {
  /** Its figures now: a counter's value; a timing's sum in milliseconds, then its cumulative buckets, the count last. */
  readonly now: Float64Array;
  /** How much each of them has grown. */
  readonly growth: Float64Array;
}

/** How many series are looked at before others get their turn: less than 1 ms. */
const BREATH = 250;

/**
 * What was delivered of each series, so that the rest can be: a figure is settled once, when the receiver's side took it.
 * Holds one array for each series that was settled, which the cap on series bounds.
 */
export class Ledger {
  readonly #settled = new WeakMap<Series, Float64Array>();

  /** What grew since the series was settled; undefined where nothing did. All of it belongs to one moment. */
  change(series: Counter | Timing): Change | undefined {
    const settled = this.#settled.get(series);
    const before = settled?.at(-1) ?? 0;
    // The count tells an idle series from a busy one without a copy of its buckets.
    const last = "cumulative" in series ? series.count : series.value;
    if (last === before) return undefined;
    return grown(figuresOf(series), settled);
  }

  /** All that grew since the series was settled, even where that is nothing. */
  since(series: Counter | Timing): Change {
    return grown(figuresOf(series), this.#settled.get(series));
  }

  /** Takes the figures of a change as delivered. */
  settle(series: Series, { now }: Change): void {
    this.#settled.set(series, now);
  }

  /**
   * Takes all that happened before as delivered, in slices: an exporter that is turned on later counts from then.
   *
   * @param metrics whose series are settled
   */
  *begin(metrics: Iterable<Metric>): Generator<void> {
    let seen = 0;
    for (const metric of metrics) {
      if (metric.type === "gauge") continue;
      for (const [, series] of metric.entries()) {
        const change = this.change(series as Counter | Timing);
        if (change !== undefined) this.settle(series, change);
        if (++seen % BREATH === 0) yield;
      }
    }
  }
}

function figuresOf(series: Counter | Timing): Float64Array {
  return "cumulative" in series
    ? Float64Array.of(series.sum, ...series.cumulative())
    : Float64Array.of(series.value);
}

function grown(now: Float64Array, settled: Float64Array | undefined): Change {
  return {
    now,
    growth: settled === undefined
      ? now
      : now.map((figure, index) => figure - settled[index]),
  };
}
