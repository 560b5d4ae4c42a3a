/**
 * The figures of a run over time, in bounded memory.
 *
 * @module
 */
import type { Histogram } from "../../../core/plugin.ts";

/** One interval of one scenario. */
export interface Point {
  /** End of the interval, in ms since the run's start. */
  readonly at: number;
  /** Length of the interval, in ms. */
  readonly span: number;
  /** Name of the scenario. */
  readonly scenario: string;
  /** Number of requests due. */
  readonly scheduled: number;
  /** Number of requests sent. */
  readonly started: number;
  /** Number of requests that were due but not sent. */
  readonly dropped: number;
  /** Number of responses with a status below 400. */
  readonly completed: number;
  /** Number of failed requests. */
  readonly failed: number;
  /** Number of failed requests that were answered with a status of 400 or more. */
  readonly refused: number;
  /** Number of requests that were cut off. */
  readonly cut: number;
  /** Number of active requests at its end. */
  readonly inFlight: number;
  /** Median response time in ms of requests that were served or timed out; NaN if none was. Of merged intervals the greatest. */
  readonly p50: number;
  /** 95th percentile of the response time in ms; of merged intervals the greatest. */
  readonly p95: number;
  /** 99th percentile of the response time in ms; of merged intervals the greatest. */
  readonly p99: number;
  /** Longest response time, in ms. */
  readonly max: number;
}

/** Maximum number of intervals. When it is reached, each two are merged into one. */
export const MAX_ROWS = 3600;

/** Points of a run. */
export class TimeSeries {
  #rows: Point[][] = [];
  /** Number of ticks per row. */
  #ticks = 1;
  #pending: Point[] | undefined;
  #taken = 0;

  /** Adds the points of one tick: of each scenario, always in the same order. */
  add(points: readonly Point[]): void {
    this.#pending = this.#pending === undefined
      ? [...points]
      : this.#pending.map((point, index) => merged(point, points[index]));
    if (++this.#taken < this.#ticks) return;
    this.#rows.push(this.#pending);
    this.#pending = undefined;
    this.#taken = 0;
    if (this.#rows.length < MAX_ROWS) return;
    this.#rows = this.#rows.flatMap((row, index) =>
      index % 2 === 1 ? [] : [
        row.map((point, place) => merged(point, this.#rows[index + 1][place])),
      ]
    );
    this.#ticks *= 2;
  }

  /** Returns all points in the order of time. */
  points(): Point[] {
    return [...this.#rows, this.#pending ?? []].flat();
  }
}

/** Grid that the points of several shares are put on, in ms: that of the reports of a run. */
const GRID = 1000;

/**
 * The points of several shares as those of one run. Intervals that begin in the same second, or in the same n seconds where a share has
 * merged n of them, are one.
 */
export function mergedPoints(shares: readonly (readonly Point[])[]): Point[] {
  const grid = GRID *
    Math.max(
      1,
      ...shares.flatMap((points) =>
        points.slice(0, 1).map(({ at }) => Math.round(at / GRID))
      ),
    );
  const rows = new Map<number, Map<string, Point>>();
  for (const points of shares) {
    const own = new Map<number, Map<string, Point>>();
    for (const point of points) {
      // Told by its beginning: the last interval ends with the run, and not at a full second. Reports are late, but never early.
      const place = Math.floor((point.at - point.span + GRID / 4) / grid);
      const row = own.get(place) ?? new Map<string, Point>();
      own.set(place, row);
      const before = row.get(point.scenario);
      row.set(
        point.scenario,
        before === undefined ? point : merged(before, point),
      );
    }
    for (const [place, row] of own) {
      const all = rows.get(place) ?? new Map<string, Point>();
      rows.set(place, all);
      for (const [name, point] of row) {
        const others = all.get(name);
        all.set(
          name,
          others === undefined ? point : {
            ...merged(others, point),
            at: Math.max(others.at, point.at),
            span: Math.max(others.span, point.span),
            inFlight: others.inFlight + point.inFlight,
          },
        );
      }
    }
  }
  return [...rows].toSorted(([a], [b]) => a - b)
    .flatMap(([, row]) => [...row.values()]);
}

function merged(a: Point, b: Point): Point {
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
    refused: a.refused + b.refused,
    cut: a.cut + b.cut,
    inFlight: b.inFlight,
    p50: worst(a.p50, b.p50),
    p95: worst(a.p95, b.p95),
    p99: worst(a.p99, b.p99),
    max: worst(a.max, b.max),
  };
}

/** Returns the quantiles of an interval. */
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

/** Times since the last tick, for metrics: value in ms and count, in turn. */
export interface TickTimes {
  /** Response times, from the scheduled start. */
  readonly responseTime: Float64Array;
  /** Times from the actual send. */
  readonly serviceTime: Float64Array;
  /** Start lags, from the scheduled start to the actual send. */
  readonly startLag: Float64Array;
}

/** Returns the values of a histogram and the count of each, in turn. */
export function valueCounts(histogram: Histogram): Float64Array {
  const { min, max } = histogram;
  return Float64Array.from(
    [...histogram.buckets()].flatMap(({ lower, upper, count }) => [
      Math.min(max, Math.max(min, (lower + upper) / 2)),
      count,
    ]),
  );
}
