/**
 * What the pipeline records of every exchange: into the metrics that exporters show, and into the figures of `stats` and
 * `health`. Series are bound when a route is built; recording looks nothing up by name.
 *
 * @module
 */
import type { Counter, Exchange, Gauge, Metrics, Timing } from "../plugin.ts";
import { LATENESS_BOUNDARIES } from "./boundaries.ts";
import { Histogram } from "./histogram.ts";
import { RecentHistogram } from "./recent.ts";

/** The methods that a metric names. */
const KNOWN_METHODS: ReadonlySet<string> = new Set([
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "OPTIONS",
  "TRACE",
  "CONNECT",
]);

/** The name of a request's method in metrics: any unknown one is `_OTHER`, or a client could make up series without end. */
export function methodLabel(method: string): string {
  return KNOWN_METHODS.has(method) ? method : "_OTHER";
}

/** How far back `health` looks, in milliseconds. */
const RECENTLY = 10_000;

const FIRST_STATUS = 100;

/** The figures of one histogram, in milliseconds; null where nothing was recorded. */
export interface Figures {
  /** How many were recorded. */
  readonly count: number;
  /** The smallest. */
  readonly min: number | null;
  /** Their mean. */
  readonly mean: number | null;
  /** Half were at most this long. */
  readonly p50: number | null;
  /** 90 % were at most this long. */
  readonly p90: number | null;
  /** 95 % were at most this long. */
  readonly p95: number | null;
  /** 99 % were at most this long. */
  readonly p99: number | null;
  /** 99.9 % were at most this long. */
  readonly p999: number | null;
  /** The longest. */
  readonly max: number | null;
}

/** What happened on one route since the start or the last reset. */
export interface RouteFigures {
  /** Requests that arrived. */
  readonly arrivals: number;
  /** Requests under way now. */
  readonly inFlight: number;
  /** Requests that were answered as configured. */
  readonly answered: number;
  /** Requests that were not admitted. */
  readonly rejected: number;
  /** Requests that a hook failed. */
  readonly failed: number;
  /** Clients that left before their answer. */
  readonly gone: number;
  /** Answers that left before their time; always 0, or perfmock is broken. */
  readonly early: number;
  /** From arrival to headers, of all that were answered. */
  readonly responseTime: Figures;
  /** What the delays should have been. */
  readonly target: Figures;
  /** How much later than that headers left, of those that were held. */
  readonly lateness: Figures;
}

/** The figures of a histogram. */
export function figures(histogram: Histogram): Figures {
  const { count } = histogram;
  const at = (p: number) => count === 0 ? null : round(histogram.quantile(p));
  return {
    count,
    min: count === 0 ? null : round(histogram.min),
    mean: count === 0 ? null : round(histogram.sum / count),
    p50: at(0.5),
    p90: at(0.9),
    p95: at(0.95),
    p99: at(0.99),
    p999: at(0.999),
    max: count === 0 ? null : round(histogram.max),
  };
}

/** To a tenth of a microsecond: beyond it are the clock's own digits. */
function round(milliseconds: number): number {
  return Math.round(milliseconds * 1e4) / 1e4;
}

/** Everything recorded on one server. */
export class Recorder {
  /** The lateness of late, of all routes. */
  readonly lateness: RecentHistogram = new RecentHistogram(RECENTLY);
  /** Event-loop lag, fed by the lag sampler. */
  readonly lag: Timing;
  readonly #routes = new Map<string, RouteSeries>();
  readonly #durations;
  readonly #arrivals;
  readonly #inFlight;
  readonly #service;
  readonly #target;
  readonly #late;
  readonly #gone;
  readonly #early;
  readonly #faults;

  /** @param metrics where the series are made */
  constructor(metrics: Metrics) {
    this.#durations = metrics.timing({
      name: "http_server_request_duration_seconds",
      help: "Time from arrival to response headers",
      labels: [
        "http_request_method",
        "http_route",
        "http_response_status_code",
      ],
    });
    this.#arrivals = metrics.counter({
      name: "perfmock_arrivals_total",
      help: "Requests that arrived",
      labels: ["route"],
    });
    this.#inFlight = metrics.gauge({
      name: "perfmock_requests_in_flight",
      help: "Requests that have arrived and not ended",
      labels: ["route"],
    });
    this.#service = metrics.timing({
      name: "perfmock_service_seconds",
      help: "Service time as achieved, without queueing and degradation",
      labels: ["route"],
    });
    this.#target = metrics.timing({
      name: "perfmock_injected_delay_target_seconds",
      help: "Delay asked for: service time and degradation as drawn",
      labels: ["route"],
    });
    this.#late = metrics.timing({
      name: "perfmock_injected_delay_lateness_seconds",
      help: "How much later than its target time a held response left",
      labels: ["route"],
    }, LATENESS_BOUNDARIES);
    this.#gone = metrics.counter({
      name: "perfmock_client_disconnects_total",
      help: "Clients that left before the last byte of their response",
      labels: ["route", "phase"],
    });
    this.#early = metrics.counter({
      name: "perfmock_injected_delay_early_total",
      help: "Responses that left before their target time; always 0",
    }).series();
    this.#faults = metrics.counter({
      name: "perfmock_faults_total",
      help: "Injected faults that took effect",
      labels: ["route", "fault"],
    });
    this.lag = metrics.timing({
      name: "perfmock_eventloop_lag_seconds",
      help: "How much later than asked for the event loop ran a probe",
    }, LATENESS_BOUNDARIES).series();
  }

  /**
   * The recorder of one route, by identity: a route that is built again goes on with its figures.
   *
   * @param id the route's id
   * @param pattern the route's path as configured, never a request's
   * @param method the request method, upper case, for the HTTP metric
   */
  route(id: string, pattern: string, method: string): RouteRecorder {
    let series = this.#routes.get(id);
    if (series === undefined) {
      series = new RouteSeries({
        arrivals: this.#arrivals.series(id),
        inFlight: this.#inFlight.series(id),
        service: this.#service.series(id),
        target: this.#target.series(id),
        late: this.#late.series(id),
        gone: {
          queue: this.#gone.series(id, "queue"),
          service: this.#gone.series(id, "service"),
          body: this.#gone.series(id, "body"),
        },
        early: this.#early,
        recent: this.lateness,
      });
      this.#routes.set(id, series);
    }
    return new RouteRecorder(
      series,
      (status) => this.#durations.series(method, pattern, `${status}`),
    );
  }

  /**
   * The counter of one kind of fault on a route.
   *
   * @param id the route's id
   * @param fault the status it answers with, or what it does
   */
  fault(id: string, fault: string): Counter {
    return this.#faults.series(id, fault);
  }

  /** A request that no route took was answered at once. */
  unmatched(method: string, status: number): void {
    this.#durations.series(methodLabel(method), "__unmatched__", `${status}`)
      .record(0);
  }

  /** What happened since the start or the last reset, by route id. */
  snapshot(): Record<string, RouteFigures> {
    return Object.fromEntries(
      [...this.#routes].map(([id, series]) => [id, series.snapshot()]),
    );
  }

  /** Starts the figures of {@linkcode Recorder.snapshot} afresh; metrics for exporters go on, as counters must. */
  reset(): void {
    this.lateness.reset();
    for (const series of this.#routes.values()) series.reset();
  }
}

/** The series of one route. */
interface Bound {
  readonly arrivals: Counter;
  readonly inFlight: Gauge;
  readonly service: Timing;
  readonly target: Timing;
  readonly late: Timing;
  readonly gone: Readonly<Record<Exchange["phase"], Counter>>;
  readonly early: Counter;
  readonly recent: RecentHistogram;
}

/** What is recorded of one route, whatever the method. */
class RouteSeries {
  readonly #bound: Bound;
  #arrivals = 0;
  #answered = 0;
  #rejected = 0;
  #failed = 0;
  #gone = 0;
  #early = 0;
  readonly #responseTime = new Histogram();
  readonly #target = new Histogram();
  readonly #lateness = new Histogram();

  constructor(bound: Bound) {
    this.#bound = bound;
  }

  arrived(): void {
    this.#arrivals++;
    this.#bound.arrivals.add();
    this.#bound.inFlight.add(1);
  }

  observe(x: Exchange): void {
    const bound = this.#bound;
    bound.inFlight.add(-1);
    switch (x.outcome) {
      case "answered":
        this.#answered++;
        this.#responseTime.record(x.end - x.arrival);
        this.#target.record(x.due - x.start);
        bound.target.record(x.due - x.start);
        bound.service.record(Math.max(0, x.end - x.start - x.degradation));
        if (x.due > x.arrival) this.#held(x.end - x.due, x.end);
        break;
      case "rejected":
        this.#rejected++;
        break;
      case "failed":
        this.#failed++;
        break;
      case "gone":
        this.#gone++;
        bound.gone[x.phase].add();
        break;
      case "cut":
      case "reset":
      case "pending":
    }
  }

  #held(lateness: number, now: number): void {
    if (lateness < 0) {
      this.#early++;
      this.#bound.early.add();
    }
    const late = Math.max(0, lateness);
    this.#lateness.record(late);
    this.#bound.late.record(late);
    this.#bound.recent.record(late, now);
  }

  snapshot(): RouteFigures {
    return {
      arrivals: this.#arrivals,
      inFlight: this.#bound.inFlight.value,
      answered: this.#answered,
      rejected: this.#rejected,
      failed: this.#failed,
      gone: this.#gone,
      early: this.#early,
      responseTime: figures(this.#responseTime),
      target: figures(this.#target),
      lateness: figures(this.#lateness),
    };
  }

  reset(): void {
    this.#arrivals = this.#answered = this.#rejected = 0;
    this.#failed = this.#gone = this.#early = 0;
    this.#responseTime.reset();
    this.#target.reset();
    this.#lateness.reset();
  }
}

/** Records the exchanges of one route and method. */
export class RouteRecorder {
  readonly #series: RouteSeries;
  readonly #durationsOf: (status: number) => Timing;
  /** By status, from 100: filled as statuses occur, so that metrics show those only. */
  readonly #durations: (Timing | undefined)[] = [];

  /**
   * Use {@linkcode Recorder.route}.
   *
   * @param series what all methods of the route share
   * @param durationsOf makes the series of a status
   */
  constructor(series: RouteSeries, durationsOf: (status: number) => Timing) {
    this.#series = series;
    this.#durationsOf = durationsOf;
  }

  /** A request has arrived. */
  arrived(): void {
    this.#series.arrived();
  }

  /** An exchange has ended. */
  observe(x: Exchange): void {
    this.#series.observe(x);
    if (x.outcome === "gone" || x.outcome === "cut" || x.status === 0) return;
    const slot = x.status - FIRST_STATUS;
    const timing = this.#durations[slot] ??= this.#durationsOf(x.status);
    timing.record(x.end - x.arrival);
  }
}
