/**
 * Types of the contract for load engines: runs of load scripts, and simulations in virtual time. core/load.ts exports them.
 *
 * @module
 */
import type { Issue } from "../errors.ts";
import type { Segment } from "../scale/segment.ts";
import type { Exchange } from "./exchange.ts";
import type { HistogramSummary } from "./metrics.ts";
import type { Awaitable, Clock, Dials } from "./values.ts";

/** Engine that runs load scripts. A script is a JSON value, or text in JSON or YAML. */
export interface LoadEngine {
  /**
   * Runs a script over HTTP, against the script's target or this server. Resolves when the run has ended.
   *
   * @throws PerfmockError `SCRIPT_INVALID` with all errors, before anything is started; Error if the run failed
   */
  load(script: unknown, options?: LoadOptions): Promise<LoadResult>;
  /**
   * Runs a script in virtual time, against a copy of this server.
   *
   * @throws PerfmockError `SCRIPT_INVALID` with all errors
   */
  simulate(script: unknown, options?: LoadOptions): Promise<LoadResult>;
  /**
   * Checks a script without running it. Files that it names are read.
   *
   * @throws PerfmockError `SCRIPT_INVALID` with all errors
   */
  check(
    script: unknown,
    options?: Pick<LoadOptions, "folder" | "segment">,
  ): Promise<LoadCheck>;
  /**
   * Makes one result of the shares of a run. Thresholds are judged on the whole; missing and late shares are named.
   *
   * @param shares values of {@linkcode LoadResult.share}, with the name of the file that each comes from
   * @throws PerfmockError `ARGUMENT_INVALID` with all errors
   */
  merge(
    shares: readonly { readonly source: string; readonly data: unknown }[],
  ): LoadResult;
  /** JSON Schema of scripts, for editors. */
  schema(): Awaitable<Record<string, unknown>>;
}

/** A script that was checked. */
export interface LoadCheck {
  /** Number of its scenarios. */
  readonly scenarios: number;
  /** Settings that probably mean something else than the author thinks. */
  readonly warnings: readonly Issue[];
}

/** Options of a run. */
export interface LoadOptions {
  /** Absolute path of the folder that relative paths in the script start from. Default the configuration's folder. */
  readonly folder?: string | undefined;
  /**
   * Share of the traffic to send, so that several processes together send it once. Default: all of it; in a simulation, and
   * where all replicas of a fleet send theirs, that of the replica that the server is.
   */
  readonly segment?: Segment | undefined;
  /** Time at which the run starts, in ms since 1970, so that several processes start together. Default: at once. */
  readonly startAt?: number | undefined;
  /**
   * Servers that send the load in place of this one, each its share: `host:port`, or URLs. All are perfmock servers of the same version,
   * and are reached by their control API. Default none.
   */
  readonly workers?: readonly string[] | undefined;
  /** Token of the workers' control API. Default none. */
  readonly token?: string | undefined;
  /** Ends the run early; requests in flight are cut. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Receives the progress once per second; in a simulation, once per second of virtual time.
   *
   * @param line the same as a line of text for the terminal
   */
  readonly progress?:
    | ((progress: LoadProgress, line: string) => void)
    | undefined;
}

/** Results of a run. */
export interface LoadResult {
  /** Figures of the run. */
  readonly summary: LoadSummary;
  /** The same figures as a table for the terminal. */
  readonly table: string;
  /** Time series of all scenarios, as CSV. */
  readonly csv: string;
  /** Response times of all scenarios together, in the text format of HdrHistogram. */
  readonly hgrm: string;
  /** Complete figures of a share of the traffic, as JSON data for {@linkcode LoadEngine.merge}; absent where all of it was sent. */
  readonly share?: LoadShare;
}

/** Figures of one share of a run, with histograms, as JSON data. Its other keys belong to the load engine. */
export interface LoadShare {
  /** Version of its form. */
  readonly version: number;
  /** Share that was sent. */
  readonly segment: Segment;
}

/** Figures of a run. */
export interface LoadSummary {
  /** Name of the script. */
  readonly name: string;
  /** Seed of the script. */
  readonly seed: number | string;
  /** True if the run is complete, was not aborted, and all thresholds were met. */
  readonly ok: boolean;
  /** False if a part of the traffic is missing: a share, what a worker had still to send when it was lost, what was due before a late start. */
  readonly complete: boolean;
  /** Time from start to end, in ms. */
  readonly duration: number;
  /** Reason why the run ended early; null if it did not. */
  readonly aborted: string | null;
  /** Scenarios by name, without those that send nothing. */
  readonly scenarios: Readonly<Record<string, LoadScenario>>;
  /** Thresholds in the order of the script. */
  readonly thresholds: readonly LoadThreshold[];
  /** Sentences that a reader of the figures has to know: parts of a trace that were left out, controls that did not act on the target. */
  readonly notes: readonly string[];
  /** Workers that sent the load; absent where none did. */
  readonly workers?: readonly LoadWorker[];
}

/** Server that sent a share of a run. */
export interface LoadWorker {
  /** Address, as it was given. */
  readonly name: string;
  /** Share that it sent, such as `0/3`. */
  readonly segment: string;
  /** Time of its clock minus that of this process, in ms. */
  readonly clockOffset: number;
  /** Bound of the error of {@linkcode LoadWorker.clockOffset}, in ms. */
  readonly clockWithin: number;
  /** Time by which it began after the agreed moment, in ms; 0 if it was in time. */
  readonly late: number;
  /** Reason why it is missing from a moment on; null if it is not. */
  readonly lost: string | null;
}

/** Figures of a group of requests. When all have ended, started = completed + failed + cut. */
export interface LoadPart {
  /** Number of requests that were sent. */
  readonly started: number;
  /** Number of requests that were served: answered with a status below 400. */
  readonly completed: number;
  /** Number of requests that were refused, which means answered with a status of 400 or more, or not answered. */
  readonly failed: number;
  /** Number of requests that the end of the run, or of its scenario, cut off. Nobody knows how they would have ended. */
  readonly cut: number;
  /** Number of failures by kind: a status, `connection-refused`, `connect`, `reset`, `closed`, `timeout`, `protocol` and others. */
  readonly failures: Readonly<Record<string, number>>;
  /** Checks of answers. */
  readonly checks: {
    /** Number of answers that were as expected. */
    readonly passed: number;
    /** Number of answers that were not as expected. */
    readonly failed: number;
  };
  /** Requests sent per second, over the time in which the scenario sent. */
  readonly rate: number;
  /** Time from the scheduled start to the last byte, of requests that were served or timed out: without refusals. */
  readonly responseTime: LoadTimes;
  /** Time from the actual start to the last byte, of the same: not corrected for a late start. Not a backend's service time. */
  readonly serviceTime: LoadTimes;
  /** Time from the actual start to the first byte, of the same. */
  readonly firstByte: LoadTimes;
  /** Time from the scheduled start to the actual start, of all requests. */
  readonly startLag: LoadTimes;
  /** Requests that were answered with a status below 400. */
  readonly served: LoadOutcome;
  /** Requests that were answered with a status of 400 or more. */
  readonly refused: LoadOutcome;
}

/** Number and times of the requests that ended alike. */
export interface LoadOutcome {
  /** Number of requests. */
  readonly count: number;
  /** Time from the scheduled start to the last byte. */
  readonly responseTime: LoadTimes;
  /** Time from the actual start to the last byte. */
  readonly serviceTime: LoadTimes;
  /** Time from the actual start to the first byte. */
  readonly firstByte: LoadTimes;
}

/** Figures of a scenario. scheduled = started + dropped. */
export interface LoadScenario extends LoadPart {
  /** Number of requests that were due. */
  readonly scheduled: number;
  /** Number of requests that were due but not sent, because too many were in flight. */
  readonly dropped: number;
  /** Requests by name, or else by method and path. */
  readonly requests: Readonly<Record<string, LoadPart>>;
  /** Groups of requests by name. */
  readonly groups: Readonly<Record<string, LoadPart>>;
}

/** Summary of measured times, in ms; all null if there are none. Quantiles are accurate to 0.4 %. */
export type LoadTimes = HistogramSummary;

/** Result of a threshold. */
export interface LoadThreshold {
  /** Metric as written, such as `browse.responseTime`. */
  readonly metric: string;
  /** Condition as written, such as `p(95)<200ms`. */
  readonly expression: string;
  /** Measured value in {@linkcode LoadThreshold.unit}; null if nothing was measured. */
  readonly actual: number | null;
  /** Unit of the measured value: milliseconds, a share from 0 to 1, or a number of requests or checks. */
  readonly unit: "ms" | "share" | "count";
  /** True if the condition is met; false also if nothing was measured. */
  readonly ok: boolean;
}

/** Progress of a run, reported once per second. */
export interface LoadProgress {
  /** Time since the start of the run, in ms. */
  readonly elapsed: number;
  /** Time from the start to the last scenario's planned end, in ms; null where the script does not set it. */
  readonly duration: number | null;
  /** Scenarios in the order of the script, without those that send nothing. */
  readonly scenarios: readonly LoadScenarioProgress[];
}

/** Progress of a scenario. Counts are since its start. */
export interface LoadScenarioProgress {
  /** Name of the scenario. */
  readonly name: string;
  /** State: before its start, sending, waiting for requests in flight to end, or ended. */
  readonly state: "waiting" | "open" | "closing" | "ended";
  /** Number of requests that were due. */
  readonly scheduled: number;
  /** Number of requests that were sent. */
  readonly started: number;
  /** Number of requests that were due but not sent. */
  readonly dropped: number;
  /** Number of requests that were answered with a status below 400. */
  readonly completed: number;
  /** Number of requests that failed. */
  readonly failed: number;
  /** Number of failed requests that were answered with a status of 400 or more. */
  readonly refused: number;
  /** Number of requests that the end of the run or of the scenario cut off. */
  readonly cut: number;
  /** Number of requests in flight. */
  readonly inFlight: number;
  /** Rate that the script sets for this moment, in requests per second; null in a closed model. */
  readonly targetRate: number | null;
  /** Current number of virtual users; null in an open model. */
  readonly users: number | null;
  /** Requests sent per second since the last report. */
  readonly rate: number;
  /** Median response time since the last report, in ms, of requests that were served or timed out; null if there were none. */
  readonly p50: number | null;
  /** 95th percentile of the response time since the last report, in ms, of requests that were served or timed out; null if there were none. */
  readonly p95: number | null;
  /** 99th percentile of the response time since the last report, in ms, of requests that were served or timed out; null if there were none. */
  readonly p99: number | null;
}

/**
 * Copy of the configuration in force, on a clock of its own: exchanges without HTTP, as fast as the machine computes them.
 */
export interface VirtualWorld extends AsyncDisposable {
  /** Virtual clock, which starts at 0. Its timers fire in {@linkcode VirtualWorld.run}. */
  readonly clock: Clock;
  /** Dials of the copy. */
  readonly dials: Dials;
  /**
   * Change of the configuration that a dial has begun; undefined if none is under way. It takes no virtual time: `run` returns early,
   * and is to be called again once the change has ended. Never rejects.
   */
  readonly switching: Promise<void> | undefined;
  /**
   * Finds the target of requests with a method and path; undefined if no route matches. Targets are reusable: prepare them once.
   */
  target(method: string, path: string): VirtualTarget | undefined;
  /**
   * Chooses the target of one request by the conditions of routes, where {@linkcode VirtualTarget.looks} is true; undefined if it
   * meets those of no route.
   */
  choose(
    target: VirtualTarget,
    request: VirtualRequest,
  ): VirtualTarget | undefined;
  /**
   * Sends a request now.
   *
   * @param target a target that was chosen, where {@linkcode VirtualTarget.looks} is true
   * @param ended called when the exchange has ended, within the pipeline: it may send further requests only through a timer, and
   * must copy values that it keeps
   * @param tag passed to `ended`, so that callers need no closure for each request
   * @param request the request, for keys of turns and values in bodies. Default: without headers
   * @returns exchange, for {@linkcode VirtualWorld.abandon}; it may have ended already
   */
  send<Tag>(
    target: VirtualTarget,
    ended: (exchange: Exchange, tag: Tag) => void,
    tag: Tag,
    request?: VirtualRequest,
  ): Exchange;
  /**
   * Ends an exchange with the outcome `gone`, as if its client left. Call it from a timer only. An exchange that has ended is
   * ignored.
   */
  abandon(exchange: Exchange): void;
  /**
   * Fires timers in order and advances the clock with them.
   *
   * @param until latest time, in ms of the virtual clock
   * @param atMost maximum number of timers
   * @returns number of timers that fired; less than `atMost` if no timer is left until then
   */
  run(until: number, atMost: number): number;
  /** Ends all exchanges in flight, such as hangs, with the outcome `cut`. */
  cut(): void;
  /** Number of exchanges in flight. */
  readonly inFlight: number;
}

/** Route and method of requests in a {@linkcode VirtualWorld}. */
export interface VirtualTarget {
  /** Id of the route. */
  readonly route: string;
  /** Method, in upper case. */
  readonly method: string;
  /** True if requests are looked at: their headers or bodies decide which route takes them, which turn they get, or how long a body takes. */
  readonly looks: boolean;
}

/** Request of a simulation. */
export interface VirtualRequest {
  /** Path and query. */
  readonly path: string;
  /** Headers, names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Body as text; undefined for none. */
  readonly body: string | undefined;
}

/** Configuration as data that can be posted to a thread. */
export interface ThreadInput {
  /** Configuration as written, as JSON. */
  readonly json: string;
  /** URL of the folder that relative paths start from. */
  readonly folder: string;
  /** URL of the module that exports the table of built-in plugins as `BUILTIN`. */
  readonly builtin: string;
  /** True if plugins were given as objects, which cannot be posted: a thread lacks them. */
  readonly partial?: boolean;
  /** Replica that the server is. Default: the only one. */
  readonly segment?: Segment | undefined;
}

/** Services that core offers to a load engine in addition to the {@linkcode Host}. */
export interface LoadHost {
  /** Configuration in force, for `threadHost` in a thread of the engine. */
  readonly thread: ThreadInput;
  /**
   * Builds the configuration in force a second time, in virtual time, without the plugins of scope `server`.
   *
   * @throws PerfmockError if that fails
   */
  virtualWorld(): Promise<VirtualWorld>;
}
