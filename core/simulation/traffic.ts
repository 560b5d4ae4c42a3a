/**
 * What a simulation is driven by: sources of requests, and the routes they go to.
 *
 * @module
 */
import type { Distribution, Exchange, Signal } from "../plugin.ts";

/** Where a source's requests go. */
export interface Target {
  /** The route's id. */
  readonly route: string;
  /** The request's method, upper case; the route's first where absent. */
  readonly method?: string;
  /** How often it is chosen, relative to the others, above 0; 1 where absent. */
  readonly weight?: number;
}

/** What all sources have. */
export interface SourceBase {
  /** Unique within the traffic; the source's random numbers hang on it. */
  readonly name: string;
  /** Where its requests go, one at least. */
  readonly targets: readonly Target[];
  /** By chance and weight, which is the default, or in turn: each user's own turn, where there are users. */
  readonly pick?: "weighted" | "in-order";
  /** When it begins, in ms since the run's start; 0 where absent. */
  readonly start?: number;
  /** How long it sends, in ms; to the end of the run where absent. */
  readonly duration?: number;
  /** Sees each exchange after it has ended, whatever its outcome; valid until it returns. */
  observe?(exchange: Exchange): void;
}

/** The open model: arrivals that do not wait for answers. */
export interface OpenSource extends SourceBase {
  /** Arrivals per second, as a function of the time since the source's start. */
  readonly rate: Signal;
  /** Uniform: at the times at which the rate's integral reaches 1, 2, 3, …; poisson: at random about them. */
  readonly arrivals: "uniform" | "poisson";
  /** Arrivals beyond this many of its exchanges under way are dropped; no limit where absent. */
  readonly maxInFlight?: number;
}

/** The closed model: users, each of whom sends a request, waits for its end, thinks, and sends the next. */
export interface ClosedSource extends SourceBase {
  /** How many; all send their first request at the source's start. */
  readonly users: number;
  /** The time from the end of one exchange to the next request. */
  readonly think: Pick<Distribution, "draw">;
}

/** A source of requests. */
export type Source = OpenSource | ClosedSource;

/** All that happens in a run; `duration`, `exchanges` or both are needed. */
export interface Traffic {
  /** Of the traffic's own random numbers; 42 where absent. The server's are seeded by its configuration. */
  readonly seed?: number | string;
  /** What sends requests. */
  readonly sources: readonly Source[];
  /** No request is sent from this time on, in ms since the run's start. */
  readonly duration?: number;
  /** No request is sent after this many, dropped ones left out. */
  readonly exchanges?: number;
}

/** What became of a source's requests; scheduled = started + dropped, started = answered + rejected + reset + failed + cut. */
export interface SourceFigures {
  /** Requests that were to be sent. */
  readonly scheduled: number;
  /** Requests that were sent. */
  readonly started: number;
  /** Requests that were not, because too many were under way. */
  readonly dropped: number;
  /** Exchanges that were answered as configured. */
  readonly answered: number;
  /** Exchanges that were not admitted. */
  readonly rejected: number;
  /** Exchanges whose connection was reset, as a fault demands. */
  readonly reset: number;
  /** Exchanges that a hook failed. */
  readonly failed: number;
  /** Exchanges that would never have ended. */
  readonly cut: number;
  /** Exchanges under way, averaged over the time of the run. */
  readonly meanInFlight: number;
}
