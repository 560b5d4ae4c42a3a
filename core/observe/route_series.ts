/**
 * Everything that is recorded of one route.
 *
 * @module
 */
import type { Counter, Exchange, Gauge, Timing } from "../plugin.ts";
import { Histogram } from "../lib/histogram.ts";
import { figures, type RouteFigures } from "./figures.ts";
import {
  ANSWERED,
  ARRIVALS,
  CUT,
  FAILED,
  GONE,
  type RecentHistogram,
  REJECTED,
  RESET,
  Windows,
} from "./windows.ts";

/** The series that a route records into. */
export interface Bound {
  /** Requests that arrived. */
  readonly arrivals: Counter;
  /** Those that have not ended. */
  readonly inFlight: Gauge;
  /** Achieved service times. */
  readonly service: Timing;
  /** Delays as asked for. */
  readonly target: Timing;
  /** How late held responses left. */
  readonly late: Timing;
  /** The counter of clients that left in a phase; asked for when the first one does. */
  readonly gone: (phase: Exchange["phase"]) => Counter;
  /** Responses that left before their time, of all routes. */
  readonly early: Counter;
  /** The lateness of late, of all routes. */
  readonly recent: RecentHistogram;
}

const IN_FLIGHT = 0;
const EARLY = 1;

/** What is recorded of one route, whatever the method. */
export class RouteSeries {
  readonly #bound: Bound;
  readonly #windows: Windows;
  // A number field of an object may allocate with each change.
  readonly #numbers = new Float64Array(EARLY + 1);
  readonly #target = new Histogram();
  readonly #lateness = new Histogram();
  readonly #gone = new Map<Exchange["phase"], Counter>();
  readonly #faults = new Map<string, FaultCounter>();

  /**
   * @param bound the metrics' series
   * @param since when counting begins, in the clock's milliseconds
   */
  constructor(bound: Bound, since: number) {
    this.#bound = bound;
    this.#windows = new Windows(since);
  }

  /** A request arrived at a time. */
  arrived(at: number): void {
    this.#windows.at(at).counts[ARRIVALS]++;
    this.#numbers[IN_FLIGHT]++;
    this.#bound.arrivals.add();
    this.#bound.inFlight.add(1);
  }

  /** An exchange has ended. */
  observe(x: Exchange): void {
    const bound = this.#bound;
    bound.inFlight.add(-1);
    this.#numbers[IN_FLIGHT]--;
    const tally = this.#windows.at(x.end);
    switch (x.outcome) {
      case "answered":
        tally.counts[ANSWERED]++;
        tally.responseTime.record(x.end - x.arrival);
        this.#target.record(x.due - x.start);
        bound.target.record(x.due - x.start);
        bound.service.record(Math.max(0, x.end - x.start - x.degradation));
        if (x.due > x.arrival) this.#held(x.end - x.due, x);
        break;
      case "rejected":
        tally.counts[REJECTED]++;
        break;
      case "failed":
        tally.counts[FAILED]++;
        break;
      case "gone":
        tally.counts[GONE]++;
        this.#left(x.phase);
        break;
      case "reset":
        tally.counts[RESET]++;
        break;
      case "cut":
        tally.counts[CUT]++;
        break;
      case "pending":
    }
  }

  #held(lateness: number, { trace, end }: Exchange): void {
    if (lateness < 0) {
      this.#numbers[EARLY]++;
      this.#bound.early.add();
    }
    const late = Math.max(0, lateness);
    this.#lateness.record(late);
    this.#bound.late.record(late, trace, end);
    this.#bound.recent.record(late, end);
  }

  #left(phase: Exchange["phase"]): void {
    let counter = this.#gone.get(phase);
    if (counter === undefined) {
      counter = this.#bound.gone(phase);
      this.#gone.set(phase, counter);
    }
    counter.add();
  }

  /** The counter of a fault, which adds to a metric's series and to the figures. */
  fault(name: string, series: Counter): Pick<Counter, "add"> {
    let counter = this.#faults.get(name);
    if (counter === undefined) {
      counter = new FaultCounter(series);
      this.#faults.set(name, counter);
    }
    return counter;
  }

  /** What happened since the last reset, as seen at a time. */
  snapshot(now: number): RouteFigures {
    const total = this.#windows.total(now);
    return {
      ...total.named(),
      inFlight: this.#numbers[IN_FLIGHT],
      early: this.#numbers[EARLY],
      faults: Object.fromEntries(
        Array.from(this.#faults, ([name, { own }]) => [name, own]),
      ),
      responseTime: figures(total.responseTime),
      target: figures(this.#target),
      lateness: figures(this.#lateness),
      last10s: this.#windows.last10s(now),
      last1m: this.#windows.last1m(now),
    };
  }

  /** Figures start afresh at a time; what is under way stays so. */
  reset(now: number): void {
    this.#windows.reset(now);
    this.#numbers[EARLY] = 0;
    this.#target.reset();
    this.#lateness.reset();
    for (const fault of this.#faults.values()) fault.own = 0;
  }
}

/** Counts for itself beside the metric's series, which routes beyond the cap share. */
class FaultCounter {
  /** Since the last reset. */
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
