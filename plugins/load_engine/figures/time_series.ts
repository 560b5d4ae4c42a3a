/**
 * How a run went over time, in bounded memory.
 *
 * @module
 */
import type { Histogram } from "../../../core/load.ts";

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

/** The columns of the CSV, in order. */
const COLUMNS = [
  "scenario",
  "scheduled",
  "started",
  "dropped",
  "completed",
  "failed",
  "inFlight",
] as const;

/** Points as CSV with a header: times in seconds since the start, rates per second, durations in ms; empty where none ended. */
export function timeSeriesCsv(points: readonly Point[]): string {
  const header = `time,${COLUMNS.join(",")},rate,p50,p95,p99,max\n`;
  return header + points.map((point) => {
    const { at, span, started, p50, p95, p99, max } = point;
    return [
      decimal(at / 1000),
      ...COLUMNS.map((column) => `${point[column]}`),
      decimal(span > 0 ? started / span * 1000 : 0),
      ...[p50, p95, p99, max].map((ms) => Number.isNaN(ms) ? "" : decimal(ms)),
    ].join(",") + "\n";
  }).join("");
}

function decimal(value: number): string {
  return `${Math.round(value * 1e3) / 1e3}`;
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
