/**
 * The part of the contract by which things are measured.
 *
 * @module
 */
/** What a series is called and means. */
export interface MetricDefinition {
  /** In base units, such as `perfmock_queue_seconds`; counters end in `_total`. */
  readonly name: string;
  /** In one sentence. */
  readonly help: string;
  /** The names of its labels, in order. */
  readonly labels?: readonly string[];
}

/** A number that only grows. */
export interface Counter {
  /** Adds `n`, 1 where absent. */
  add(n?: number): void;
  /** From now on the value is what this returns, which must only grow: a number that is counted elsewhere. */
  follow(read: () => number): void;
  /** The present value. */
  readonly value: number;
}

/** A number that goes up and down. */
export interface Gauge {
  /** Sets the value. */
  set(value: number): void;
  /** From now on the value is what this returns, asked whenever it is read, until it is set or follows another. */
  follow(read: () => number): void;
  /** Adds `n`, which may be negative. */
  add(n: number): void;
  /** The present value. */
  readonly value: number;
}

/** A measured duration that stands for others like it, and the trace it was measured in. */
export interface Exemplar {
  /** The trace id, 32 hexadecimal digits in lower case. */
  readonly trace: string;
  /** The duration, in milliseconds. */
  readonly value: number;
  /** When it ended, in milliseconds of the server's clock, which outside tests counts from `performance.timeOrigin`. */
  readonly at: number;
}

/** A distribution of measured durations. Recorded in milliseconds, exposed in seconds. */
export interface Timing {
  /**
   * Records one duration.
   *
   * @param milliseconds at least 0
   * @param trace the trace id it was measured in, kept as the exemplar of its bucket; none where absent or empty
   * @param at when it ended, in the clock's milliseconds: goes with `trace`
   */
  record(milliseconds: number, trace?: string, at?: number): void;
  /** How many were recorded. */
  readonly count: number;
  /** Their sum, in milliseconds. */
  readonly sum: number;
  /** How many were at most as long as each boundary, cumulative; the last entry is the count. */
  cumulative(): readonly number[];
  /**
   * The latest duration with a trace id among those in one bucket; undefined where there was none.
   *
   * @param bucket as {@linkcode Timing.cumulative} counts them: above the boundary before it, at most its own
   */
  exemplar(bucket: number): Exemplar | undefined;
  /** The value at probability p, in milliseconds, to within 0.4 %; NaN where nothing was recorded. */
  quantile(p: number): number;
}

/** A metric with one series per set of label values. */
export interface Metric<Series = Counter | Gauge | Timing> {
  /** What it is. */
  readonly definition: MetricDefinition;
  /** Its kind, in Prometheus' words. */
  readonly type: "counter" | "gauge" | "histogram";
  /** The upper boundaries of a histogram's buckets, in milliseconds. */
  readonly boundaries?: readonly number[];
  /** The series for these label values, in the definition's order; made at the first call. Bind it once, keep it. */
  series(...values: readonly string[]): Series;
  /** All series with their label values. */
  entries(): Iterable<readonly [values: readonly string[], series: Series]>;
}

/** All metrics of a server. A name taken twice with another type or other labels is an error. */
export interface Metrics {
  /** A counter metric. */
  counter(definition: MetricDefinition): Metric<Counter>;
  /** A gauge metric. */
  gauge(definition: MetricDefinition): Metric<Gauge>;
  /** A histogram metric; boundaries in ascending milliseconds, by default those for durations. */
  timing(
    definition: MetricDefinition,
    boundaries?: readonly number[],
  ): Metric<Timing>;
  /** All metrics there are, in the order they were made. */
  all(): Iterable<Metric>;
}
