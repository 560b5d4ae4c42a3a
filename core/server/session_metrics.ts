/**
 * The server's metrics as a session sees them. Counts of a session are added to the server's, since the number of sessions is
 * not bounded and each would need series of its own. Gauges that a session sets, and values it follows, stay in the session.
 *
 * @module
 */
import { followed } from "../observe/metric_series.ts";
import type {
  Counter,
  Gauge,
  Metric,
  MetricDefinition,
  Metrics,
} from "../plugin.ts";

/** A session's view of the server's metrics. */
export class SessionMetrics implements Metrics {
  readonly #all: Metrics;

  /** @param all metrics of the server */
  constructor(all: Metrics) {
    this.#all = all;
  }

  /** A counter that adds to the server's; a value that it follows stays in the session. */
  counter(definition: MetricDefinition): Metric<Counter> {
    return own(
      this.#all.counter(definition),
      (shared) => new SessionNumber(shared),
    );
  }

  /** Histogram of the server. */
  timing(
    ...given: Parameters<Metrics["timing"]>
  ): ReturnType<Metrics["timing"]> {
    return this.#all.timing(...given);
  }

  /** A gauge whose additions go to the server's too; a value that is set or followed stays in the session. */
  gauge(definition: MetricDefinition): Metric<Gauge> {
    return own(
      this.#all.gauge(definition),
      (shared) => new SessionNumber(shared),
    );
  }

  /** Does nothing: the histograms are the server's. */
  bucketDurations(): void {}

  /** Metrics of the server. */
  all(): Iterable<Metric> {
    return this.#all.all();
  }
}

/**
 * A metric with series of its own, each of which is made from the server's series with the same labels: there are as many as the
 * server's limit allows, and label sets beyond it share one here, too.
 */
function own<Series extends object>(
  shared: Metric<Series>,
  make: (shared: Series) => Series,
): Metric<Series> {
  const series = new Map<Series, Series>();
  return {
    definition: shared.definition,
    type: shared.type,
    series(...values) {
      const from = shared.series(...values);
      let found = series.get(from);
      if (found === undefined) series.set(from, found = make(from));
      return found;
    },
    *entries() {
      for (const [values, from] of shared.entries()) {
        const one = series.get(from);
        if (one !== undefined) yield [values, one] as const;
      }
    },
  };
}

/** Counter or gauge of a session. */
class SessionNumber implements Counter, Gauge {
  readonly #shared: Counter | Gauge;
  #value = 0;
  #read: (() => number) | undefined;

  constructor(shared: Counter | Gauge) {
    this.#shared = shared;
  }

  get value(): number {
    // Nobody reads the values of a session but the session itself.
    return this.#read === undefined
      ? this.#value
      : followed(this.#read, () => {});
  }

  add(n = 1): void {
    this.#shared.add(n);
    this.#value += n;
  }

  set(value: number): void {
    this.#read = undefined;
    this.#value = value;
  }

  follow(read: () => number): void {
    this.#read = read;
  }
}
