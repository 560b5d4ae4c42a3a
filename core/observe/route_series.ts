/**
 * Recording of one route: into the series of the metrics, and into the figures of `stats`.
 *
 * @module
 */
import type { Counter, Exchange, Gauge, Timing } from "../plugin.ts";
import { Histogram } from "../lib/histogram.ts";
import { type Describe, figures, type RouteFigures } from "./figures.ts";
import type { SocketSeries } from "./socket_series.ts";
import {
  ANSWERED,
  ARRIVALS,
  CUT,
  FAILED,
  GONE,
  type RecentHistogram,
  REJECTED,
  RequestWindows,
  RESET,
} from "./windows.ts";

/** Series of the metrics that a route records into. */
export interface RouteMetrics {
  /** Requests that arrived. */
  readonly arrivals: Counter;
  /** Requests in flight. */
  readonly inFlight: Gauge;
  /** Achieved service times. */
  readonly service: Timing;
  /** Intended delays. */
  readonly target: Timing;
  /** Lateness of delayed responses. */
  readonly late: Timing;
  /** Bytes of bodies that were sent. */
  readonly sent: Counter;
  /** Returns the counter of clients that left in a phase; called when the first one does. */
  readonly gone: (phase: Exchange["phase"]) => Counter;
  /** Responses that left before their time; shared by all routes. */
  readonly early: Counter;
  /** Lateness of the last seconds; shared by all routes. */
  readonly recent: RecentHistogram;
}

const IN_FLIGHT = 0;
const EARLY = 1;
const SENT = 2;

/** Recording of one route, shared by all its methods. */
export class RouteSeries {
  readonly #metrics: RouteMetrics;
  readonly #windows: RequestWindows;
  // A typed array, since a number field of an object may allocate with each change.
  readonly #numbers = new Float64Array(SENT + 1);
  readonly #target = new Histogram();
  readonly #lateness = new Histogram();
  readonly #gone = new Map<Exchange["phase"], Counter>();
  readonly #faults = new Map<string, FaultCounter>();
  #sockets: SocketSeries | undefined;

  /**
   * Makes the recording of a route without requests.
   *
   * @param metrics series to record into
   * @param since start of the counting, in the clock's milliseconds
   */
  constructor(metrics: RouteMetrics, since: number) {
    this.#metrics = metrics;
    this.#windows = new RequestWindows(since);
  }

  /** Records the arrival of a request at a time. */
  arrived(at: number): void {
    this.#windows.at(at).counts[ARRIVALS]++;
    this.#numbers[IN_FLIGHT]++;
    this.#metrics.arrivals.add();
    this.#metrics.inFlight.add(1);
  }

  /** Records an exchange that has ended. */
  observe(x: Exchange): void {
    const metrics = this.#metrics;
    metrics.inFlight.add(-1);
    this.#numbers[IN_FLIGHT]--;
    if (x.sent > 0) {
      this.#numbers[SENT] += x.sent;
      metrics.sent.add(x.sent);
    }
    const slice = this.#windows.at(x.end);
    switch (x.outcome) {
      case "answered":
        slice.counts[ANSWERED]++;
        slice.responseTime.record(x.end - x.arrival);
        this.#target.record(x.due - x.start);
        metrics.target.record(x.due - x.start);
        metrics.service.record(Math.max(0, x.end - x.start - x.degradation));
        if (x.due > x.arrival) this.#delayed(x.end - x.due, x);
        break;
      case "rejected":
        slice.counts[REJECTED]++;
        break;
      case "failed":
        slice.counts[FAILED]++;
        break;
      case "gone":
        slice.counts[GONE]++;
        this.#left(x.phase);
        break;
      case "reset":
        slice.counts[RESET]++;
        break;
      case "cut":
        slice.counts[CUT]++;
        break;
      case "pending":
    }
  }

  #delayed(lateness: number, { trace, end }: Exchange): void {
    if (lateness < 0) {
      this.#numbers[EARLY]++;
      this.#metrics.early.add();
    }
    const late = Math.max(0, lateness);
    this.#lateness.record(late);
    this.#metrics.late.record(late, trace, end);
    this.#metrics.recent.record(late, end);
  }

  #left(phase: Exchange["phase"]): void {
    let counter = this.#gone.get(phase);
    if (counter === undefined) {
      counter = this.#metrics.gone(phase);
      this.#gone.set(phase, counter);
    }
    counter.add();
  }

  /** Counter of one kind of fault, which adds to a metric's series and to the figures. */
  fault(name: string, series: Counter): Pick<Counter, "add"> {
    let counter = this.#faults.get(name);
    if (counter === undefined) {
      counter = new FaultCounter(series);
      this.#faults.set(name, counter);
    }
    return counter;
  }

  /** Recording of the route's WebSockets, made where there is none. */
  sockets(make: () => SocketSeries): SocketSeries {
    return this.#sockets ??= make();
  }

  /** Figures since the last reset, as of a time. */
  snapshot(now: number, describe: Describe = figures): RouteFigures {
    const total = this.#windows.total(now);
    return {
      ...total.named(),
      inFlight: this.#numbers[IN_FLIGHT],
      early: this.#numbers[EARLY],
      bodyBytes: this.#numbers[SENT],
      faults: Object.fromEntries(
        Array.from(this.#faults, ([name, { own }]) => [name, own]),
      ),
      responseTime: describe(total.responseTime),
      target: describe(this.#target),
      lateness: describe(this.#lateness),
      last10s: this.#windows.last10s(now, describe),
      last1m: this.#windows.last1m(now, describe),
      ...this.#sockets !== undefined && {
        webSockets: this.#sockets.snapshot(),
      },
    };
  }

  /** Starts the figures again at a time; the number of requests in flight stays. */
  reset(now: number): void {
    this.#windows.reset(now);
    this.#numbers[EARLY] = 0;
    this.#numbers[SENT] = 0;
    this.#target.reset();
    this.#lateness.reset();
    for (const fault of this.#faults.values()) fault.own = 0;
    this.#sockets?.reset();
  }
}

/** Counts on its own beside the metric's series, since routes beyond the limit of series share one. */
class FaultCounter {
  /** Count since the last reset. */
  own = 0;
  readonly #series: Counter;

  constructor(series: Counter) {
    this.#series = series;
  }

  add(n = 1): void {
    this.own += n;
    this.#series.add(n);
  }
}
