/**
 * The metrics of runs.
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

/** Number of different times recorded at once. That takes about 50 µs, during which no request is served. */
const SLICE = 1000;

/** Pause between two such slices, in ms. */
const PAUSE = 1;

/** Ends of a request. `failed` are those without an answer. */
const OUTCOMES = ["served", "refused", "failed", "cut"] as const;

type Outcome = typeof OUTCOMES[number];

/** Series of one scenario. */
interface ScenarioSeries {
  readonly scheduled: Counter;
  readonly started: Counter;
  readonly dropped: Counter;
  readonly outcomes: Readonly<Record<Outcome, Counter>>;
  readonly targetRate: Gauge;
  readonly users: Gauge;
  readonly responseTime: Timing;
  readonly serviceTime: Timing;
  readonly startLag: Timing;
}

/** Registers the metrics of all runs. Returns a function that makes the series of a scenario by its name. */
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
    help: "Requests that were due but not sent",
    labels: ["scenario", "reason"],
  });
  const ended = metrics.counter({
    name: "perfmock_load_requests_ended_total",
    help:
      "Requests that were served, refused with a status of 400 or more, not answered (failed), or cut off by the end of the run",
    labels: ["scenario", "outcome"],
  });
  const targetRate = metrics.gauge({
    name: "perfmock_load_target_rate",
    help: "Scheduled requests per second at present",
    labels,
  });
  const users = metrics.gauge({
    name: "perfmock_load_users",
    help: "Active virtual users",
    labels,
  });
  const responseTime = metrics.timing({
    name: "perfmock_load_response_seconds",
    help:
      "Time from a request's scheduled start to the last byte of its response, of requests that were served or timed out",
    labels,
  });
  const serviceTime = metrics.timing({
    name: "perfmock_load_service_seconds",
    help:
      "Time from a request's send to the last byte of its response, of requests that were served or timed out",
    labels,
  });
  const startLag = metrics.timing({
    name: "perfmock_load_start_lag_seconds",
    help: "Time from a request's scheduled start to its send",
    labels,
  }, LAG_BOUNDARIES);
  return (name) => ({
    scheduled: scheduled.series(name),
    started: started.series(name),
    dropped: dropped.series(name, "max_in_flight"),
    outcomes: {
      served: ended.series(name, "served"),
      refused: ended.series(name, "refused"),
      failed: ended.series(name, "failed"),
      cut: ended.series(name, "cut"),
    },
    targetRate: targetRate.series(name),
    users: users.series(name),
    responseTime: responseTime.series(name),
    serviceTime: serviceTime.series(name),
    startLag: startLag.series(name),
  });
}

function outcomesOf(
  { completed, failed, refused, cut }: LoadScenarioProgress,
): Record<Outcome, number> {
  return { served: completed, refused, failed: failed - refused, cut };
}

/** The times of one tick that are not recorded yet. */
interface Batch {
  readonly timing: Timing;
  /** Value in ms and count, in turn. */
  readonly counts: Float64Array;
  place: number;
}

/** Brings the figures of one run into the metrics. Scenarios of the same name in several runs are added up. */
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

  /** Adds the differences since the last tick. */
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
      const now = outcomesOf(scenario);
      const then = before && outcomesOf(before);
      for (const outcome of OUTCOMES) {
        series.outcomes[outcome].add(now[outcome] - (then?.[outcome] ?? 0));
      }
      series.targetRate.add(
        (scenario.targetRate ?? 0) - (before?.targetRate ?? 0),
      );
      series.users.add((scenario.users ?? 0) - (before?.users ?? 0));
      this.#last.set(name, scenario);
      for (const what of ["responseTime", "serviceTime", "startLag"] as const) {
        const counts = times[name]?.[what];
        if (counts === undefined || counts.length === 0) continue;
        this.#batches.push({ timing: series[what], counts, place: 0 });
      }
    }
    if (this.#timer === 0) this.#record();
  }

  /** Ends the run: removes its rates and users, and records all remaining times. */
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
    for (let left = SLICE; left > 0; left--) {
      const batch = this.#batches[0];
      if (batch === undefined) return;
      const { timing, counts, place } = batch;
      timing.recordMany(counts[place], counts[place + 1]);
      batch.place += 2;
      if (batch.place >= counts.length) this.#batches.shift();
    }
  }
}
