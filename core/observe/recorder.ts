/**
 * Records every exchange: into the metrics that exporters show, and into the figures of `stats` and `health`. Series are bound
 * when a route is built; recording looks nothing up by name.
 *
 * @module
 */
import type { Counter, Exchange, Metrics, Timing } from "../plugin.ts";
import { KNOWN_METHODS } from "../lib/http.ts";
import { type Describe, figures, type RouteFigures } from "./figures.ts";
import { RouteSeries } from "./route_series.ts";
import { SocketMetrics, type SocketSeries } from "./socket_series.ts";
import { LATENESS_BOUNDARIES } from "./timing.ts";
import { type UnmatchedRequest, UnmatchedRequests } from "./unmatched.ts";
import { RecentHistogram } from "./windows.ts";

/** Name of a request's method in metrics. An unknown one is `_OTHER`: otherwise a client could create any number of series. */
export function methodLabel(method: string): string {
  return KNOWN_METHODS.has(method) ? method : "_OTHER";
}

/** Window of the lateness that `health` judges, in milliseconds. */
const RECENTLY = 10_000;

/** Route of requests that matched none, in metrics. */
const UNMATCHED = "__unmatched__";

const FIRST_STATUS = 100;

/** Records the exchanges of one server or session. */
export class Recorder {
  /** Lateness of the last 10 s, of all routes. */
  readonly lateness: RecentHistogram = new RecentHistogram(RECENTLY);
  /** Event-loop lag; the lag sampler records into it. */
  readonly lag: Timing;
  readonly #routes = new Map<string, RouteSeries>();
  readonly #durations;
  readonly #arrivals;
  readonly #inFlight;
  readonly #service;
  readonly #target;
  readonly #late;
  readonly #sent;
  readonly #gone;
  readonly #early;
  readonly #faults;
  readonly #unread;
  #since: number;
  #unmatched = 0;
  readonly #unmatchedRequests = new UnmatchedRequests();
  /** Ids of the routes in the figures; undefined for all routes. */
  #shown: readonly string[] | undefined;
  readonly #metrics: Metrics;
  /** Metrics of WebSockets; undefined until a route that opens them comes into force. */
  #sockets: SocketMetrics | undefined;
  /** Faults of routes that are being built and not in force yet, by route id. */
  readonly #planned = new Map<string, Set<string>>();

  /**
   * Makes the metrics of all routes.
   *
   * @param metrics registry to make them in
   * @param since start of the counting, in the clock's milliseconds
   */
  constructor(metrics: Metrics, since: number) {
    this.#since = since;
    this.#durations = metrics.timing({
      name: "http_server_request_duration_seconds",
      help: "Time from arrival to response headers",
      labels: [
        "route",
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
      help: "Achieved service time, without queueing and degradation",
      labels: ["route"],
    });
    this.#target = metrics.timing({
      name: "perfmock_injected_delay_target_seconds",
      help: "Intended delay: service time and degradation as drawn",
      labels: ["route"],
    });
    this.#late = metrics.timing({
      name: "perfmock_injected_delay_lateness_seconds",
      help:
        "Time from the intended to the actual departure of a delayed response",
      labels: ["route"],
    }, LATENESS_BOUNDARIES);
    this.#sent = metrics.counter({
      name: "perfmock_response_body_bytes_total",
      help: "Bytes of response bodies, in their content coding",
      labels: ["route"],
    });
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
    this.#unread = metrics.counter({
      name: "perfmock_unread_bodies_total",
      help:
        "Requests that matched no route since their body is no JSON, too long, or a batch of too many operations",
      labels: ["reason"],
    });
    this.#metrics = metrics;
    this.lag = metrics.timing({
      name: "perfmock_eventloop_lag_seconds",
      help: "Time from the requested to the actual wake-up of the event loop",
    }, LATENESS_BOUNDARIES).series();
  }

  /**
   * Recorder of one route and method. A route that is built again under the same id continues its figures.
   *
   * @param id the route's id
   * @param pattern the route's path as configured, never the path of a request
   * @param method the request method in upper case, for the HTTP metric
   */
  route(id: string, pattern: string, method: string): RouteRecorder {
    return new RouteRecorder(
      this.#series(id),
      (status) => this.#durations.series(id, method, pattern, `${status}`),
    );
  }

  /**
   * Counter of one kind of fault on a route. Its series is made when the route comes into force, or when the fault first takes
   * effect.
   *
   * @param id the route's id
   * @param fault the status it answers with, or the action it takes
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

  /** Recording of the WebSockets of a route. */
  sockets(id: string): SocketSeries {
    return this.#series(id).sockets(() => {
      this.#sockets ??= new SocketMetrics(this.#metrics);
      return this.#sockets.of(id);
    });
  }

  /** A revision is about to be built: forgets the faults of routes that exist only in one that was rejected. */
  begin(): void {
    const shown = new Set(this.#shown);
    for (const id of this.#planned.keys()) {
      if (!shown.has(id)) this.#planned.delete(id);
    }
  }

  /** Records a request that matched no route and was answered at once. */
  unmatched(method: string, url: string, status: number): void {
    this.#unmatched++;
    this.#unmatchedRequests.add(method, url);
    this.#durations.series(
      UNMATCHED,
      methodLabel(method),
      UNMATCHED,
      `${status}`,
    ).record(0);
  }

  /** Counts a request whose body conditions of routes could not look at. */
  unread(reason: string): void {
    this.#unread.series(reason).add();
  }

  /** Number of requests in the metrics that have reached a route; the server's metrics count those of its sessions, too. */
  get arrivals(): number {
    let sum = 0;
    for (const [, counter] of this.#arrivals.entries()) sum += counter.value;
    return sum;
  }

  /** Number of requests since the last reset that matched no route. */
  get unmatchedCount(): number {
    return this.#unmatched;
  }

  /** Those requests, by method and path: the first 20 that differ. */
  get unmatchedRequests(): UnmatchedRequest[] {
    return this.#unmatchedRequests.list();
  }

  /** Start of the counting: the start of the server or the last reset, in the clock's milliseconds. */
  get since(): number {
    return this.#since;
  }

  /**
   * Restricts the figures to these routes, in this order, and drops those of all others. Series of other routes in the metrics
   * stay.
   *
   * @param ids of the routes of the configuration in force
   */
  keep(ids: readonly string[]): void {
    this.#shown = [...ids];
    const kept = new Set(ids);
    for (const known of [this.#routes, this.#planned]) {
      for (const id of known.keys()) if (!kept.has(id)) known.delete(id);
    }
  }

  /** Makes the series of a route of the configuration in force now, since a rate over a counter needs its 0. */
  prepare(id: string): void {
    this.#series(id);
    for (const fault of this.#planned.get(id) ?? []) this.#fault(id, fault);
    this.#planned.delete(id);
  }

  /**
   * Figures since the start or the last reset, by route id.
   *
   * @param now the current time, in the clock's milliseconds
   */
  snapshot(now: number): Record<string, RouteFigures> {
    return Object.fromEntries(this.figures(now));
  }

  /** Figures as in {@linkcode Recorder.snapshot}, route by route, each computed when the iterator reaches it. */
  *figures(
    now: number,
    describe: Describe = figures,
  ): Generator<readonly [id: string, RouteFigures]> {
    for (const id of this.#shown ?? [...this.#routes.keys()]) {
      yield [id, this.#series(id).snapshot(now, describe)];
    }
  }

  /**
   * Starts the figures of {@linkcode Recorder.snapshot} again; metrics continue, since counters must not fall.
   *
   * @param now the current time, in the clock's milliseconds
   */
  reset(now: number): void {
    this.#since = now;
    this.#unmatched = 0;
    this.#unmatchedRequests.reset();
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
        sent: this.#sent.series(id),
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
  /** Timings by status − 100. Made when a status first occurs, so that metrics show no others. */
  readonly #durations: (Timing | undefined)[] = [];

  /**
   * Use {@linkcode Recorder.route}.
   *
   * @param series recording that all methods of the route share
   * @param durationsOf makes the series of a status
   */
  constructor(series: RouteSeries, durationsOf: (status: number) => Timing) {
    this.#series = series;
    this.#durationsOf = durationsOf;
  }

  /** Records the arrival of a request at a time, in the clock's milliseconds. */
  arrived(at: number): void {
    this.#series.arrived(at);
  }

  /** Records an exchange that has ended. */
  observe(x: Exchange): void {
    this.#series.observe(x);
    if (x.outcome === "gone" || x.outcome === "cut" || x.status === 0) return;
    const slot = x.status - FIRST_STATUS;
    const timing = this.#durations[slot] ??= this.#durationsOf(x.status);
    timing.record(x.end - x.arrival, x.trace, x.end);
  }
}
