/**
 * Types of the contract for metrics.
 *
 * @module
 */

/** Name and meaning of a metric. */
export interface MetricDefinition {
  /** Name in Prometheus' conventions: base units, such as `perfmock_queue_seconds`; counters end in `_total`. */
  readonly name: string;
  /** Description in one sentence. */
  readonly help: string;
  /** Names of the labels, in order. Default none. */
  readonly labels?: readonly string[];
  /**
   * Rule by which a gauge of a fleet is made of those of its replicas: their sum, least, greatest or mean, or the mean weighted by the
   * gauge of a name with the same labels. Default `sum`. Counters and histograms are always added.
   */
  readonly merge?: "sum" | "min" | "max" | "mean" | { readonly weight: string };
}

/** Number that only grows. */
export interface Counter {
  /**
   * Increases the value.
   *
   * @param n at least 0; default 1
   */
  add(n?: number): void;
  /** Takes the value from a function from now on, for a number that is counted elsewhere. The number must only grow. */
  follow(read: () => number): void;
  /** Current value. */
  readonly value: number;
}

/** Number that rises and falls. */
export interface Gauge {
  /** Sets the value. */
  set(value: number): void;
  /** Takes the value from a function from now on, called for each reading, until `set` or `follow` is called. */
  follow(read: () => number): void;
  /** Adds a number, which may be negative. */
  add(n: number): void;
  /** Current value. */
  readonly value: number;
}

/** Measured duration with the trace in which it was measured: an example of the durations in its bucket. */
export interface Exemplar {
  /** Trace id, 32 lower-case hexadecimal digits. */
  readonly trace: string;
  /** Duration, in ms. */
  readonly value: number;
  /** Time at which it ended, in ms of the server's clock. Outside tests this clock starts at `performance.timeOrigin`. */
  readonly at: number;
}

/** A bucket of a {@linkcode HistogramSnapshot} that is not empty. */
export interface HistogramBucket {
  /** Lower end, inclusive, in ms. */
  readonly lower: number;
  /** Upper end, exclusive, in ms. */
  readonly upper: number;
  /** Number of values in it, at least 1. */
  readonly count: number;
}

/** Distribution of durations at one moment, accurate to 0.4 %. */
export interface HistogramSnapshot {
  /** Number of durations. */
  readonly count: number;
  /** Sum of the durations, in ms. */
  readonly sum: number;
  /**
   * Quantiles by nearest rank: the least duration that a share p of all durations does not exceed.
   *
   * @param ps probabilities, 0…1, ascending
   * @returns durations in ms, exact to 0.4 %; NaN if there is no duration
   */
  quantiles(ps: readonly number[]): number[];
  /** All buckets that are not empty, in ascending order. Values up to 1 ns share the first one; others are 0.8 % wide at most. */
  buckets(): Iterable<HistogramBucket>;
  /**
   * The durations that were recorded after an earlier snapshot.
   *
   * @param earlier snapshot of the same timing
   */
  since(earlier: HistogramSnapshot): HistogramSnapshot;
}

/** Distribution of measured durations. They are recorded in ms and exported in seconds. */
export interface Timing {
  /**
   * Records a duration.
   *
   * @param milliseconds duration, at least 0
   * @param trace id of the trace in which it was measured, kept as the exemplar of its bucket; absent or empty for none
   * @param at time at which it ended, in ms of the clock; required with `trace`
   */
  record(milliseconds: number, trace?: string, at?: number): void;
  /**
   * Records equal durations, which costs as much as one.
   *
   * @param milliseconds duration, at least 0
   * @param count number of durations, a whole number of at least 1
   */
  recordMany(milliseconds: number, count: number): void;
  /** Number of recorded durations. */
  readonly count: number;
  /** Sum of the recorded durations, in ms. */
  readonly sum: number;
  /** Number of durations up to and including each boundary, cumulative. The last entry is `count`. */
  cumulative(): readonly number[];
  /**
   * Latest duration with a trace id in one bucket; undefined if there is none.
   *
   * @param bucket index as in {@linkcode Timing.cumulative}: above the boundary before it, up to and including its own
   */
  exemplar(bucket: number): Exemplar | undefined;
  /**
   * Estimates a quantile.
   *
   * @param p probability, 0…1
   * @returns duration in ms, exact to 0.4 %; NaN if no duration was recorded
   */
  quantile(p: number): number;
  /** Copies the distribution as it is now, independently of the boundaries. */
  snapshot(): HistogramSnapshot;
}

/** Metric with one series for each combination of label values. */
export interface Metric<Series = Counter | Gauge | Timing> {
  /** Name, description and labels. */
  readonly definition: MetricDefinition;
  /** Type in Prometheus' terms. */
  readonly type: "counter" | "gauge" | "histogram";
  /** Upper boundaries of a histogram's buckets, in ms. */
  readonly boundaries?: readonly number[];
  /**
   * Returns the series for these label values, created at the first call. Call it once and keep the series, because a call
   * compares label values.
   *
   * @param values label values, in the order of the definition
   */
  series(...values: readonly string[]): Series;
  /** All series, with their label values. */
  entries(): Iterable<readonly [values: readonly string[], series: Series]>;
}

/**
 * All metrics of a server. A metric that already exists with the same type and labels is returned again. The number of series of a
 * metric is limited: label values beyond the limit share one series whose label values are all `__overflow__`.
 *
 * The methods throw a PerfmockError `PLUGIN_INVALID` if a name or label is not valid, or if a metric of that name has another type or
 * other labels.
 */
export interface Metrics {
  /** Creates a metric of counters. */
  counter(definition: MetricDefinition): Metric<Counter>;
  /** Creates a metric of gauges. */
  gauge(definition: MetricDefinition): Metric<Gauge>;
  /**
   * Creates a metric of durations, a histogram.
   *
   * @param boundaries upper boundaries of the buckets, ascending, in ms; by default those for durations in general, which
   * {@linkcode Metrics.bucketDurations} sets
   */
  timing(
    definition: MetricDefinition,
    boundaries?: readonly number[],
  ): Metric<Timing>;
  /**
   * Sets the boundaries of all metrics of durations that were or will be created without boundaries of their own. Durations recorded
   * before are put into the new buckets to within 0.4 % of their values. No effect in a session, whose durations are the server's.
   *
   * @param boundaries upper boundaries of the buckets, ascending, in ms. Default 0.1 ms to 2 min, at most 12 % apart from 1 ms to 10 s
   */
  bucketDurations(boundaries?: readonly number[]): void;
  /** All metrics, in the order of their creation. */
  all(): Iterable<Metric>;
}

/** Summary of a `Histogram`, in ms; null where nothing was recorded. */
export interface HistogramSummary {
  /** Least value, exact. */
  readonly min: number | null;
  /** Mean, exact. */
  readonly mean: number | null;
  /** Median; this and all other quantiles are accurate to 0.4 %. */
  readonly p50: number | null;
  /** 90th percentile. */
  readonly p90: number | null;
  /** 95th percentile. */
  readonly p95: number | null;
  /** 99th percentile. */
  readonly p99: number | null;
  /** 99.9th percentile. */
  readonly p999: number | null;
  /** Greatest value, exact. */
  readonly max: number | null;
}
