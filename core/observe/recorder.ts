/**
 * Records every exchange: into the metrics that exporters show, and into the figures of `stats` and `health`. Series are bound
 * when a route is built; recording looks nothing up by name.
 *
 * @module
 */
import type { Counter, Exchange, Metrics, Timing } from "../plugin.ts";
import type { RouteFigures } from "./figures.ts";
import { RouteSeries } from "./route_series.ts";
import { LATENESS_BOUNDARIES } from "./timing.ts";
import { RecentHistogram } from "./windows.ts";

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
  #since: number;
  #unmatched = 0;
  /** Of which routes figures are shown; of all while nobody has said. */
  #shown: readonly string[] | undefined;
  /** The faults of routes that may come into force, by route id. */
  readonly #planned = new Map<string, Set<string>>();

  /**
   * @param metrics where the series are made
   * @param since the present, in the clock's milliseconds
   */
  constructor(metrics: Metrics, since: number) {
    this.#since = since;
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
    return new RouteRecorder(
      this.#series(id),
      (status) => this.#durations.series(method, pattern, `${status}`),
    );
  }

  /**
   * The counter of one kind of fault on a route. Its series is made once the route is in force, or the fault takes effect.
   *
   * @param id the route's id
   * @param fault the status it answers with, or what it does
   */
  fault(id: string, fault: string): Pick<Counter, "add"> {
    const planned = this.#planned.get(id);
    if (planned === undefined) this.#planned.set(id, new Set([fault]));
    else planned.add(fault);
    let counter: Pick<Counter, "add"> | undefined;
    return {
      add: (n) => (counter ??= this.#fault(id, fault)).add(n),
    };
  }

  /** A request that no route took was answered at once. */
  unmatched(method: string, status: number): void {
    this.#unmatched++;
    this.#durations.series(methodLabel(method), "__unmatched__", `${status}`)
      .record(0);
  }

  /** How many requests no route took since the last reset. */
  get unmatchedCount(): number {
    return this.#unmatched;
  }

  /** Since when figures are counted: the start or the last reset, in the clock's milliseconds. */
  get since(): number {
    return this.#since;
  }

  /**
   * From now on figures are kept of these routes alone, and shown in this order. Their series exist from then on, since a
   * rate over a counter needs its 0; what metrics say of other routes stays as it is.
   *
   * @param ids of the routes of the present configuration
   */
  keep(ids: readonly string[]): void {
    this.#shown = [...ids];
    const kept = new Set(ids);
    for (const id of this.#routes.keys()) {
      if (!kept.has(id)) this.#routes.delete(id);
    }
    for (const id of ids) {
      this.#series(id);
      for (const fault of this.#planned.get(id) ?? []) this.#fault(id, fault);
    }
    this.#planned.clear();
  }

  /**
   * What happened since the start or the last reset, by route id.
   *
   * @param now the present, in the clock's milliseconds
   */
  snapshot(now: number): Record<string, RouteFigures> {
    return Object.fromEntries(this.figures(now));
  }

  /** The same route by route, each taken when it is asked for. */
  *figures(now: number): Generator<readonly [id: string, RouteFigures]> {
    for (const id of this.#shown ?? [...this.#routes.keys()]) {
      yield [id, this.#series(id).snapshot(now)];
    }
  }

  /**
   * Starts the figures of {@linkcode Recorder.snapshot} afresh; metrics for exporters go on, as counters must.
   *
   * @param now the present, in the clock's milliseconds
   */
  reset(now: number): void {
    this.#since = now;
    this.#unmatched = 0;
    this.lateness.reset();
    for (const series of this.#routes.values()) series.reset(now);
  }

  #fault(id: string, fault: string): Pick<Counter, "add"> {
    return this.#series(id).fault(fault, this.#faults.series(id, fault));
  }

  #series(id: string): RouteSeries {
    let series = this.#routes.get(id);
    if (series === undefined) {
      series = new RouteSeries({
        arrivals: this.#arrivals.series(id),
        inFlight: this.#inFlight.series(id),
        service: this.#service.series(id),
        target: this.#target.series(id),
        late: this.#late.series(id),
        gone: (phase) => this.#gone.series(id, phase),
        early: this.#early,
        recent: this.lateness,
      }, this.#since);
      this.#routes.set(id, series);
    }
    return series;
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

  /** A request arrived at a time, in the clock's milliseconds. */
  arrived(at: number): void {
    this.#series.arrived(at);
  }

  /** An exchange has ended. */
  observe(x: Exchange): void {
    this.#series.observe(x);
    if (x.outcome === "gone" || x.outcome === "cut" || x.status === 0) return;
    const slot = x.status - FIRST_STATUS;
    const timing = this.#durations[slot] ??= this.#durationsOf(x.status);
    timing.record(x.end - x.arrival, x.trace, x.end);
  }
}
