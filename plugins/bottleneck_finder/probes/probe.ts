/**
 * Types of probes. A probe makes one load after another, of a page or of a command, and gives a figure of each, in ms.
 *
 * @module
 */

/** Source of figures. */
export interface Probe extends AsyncDisposable {
  /** Name of the figure as written, such as `LCP`. */
  readonly figure: string;
  /**
   * Starts what loads need, such as a browser.
   *
   * @throws PerfmockError `PROBE_UNAVAILABLE` where something is missing, with the command that installs it
   */
  start(): Promise<void>;
  /**
   * Makes one load. A failure of the page or the command is an answer, with the reason. Only one load may be under way.
   *
   * @throws PerfmockError `PROBE_UNAVAILABLE` where the conditions cannot be made at all, or the browser does not start again
   */
  load(conditions: Conditions): Promise<Loaded>;
}

/** Conditions of a load. */
export interface Conditions {
  /** Factor by which the page's processor is slower, 1 or more. */
  readonly cpu: number;
  /**
   * Shortest time from request to response headers, in ms, by the pattern of URLs (https://urlpattern.spec.whatwg.org). Requests that
   * take longer by themselves do not change. The first pattern that fits a request counts.
   */
  readonly floors: ReadonlyMap<string, number>;
  /** Ends the load early; it then counts as failed. */
  readonly signal: AbortSignal;
  /** Called where requests were made before the load that is measured, such as those that fill a cache: they are not its own. */
  readonly began?: (() => void) | undefined;
}

/** Result of a load. */
export type Loaded = LoadedFigures | LoadFailure;

/** Result of a load that gave the figure. */
export interface LoadedFigures {
  /** Figure, in ms. */
  readonly figure: number;
  /** Requests in the order of their starts; empty where the probe sees none. */
  readonly requests: readonly SeenRequest[];
  /** All figures that the load gave, by name, in ms. */
  readonly figures: Readonly<Record<string, number>>;
}

/** Result of a load that gave no figure. */
export interface LoadFailure {
  /** Reason: a sentence without a full stop. */
  readonly failure: string;
}

/** Request of a load; times in ms since navigation. */
export interface SeenRequest {
  /** URL without fragment. */
  readonly url: string;
  /** Method. */
  readonly method: string;
  /** Start. */
  readonly startMs: number;
  /** End of the response, or of the attempt. */
  readonly endMs: number;
  /** Kind, such as `document`, `script`, `fetch`. */
  readonly type: string;
  /** Status of the answer. Default not known, or none came. */
  readonly status?: number;
}
