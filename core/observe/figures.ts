/**
 * Figures as people and programs read them: in `GET stats`, in `GET live`, and in the library's `stats()`.
 *
 * @module
 */
import type { HistogramSummary } from "../plugin.ts";
import type { Histogram, HistogramData } from "../lib/histogram.ts";
import type { SocketFigures } from "./socket_series.ts";

/** Figures of one histogram, in milliseconds; null where nothing was recorded. */
export interface Figures extends HistogramSummary {
  /** Number of values. */
  readonly count: number;
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
  /** Bytes of the bodies that were sent, as they went over the wire: in their content coding, without headers and framing. */
  readonly bodyBytes: number;
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
  /** WebSockets; absent for a route that has opened none. */
  readonly webSockets?: SocketFigures;
}

/** Decimals of all figures. For milliseconds that is 0.1 µs; smaller digits of the clock are noise. */
const DECIMALS = 4;
const FACTOR = 10 ** DECIMALS;

/** Figures of a histogram, rounded as by {@linkcode round}. */
export function figures(histogram: Histogram): Figures {
  return { count: histogram.count, ...histogram.summary(DECIMALS) };
}

/** Figures of one replica with the histogram that they come from, so that those of several can be merged exactly. */
export interface FiguresPart extends Figures {
  /** Content of the histogram. */
  readonly histogram: HistogramData;
}

/** Makes figures of a histogram. */
export type Describe = (histogram: Histogram) => Figures;

/** Figures of a histogram together with its content; see {@linkcode FiguresPart}. */
export function figuresPart(histogram: Histogram): FiguresPart {
  return { ...figures(histogram), histogram: histogram.data() };
}

/** Rounds to four decimals. */
export function round(value: number): number {
  return Math.round(value * FACTOR) / FACTOR;
}
