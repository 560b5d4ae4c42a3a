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
  compare,
  exposedNames,
  type Plan,
  refuse,
  validate,
} from "./metric_definition.ts";
import {
  CellCounter,
  CellGauge,
  Cells,
  SeriesSet,
  type Warden,
} from "./metric_series.ts";
import {
  BoundaryTable,
  BucketedTiming,
  DURATION_BOUNDARIES,
} from "./timing.ts";

/** What a {@linkcode MetricRegistry} is made with. */
export interface MetricRegistryOptions {
  /** The cap on the series of each metric, at least 1; 200 where absent. */
  readonly seriesLimit?: number;
  /** Called when a metric passes the cap, once for each metric. */
  readonly onOverflow?: (metric: string) => void;
}

/** The cap on the series of a metric for a number of routes: the larger of 200 and that number, 2000 at most. */
export function seriesLimitFor(routes: number): number {
  return Math.min(2000, Math.max(200, routes));
}

/**
 * The metrics of a server. Each has a cap on its series; label sets beyond it share one series whose label values are all
 * `__overflow__`, so that totals stay exact. `perfmock_series` says how many series each metric has, and
 * `perfmock_series_overflow_total` how often a label set found no room; these two have no cap.
 */
export class MetricRegistry implements Metrics {
  /** The cap on the series of each metric. Raising it gives room to label sets that come from then on. */
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
  readonly #sizes: Metric<Gauge>;
  readonly #overflows: Metric<Counter>;

  /** Makes a registry that holds its own two metrics. */
  constructor(options: MetricRegistryOptions = {}) {
    this.seriesLimit = options.seriesLimit ?? 200;
    this.#onOverflow = options.onOverflow ?? (() => {});
    this.#sizes = this.#own(this.#gauges, {
      type: "gauge",
      definition: {
        name: "perfmock_series",
        help: "Number of series of a metric, its overflow series included",
        labels: ["metric"],
      },
    }, () => new CellGauge(this.#cells.take()));
    this.#overflows = this.#own(this.#counters, {
      type: "counter",
      definition: {
        name: "perfmock_series_overflow_total",
        help:
          "Times a label set of a metric was folded into its overflow series",
        labels: ["metric"],
      },
    }, () => new CellCounter(this.#cells.take()));
  }

  /**
   * A counter metric; the same one where it exists.
   *
   * @throws PerfmockError `PLUGIN_INVALID` where the definition is not valid or the name is taken by another metric
   */
  counter(definition: MetricDefinition): Metric<Counter> {
    return this.#metric(
      this.#counters,
      { definition, type: "counter" },
      () => new CellCounter(this.#cells.take()),
    );
  }

  /**
   * A gauge metric; the same one where it exists.
   *
   * @throws PerfmockError `PLUGIN_INVALID` where the definition is not valid or the name is taken by another metric
   */
  gauge(definition: MetricDefinition): Metric<Gauge> {
    return this.#metric(
      this.#gauges,
      { definition, type: "gauge" },
      () => new CellGauge(this.#cells.take()),
    );
  }

  /**
   * A histogram metric; the same one where it exists. A value on a boundary counts as at most that boundary.
   *
   * @param boundaries ascending milliseconds above 0; {@linkcode DURATION_BOUNDARIES} where absent
   * @throws PerfmockError `PLUGIN_INVALID` where the definition is not valid or the name is taken by another metric
   */
  timing(
    definition: MetricDefinition,
    boundaries: readonly number[] = DURATION_BOUNDARIES,
  ): Metric<Timing> {
    const own = [...boundaries];
    let table: BoundaryTable | undefined;
    return this.#metric(
      this.#timings,
      { definition, type: "histogram", boundaries: own },
      () => new BucketedTiming(table ??= new BoundaryTable(own)),
    );
  }

  /** The same metrics in the hands of one plugin: where names clash, the error says whose the name is. */
  ownedBy(plugin: string): Metrics {
    return {
      counter: (definition) => this.#as(plugin, () => this.counter(definition)),
      gauge: (definition) => this.#as(plugin, () => this.gauge(definition)),
      timing: (definition, boundaries) =>
        this.#as(plugin, () => this.timing(definition, boundaries)),
      all: () => this.all(),
    };
  }

  /** All metrics, in the order they were made. */
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

  #whose(metric: string): string {
    const plugin = this.#owners.get(metric);
    return plugin === undefined ? "the server itself" : `plugin "${plugin}"`;
  }

  #metric<Series extends Counter | Gauge | Timing>(
    kind: Map<string, Metric<Series>>,
    plan: Plan,
    make: () => Series,
  ): Metric<Series> {
    const { name } = plan.definition;
    const taken = this.#metrics.get(name);
    if (taken !== undefined) compare(plan, taken, this.#whose(name));
    const known = kind.get(name);
    if (known !== undefined) return known;
    validate(plan);
    this.#claim(plan);
    const metric = new SeriesSet(plan, make, this.#warden(plan));
    if (this.#maker !== undefined) this.#owners.set(name, this.#maker);
    kind.set(name, metric);
    this.#metrics.set(name, metric);
    return metric;
  }

  /** One of the two metrics that report on all others, and so have no cap themselves. */
  #own<Series extends Counter | Gauge>(
    kind: Map<string, Metric<Series>>,
    plan: Plan,
    make: () => Series,
  ): Metric<Series> {
    this.#claim(plan);
    const metric = new SeriesSet(plan, make, undefined);
    kind.set(plan.definition.name, metric);
    this.#metrics.set(plan.definition.name, metric);
    return metric;
  }

  /** Takes the names of a metric's samples, so that no two metrics write the same line. */
  #claim(plan: Plan): void {
    const { name } = plan.definition;
    const names = exposedNames(plan);
    for (const exposed of names) {
      const owner = this.#exposed.get(exposed);
      if (owner === undefined) continue;
      throw refuse(name, [{
        path: "/name",
        message: `its samples "${exposed}" would be taken for "${owner}" of ${
          this.#whose(owner)
        }`,
        value: name,
      }]);
    }
    for (const exposed of names) this.#exposed.set(exposed, name);
  }

  #warden({ definition: { name, labels = [] } }: Plan): Warden {
    const size = this.#sizes.series(name);
    // A rate over a counter needs its 0 from before the first overflow.
    if (labels.length > 0) this.#overflows.series(name);
    return {
      limit: () => this.seriesLimit,
      grew: (count) => size.set(count),
      folded: () => {
        const overflow = this.#overflows.series(name);
        if (overflow.value === 0) this.#onOverflow(name);
        overflow.add();
      },
    };
  }
}
