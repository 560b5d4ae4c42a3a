/**
 * The server's metrics as a session sees them: what it counts, counts for the whole server, since a series for each session
 * would have no bound; what it measures of itself stays its own.
 *
 * @module
 */
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

  /** @param all the server's */
  constructor(all: Metrics) {
    this.#all = all;
  }

  /** A counter that counts for the server; what it follows stays here. */
  counter(definition: MetricDefinition): Metric<Counter> {
    return own(
      this.#all.counter(definition),
      (shared) => new SessionCounter(shared),
    );
  }

  /** The server's histogram. */
  timing(
    ...given: Parameters<Metrics["timing"]>
  ): ReturnType<Metrics["timing"]> {
    return this.#all.timing(...given);
  }

  /** A gauge whose sums go to the server's; what is set or followed stays here. */
  gauge(definition: MetricDefinition): Metric<Gauge> {
    return own(
      this.#all.gauge(definition),
      (shared) => new SessionGauge(shared),
    );
  }

  /** The server's. */
  all(): Iterable<Metric> {
    return this.#all.all();
  }
}

/** A metric whose series stand before those of the server's. */
function own<Series>(
  shared: Metric<Series>,
  make: (shared: Series) => Series,
): Metric<Series> {
  const series = new Map<string, Series>();
  return {
    definition: shared.definition,
    type: shared.type,
    series(...values) {
      const key = JSON.stringify(values);
      let found = series.get(key);
      if (found === undefined) {
        series.set(key, found = make(shared.series(...values)));
      }
      return found;
    },
    *entries() {
      for (const [key, one] of series) {
        yield [JSON.parse(key) as string[], one] as const;
      }
    },
  };
}

class SessionCounter implements Counter {
  readonly #shared: Counter;
  #value = 0;
  #read: (() => number) | undefined;

  constructor(shared: Counter) {
    this.#shared = shared;
  }

  get value(): number {
    return this.#read?.() ?? this.#value;
  }

  add(n = 1): void {
    this.#value += n;
    this.#shared.add(n);
  }

  follow(read: () => number): void {
    this.#read = read;
  }
}

class SessionGauge implements Gauge {
  readonly #shared: Gauge;
  #value = 0;
  #read: (() => number) | undefined;

  constructor(shared: Gauge) {
    this.#shared = shared;
  }

  get value(): number {
    return this.#read?.() ?? this.#value;
  }

  set(value: number): void {
    this.#read = undefined;
    this.#value = value;
  }

  follow(read: () => number): void {
    this.#read = read;
  }

  add(n: number): void {
    this.#value += n;
    this.#shared.add(n);
  }
}
