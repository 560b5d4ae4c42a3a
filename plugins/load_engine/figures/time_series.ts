/**
 * How a run went over time, in bounded memory.
 *
 * @module
 */
import type { Histogram } from "../../../core/plugin.ts";

/** One interval of one scenario. */
export interface Point {
  /** When it ended, in ms since the run's start. */
  readonly at: number;
  /** How long it was, in ms. */
  readonly span: number;
  /** The scenario's name. */
  readonly scenario: string;
  /** Requests that were due in it. */
  readonly scheduled: number;
  /** Requests that were sent in it. */
  readonly started: number;
  /** Requests that were due and not sent. */
  readonly dropped: number;
  /** Requests that ended well in it. */
  readonly completed: number;
  /** Requests that failed in it. */
  readonly failed: number;
  /** Requests under way at its end. */
  readonly inFlight: number;
  /** The response time's median in it, in ms; NaN where none ended. */
  readonly p50: number;
  /** 95 %; the worst where intervals were put together. */
  readonly p95: number;
  /** 99 %, likewise. */
  readonly p99: number;
  /** The longest. */
  readonly max: number;
}

/** How many intervals are kept; beyond, two become one. */
const MOST = 3600;

/** The points of a run, by scenario in order. */
export class TimeSeries {
  #rows: Point[][] = [];
  /** How many ticks make a row. */
  #ticks = 1;
  #pending: Point[] | undefined;
  #taken = 0;

  /** Takes the points of one tick, of each scenario in the same order. */
  add(points: readonly Point[]): void {
    this.#pending = this.#pending === undefined
      ? [...points]
      : this.#pending.map((point, index) => together(point, points[index]));
    if (++this.#taken < this.#ticks) return;
    this.#rows.push(this.#pending);
    this.#pending = undefined;
    this.#taken = 0;
    if (this.#rows.length < MOST) return;
    this.#rows = this.#rows.flatMap((row, index) =>
      index % 2 === 1 ? [] : [
        row.map((point, place) =>
          together(point, this.#rows[index + 1][place])
        ),
      ]
    );
    this.#ticks *= 2;
  }

  /** All points, in the order of time. */
  points(): Point[] {
    return [...this.#rows, this.#pending ?? []].flat();
  }
}

function together(a: Point, b: Point): Point {
  const worst = (x: number, y: number) =>
    Number.isNaN(x) ? y : Number.isNaN(y) ? x : Math.max(x, y);
  return {
    at: b.at,
    span: a.span + b.span,
    scenario: b.scenario,
    scheduled: a.scheduled + b.scheduled,
    started: a.started + b.started,
    dropped: a.dropped + b.dropped,
    completed: a.completed + b.completed,
    failed: a.failed + b.failed,
    inFlight: b.inFlight,
    p50: worst(a.p50, b.p50),
    p95: worst(a.p95, b.p95),
    p99: worst(a.p99, b.p99),
    max: worst(a.max, b.max),
  };
}

/** The quantiles of an interval. */
export function quantilesOf(
  times: Histogram,
): Pick<Point, "p50" | "p95" | "p99" | "max"> {
  return {
    p50: times.quantile(0.5),
    p95: times.quantile(0.95),
    p99: times.quantile(0.99),
    max: times.max,
  };
}

/** The times since the last tick, for metrics: value in ms and how often, in turn. */
export interface TickTimes {
  /** From the scheduled start. */
  readonly responseTime: Float64Array;
  /** From the actual send. */
  readonly serviceTime: Float64Array;
  /** Between these. */
  readonly startLag: Float64Array;
}

/** A histogram as values and how often each was recorded, in turn. */
export function valueCounts(histogram: Histogram): Float64Array {
  const { min, max } = histogram;
  return Float64Array.from(
    [...histogram.buckets()].flatMap(({ lower, upper, count }) => [
      Math.min(max, Math.max(min, (lower + upper) / 2)),
      count,
    ]),
  );
}
