/**
 * What runs put into the server's metrics.
 *
 * @module
 */
import type { LoadProgress, LoadScenarioProgress } from "../../../core/load.ts";
import type {
  Clock,
  Counter,
  Gauge,
  Metrics,
  Timing,
} from "../../../core/plugin.ts";
import type { TickTimes } from "../figures/time_series.ts";

/** Boundaries of start lags, in ms. */
const LAG_BOUNDARIES: readonly number[] = [
  ...[0.01, 0.025, 0.05, 0.1, 0.25, 0.5],
  ...[1, 2.5, 5, 10, 50],
];

/** How many times are recorded in one go: some 50 µs, in which no request is served. */
const SLICE = 2000;

/** How long others get between two goes, in ms. */
const PAUSE = 1;

/** The series of one scenario. */
interface ScenarioSeries {
  readonly scheduled: Counter;
  readonly started: Counter;
  readonly dropped: Counter;
  readonly targetRate: Gauge;
  readonly users: Gauge;
  readonly responseTime: Timing;
  readonly serviceTime: Timing;
  readonly startLag: Timing;
}

/** Makes the metrics of all runs. */
export function loadMetrics(
  metrics: Metrics,
): (name: string) => ScenarioSeries {
  const labels = ["scenario"];
  const scheduled = metrics.counter({
    name: "perfmock_load_arrivals_scheduled_total",
    help: "Requests that were due",
    labels,
  });
  const started = metrics.counter({
    name: "perfmock_load_arrivals_started_total",
    help: "Requests that were sent",
    labels,
  });
  const dropped = metrics.counter({
    name: "perfmock_load_arrivals_dropped_total",
    help: "Requests that were due and not sent",
    labels: ["scenario", "reason"],
  });
  const targetRate = metrics.gauge({
    name: "perfmock_load_target_rate",
    help: "Requests that the script asks for now, per second",
    labels,
  });
  const users = metrics.gauge({
    name: "perfmock_load_users",
    help: "Virtual users that there are now",
    labels,
  });
  const responseTime = metrics.timing({
    name: "perfmock_load_response_seconds",
    help: "From when a request was due to the last byte of its answer",
    labels,
  });
  const serviceTime = metrics.timing({
    name: "perfmock_load_service_seconds",
    help: "From when a request was sent to the last byte of its answer",
    labels,
  });
  const startLag = metrics.timing({
    name: "perfmock_load_start_lag_seconds",
    help: "From when a request was due to when it was sent",
    labels,
  }, LAG_BOUNDARIES);
  return (name) => ({
    scheduled: scheduled.series(name),
    started: started.series(name),
    dropped: dropped.series(name, "max_in_flight"),
    targetRate: targetRate.series(name),
    users: users.series(name),
    responseTime: responseTime.series(name),
    serviceTime: serviceTime.series(name),
    startLag: startLag.series(name),
  });
}

/** What is left to record of a batch of times. */
interface Batch {
  readonly timing: Timing;
  /** Value in ms and how often, in turn. */
  readonly counts: Float64Array;
  place: number;
}

/** Brings one run's figures into the metrics. Runs whose scenarios have the same name are added up. */
export class RunSeries {
  readonly #seriesOf: (name: string) => ScenarioSeries;
  readonly #clock: Clock;
  readonly #series = new Map<string, ScenarioSeries>();
  readonly #last = new Map<string, LoadScenarioProgress>();
  readonly #batches: Batch[] = [];
  #timer = 0;

  /** @param seriesOf from {@linkcode loadMetrics} */
  constructor(seriesOf: (name: string) => ScenarioSeries, clock: Clock) {
    this.#seriesOf = seriesOf;
    this.#clock = clock;
  }

  /** Adds what is new since the last tick. */
  tick(
    { scenarios }: LoadProgress,
    times: Readonly<Record<string, TickTimes>>,
  ): void {
    for (const scenario of scenarios) {
      const { name } = scenario;
      const series = this.#of(name);
      const before = this.#last.get(name);
      series.scheduled.add(scenario.scheduled - (before?.scheduled ?? 0));
      series.started.add(scenario.started - (before?.started ?? 0));
      series.dropped.add(scenario.dropped - (before?.dropped ?? 0));
      series.targetRate.add(
        (scenario.targetRate ?? 0) - (before?.targetRate ?? 0),
      );
      series.users.add((scenario.users ?? 0) - (before?.users ?? 0));
      this.#last.set(name, scenario);
      for (const what of ["responseTime", "serviceTime", "startLag"] as const) {
        const counts = times[name]?.[what];
        if (counts === undefined) continue;
        this.#batches.push({ timing: series[what], counts, place: 0 });
      }
    }
    if (this.#timer === 0) this.#record();
  }

  /** The run is over: its rates and users are no more; its times are recorded to the last. */
  end(): void {
    for (const [name, { targetRate, users }] of this.#last) {
      const series = this.#of(name);
      series.targetRate.add(-(targetRate ?? 0));
      series.users.add(-(users ?? 0));
    }
    this.#last.clear();
    this.#clock.cancel(this.#timer);
    while (this.#batches.length > 0) this.#slice();
  }

  #of(name: string): ScenarioSeries {
    let series = this.#series.get(name);
    if (series === undefined) {
      this.#series.set(name, series = this.#seriesOf(name));
    }
    return series;
  }

  #record(): void {
    this.#timer = 0;
    this.#slice();
    if (this.#batches.length > 0) {
      this.#timer = this.#clock.at(
        this.#clock.now() + PAUSE,
        () => this.#record(),
        undefined,
      );
    }
  }

  #slice(): void {
    for (let left = SLICE; left > 0;) {
      const batch = this.#batches[0];
      if (batch === undefined) return;
      const { timing, counts } = batch;
      if (batch.place >= counts.length) {
        this.#batches.shift();
        continue;
      }
      const value = counts[batch.place];
      const count = Math.min(left, counts[batch.place + 1]);
      for (let i = 0; i < count; i++) timing.record(value);
      left -= count;
      counts[batch.place + 1] -= count;
      if (counts[batch.place + 1] === 0) batch.place += 2;
    }
  }
}
