/**
 * All metrics of a server, in typed storage.
 *
 * @module
 */
import type {
  Counter,
  Gauge,
  Metric,
  MetricDefinition,
  Metrics,
  Timing,
} from "../plugin.ts";
import {
  checkBoundaries,
  checkMetric,
  checkSameMetric,
  exposedNames,
  metricError,
  type MetricPlan,
} from "./metric_definition.ts";
import {
  CellCounter,
  CellGauge,
  Cells,
  type SeriesLimit,
  SeriesSet,
} from "./metric_series.ts";
import {
  BoundaryTable,
  BucketedTiming,
  DURATION_BOUNDARIES,
} from "./timing.ts";

/** Options of a {@linkcode MetricRegistry}. */
export interface MetricRegistryOptions {
  /** Maximum number of series of each metric, at least 1. Default 200. */
  readonly seriesLimit?: number;
  /** Called once for each metric that exceeds the limit. */
  readonly onOverflow?: (metric: string) => void;
  /** Called with the error of a function that a metric follows, and the plugin that made the metric, if one did. */
  readonly onFailure?: (plugin: string | undefined, error: unknown) => void;
}

/** Maximum number of series of a metric for a number of routes: that number, but at least 200 and at most 2000. */
export function seriesLimitFor(routes: number): number {
  return Math.min(2000, Math.max(200, routes));
}

/**
 * The metrics of a server. The number of series of each metric is limited. Label sets beyond the limit share one series whose
 * label values are all `__overflow__`, so that totals stay exact. `perfmock_series` is the number of series of each metric, and
 * `perfmock_series_overflow_total` counts the label sets beyond the limit; these two have no limit themselves.
 */
export class MetricRegistry implements Metrics {
  /** Maximum number of series of each metric. Raising it applies to label sets that come later. */
  seriesLimit: number;

  readonly #metrics = new Map<string, Metric>();
  readonly #counters = new Map<string, Metric<Counter>>();
  readonly #gauges = new Map<string, Metric<Gauge>>();
  readonly #timings = new Map<string, Metric<Timing>>();
  readonly #exposed = new Map<string, string>();
  readonly #owners = new Map<string, string>();
  #maker: string | undefined;
  readonly #cells = new Cells();
  readonly #onOverflow: (metric: string) => void;
  readonly #onFailure: NonNullable<MetricRegistryOptions["onFailure"]>;
  /** Buckets of the metrics of durations without boundaries of their own. */
  #durations = new BoundaryTable(DURATION_BOUNDARIES);
  readonly #following = new Set<SeriesSet<BucketedTiming>>();
  readonly #sizes: Metric<Gauge>;
  readonly #overflows: Metric<Counter>;

  /** Makes a registry with its own two metrics. */
  constructor(options: MetricRegistryOptions = {}) {
    this.seriesLimit = options.seriesLimit ?? 200;
    this.#onOverflow = options.onOverflow ?? (() => {});
    this.#onFailure = options.onFailure ?? (() => {});
    this.#sizes = this.#own(this.#gauges, {
      type: "gauge",
      definition: {
        name: "perfmock_series",
        help: "Number of series of a metric, its overflow series included",
        labels: ["metric"],
        merge: "max",
      },
    }, () => new CellGauge(this.#cells.take()));
    this.#overflows = this.#own(this.#counters, {
      type: "counter",
      definition: {
        name: "perfmock_series_overflow_total",
        help:
          "Number of label sets of a metric that went to its overflow series",
        labels: ["metric"],
      },
    }, () => new CellCounter(this.#cells.take()));
  }

  /**
   * Makes a counter metric, or returns the existing one.
   *
   * @throws PerfmockError `PLUGIN_INVALID` if the definition is not valid, or if another metric has the name
   */
  counter(definition: MetricDefinition): Metric<Counter> {
    return this.#metric(
      this.#counters,
      { definition, type: "counter" },
      () => new CellCounter(this.#cells.take(), this.#failedBy(definition)),
    );
  }

  /**
   * Makes a gauge metric, or returns the existing one.
   *
   * @throws PerfmockError `PLUGIN_INVALID` if the definition is not valid, or if another metric has the name
   */
  gauge(definition: MetricDefinition): Metric<Gauge> {
    return this.#metric(
      this.#gauges,
      { definition, type: "gauge" },
      () => new CellGauge(this.#cells.take(), this.#failedBy(definition)),
    );
  }

  /**
   * Makes a histogram metric, or returns the existing one. A value on a boundary falls into the bucket that ends there.
   *
   * @param boundaries in ascending milliseconds, above 0; by default those of {@linkcode MetricRegistry.bucketDurations}
   * @throws PerfmockError `PLUGIN_INVALID` if the definition is not valid, or if another metric has the name
   */
  timing(
    definition: MetricDefinition,
    boundaries?: readonly number[],
  ): Metric<Timing> {
    const own = boundaries && [...boundaries];
    let table: BoundaryTable | undefined;
    return this.#metric(
      this.#timings,
      {
        definition,
        type: "histogram",
        boundaries: own ?? this.#durations.boundaries,
      },
      () =>
        new BucketedTiming(
          own === undefined
            ? this.#durations
            : table ??= new BoundaryTable(own),
        ),
      (metric) => own === undefined && this.#following.add(metric),
    );
  }

  /**
   * Sets the boundaries of all metrics of durations without boundaries of their own; see {@linkcode Metrics.bucketDurations}. Default
   * {@linkcode DURATION_BOUNDARIES}.
   *
   * @throws PerfmockError `PLUGIN_INVALID` if the boundaries are not valid
   */
  bucketDurations(
    boundaries: readonly number[] = DURATION_BOUNDARIES,
  ): void {
    const present = this.#durations.boundaries;
    if (
      boundaries.length === present.length &&
      boundaries.every((boundary, index) => boundary === present[index])
    ) return;
    checkBoundaries(boundaries);
    const table = this.#durations = new BoundaryTable(boundaries);
    for (const metric of this.#following) {
      metric.boundaries = table.boundaries;
      for (const [, timing] of metric.entries()) timing.rebucket(table);
    }
  }

  /** The same metrics for one plugin: the error about a name that is taken names the plugin that has it. */
  ownedBy(plugin: string): Metrics {
    return {
      counter: (definition) => this.#as(plugin, () => this.counter(definition)),
      gauge: (definition) => this.#as(plugin, () => this.gauge(definition)),
      timing: (definition, boundaries) =>
        this.#as(plugin, () => this.timing(definition, boundaries)),
      bucketDurations: (boundaries) => this.bucketDurations(boundaries),
      all: () => this.all(),
    };
  }

  /** All metrics, in the order in which they were made. */
  all(): Iterable<Metric> {
    return this.#metrics.values();
  }

  #as<T>(plugin: string, make: () => T): T {
    this.#maker = plugin;
    try {
      return make();
    } finally {
      this.#maker = undefined;
    }
  }

  #failedBy({ name }: MetricDefinition): (error: unknown) => void {
    return (error) => this.#onFailure(this.#owners.get(name), error);
  }

  #ownerOf(metric: string): string {
    const plugin = this.#owners.get(metric);
    return plugin === undefined ? "the server itself" : `plugin "${plugin}"`;
  }

  #metric<
    Series extends Counter | Gauge | Timing,
    Made extends Series = Series,
  >(
    kind: Map<string, Metric<Series>>,
    plan: MetricPlan,
    make: () => Made,
    made: (metric: SeriesSet<Made>) => void = () => {},
  ): Metric<Series> {
    const { name } = plan.definition;
    const taken = this.#metrics.get(name);
    if (taken !== undefined) checkSameMetric(plan, taken, this.#ownerOf(name));
    const known = kind.get(name);
    if (known !== undefined) return known;
    checkMetric(plan);
    this.#claim(plan);
    const metric = new SeriesSet(plan, make, this.#limit(plan));
    if (this.#maker !== undefined) this.#owners.set(name, this.#maker);
    made(metric);
    kind.set(name, metric);
    this.#metrics.set(name, metric);
    return metric;
  }

  /** Makes one of the two metrics about all others, which have no limit themselves. */
  #own<Series extends Counter | Gauge>(
    kind: Map<string, Metric<Series>>,
    plan: MetricPlan,
    make: () => Series,
  ): Metric<Series> {
    this.#claim(plan);
    const metric = new SeriesSet(plan, make, undefined);
    kind.set(plan.definition.name, metric);
    this.#metrics.set(plan.definition.name, metric);
    return metric;
  }

  /** Reserves the names of a metric's samples, so that no two metrics write the same line. */
  #claim(plan: MetricPlan): void {
    const { name } = plan.definition;
    const names = exposedNames(plan);
    for (const exposed of names) {
      const owner = this.#exposed.get(exposed);
      if (owner === undefined) continue;
      throw metricError(name, [{
        path: "/name",
        message: `its samples "${exposed}" would be taken for "${owner}" of ${
          this.#ownerOf(owner)
        }`,
        value: name,
      }]);
    }
    for (const exposed of names) this.#exposed.set(exposed, name);
  }

  #limit({ definition: { name, labels = [] } }: MetricPlan): SeriesLimit {
    const size = this.#sizes.series(name);
    // The series is made before it is needed, since a rate over a counter needs the 0 before the first overflow.
    if (labels.length > 0) this.#overflows.series(name);
    return {
      maximum: () => this.seriesLimit,
      grew: (count) => size.set(count),
      overflowed: () => {
        const overflow = this.#overflows.series(name);
        if (overflow.value === 0) this.#onOverflow(name);
        overflow.add();
      },
    };
  }
}
