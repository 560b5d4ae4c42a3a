/**
 * Figures as people and programs read them: in `GET stats`, in `GET live`, and in the library's `stats()`.
 *
 * @module
 */
import type { Histogram } from "../lib/histogram.ts";

/** Figures of one histogram, in milliseconds; null where nothing was recorded. */
export interface Figures {
  /** Number of values. */
  readonly count: number;
  /** Least value, exact. */
  readonly min: number | null;
  /** Mean, exact. */
  readonly mean: number | null;
  /** Median; this and all other quantiles to within 0.4 %. */
  readonly p50: number | null;
  /** 90th percentile. */
  readonly p90: number | null;
  /** 95th percentile. */
  readonly p95: number | null;
  /** 99th percentile. */
  readonly p99: number | null;
  /** 99.9th percentile. */
  readonly p999: number | null;
  /** Greatest value, exact. */
  readonly max: number | null;
}

/** Numbers of requests that arrived, and that ended in each way. */
export interface RequestCounts {
  /** Requests that arrived. */
  readonly arrivals: number;
  /** Requests that were answered as configured, injected answers included. */
  readonly answered: number;
  /** Requests that were not admitted. */
  readonly rejected: number;
  /** Requests that failed because a hook threw an error. */
  readonly failed: number;
  /** Requests whose client left before the last byte of the answer. */
  readonly gone: number;
  /** Requests whose connection was reset by an injected fault. */
  readonly reset: number;
  /** Requests that were still in flight when the server ended. */
  readonly cut: number;
}

/** Figures of one route over a recent window of time. */
export interface WindowFigures extends RequestCounts {
  /** Time that the figures cover, in seconds: 80 % to 100 % of the window, and no longer than since the last reset. */
  readonly seconds: number;
  /** Counts per second of that time. */
  readonly rates: RequestCounts;
  /** Time from arrival to response headers of all answered requests, in milliseconds. */
  readonly responseTime: Figures;
}

/** Figures of one route since the start or the last reset. Times are in milliseconds. */
export interface RouteFigures extends RequestCounts {
  /** Requests in flight now, those that arrived before the reset included. */
  readonly inFlight: number;
  /** Answers that left before their time; always 0 unless perfmock has a bug. */
  readonly early: number;
  /** Number of injected faults that took effect, by the status they answer with or the action they take. */
  readonly faults: Readonly<Record<string, number>>;
  /** Time from arrival to response headers of all answered requests. */
  readonly responseTime: Figures;
  /** Intended delay, as drawn. */
  readonly target: Figures;
  /** Time from the intended to the actual departure of the headers, of all requests that were delayed. */
  readonly lateness: Figures;
  /** Figures of the last 10 s. */
  readonly last10s: WindowFigures;
  /** Figures of the last minute. */
  readonly last1m: WindowFigures;
}

const NOTHING: Figures = Object.freeze({
  count: 0,
  min: null,
  mean: null,
  p50: null,
  p90: null,
  p95: null,
  p99: null,
  p999: null,
  max: null,
});

const PROBABILITIES = [0.5, 0.9, 0.95, 0.99, 0.999];

/** Figures of a histogram, rounded as by {@linkcode round}. */
export function figures(histogram: Histogram): Figures {
  const { count } = histogram;
  if (count === 0) return NOTHING;
  const [p50, p90, p95, p99, p999] = histogram.quantiles(PROBABILITIES);
  return {
    count,
    min: round(histogram.min),
    mean: round(histogram.sum / count),
    p50: round(p50),
    p90: round(p90),
    p95: round(p95),
    p99: round(p99),
    p999: round(p999),
    max: round(histogram.max),
  };
}

/** Rounds to four decimals; for milliseconds that is 0.1 µs, below which the clock's digits are noise. */
export function round(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
