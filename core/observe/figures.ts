/**
 * Figures as people and programs read them: `stats`, `live`, and the library's `stats()`.
 *
 * @module
 */
import type { Histogram } from "../lib/histogram.ts";

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

/** A number for each thing that can become of a request, and for its arrival. */
export interface Tallies {
  /** Requests that arrived. */
  readonly arrivals: number;
  /** Requests that were answered as configured, injected answers included. */
  readonly answered: number;
  /** Requests that were not admitted. */
  readonly rejected: number;
  /** Requests that a hook failed. */
  readonly failed: number;
  /** Clients that left before their answer, or before its last byte. */
  readonly gone: number;
  /** Connections that an injected fault reset. */
  readonly reset: number;
  /** What was still under way when the server ended. */
  readonly cut: number;
}

/** What happened on one route of late. */
export interface WindowFigures extends Tallies {
  /** How far back the figures reach: up to a fifth less than the window, and no further than the last reset. */
  readonly seconds: number;
  /** The counts divided by those seconds. */
  readonly rates: Tallies;
  /** From arrival to headers, of all that were answered, in milliseconds. */
  readonly responseTime: Figures;
}

/** What happened on one route since the start or the last reset. Times are in milliseconds. */
export interface RouteFigures extends Tallies {
  /** Requests under way now, those that arrived before the reset included. */
  readonly inFlight: number;
  /** Answers that left before their time; always 0, or perfmock is broken. */
  readonly early: number;
  /** Injected faults that took effect, by what they do. */
  readonly faults: Readonly<Record<string, number>>;
  /** From arrival to headers, of all that were answered. */
  readonly responseTime: Figures;
  /** What the delays should have been. */
  readonly target: Figures;
  /** How much later than that headers left, of those that were held. */
  readonly lateness: Figures;
  /** The last 10 s. */
  readonly last10s: WindowFigures;
  /** The last minute. */
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

/** The figures of a histogram. */
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

/** To four decimals, a tenth of a microsecond where milliseconds are meant: beyond it are the clock's own digits. */
export function round(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
