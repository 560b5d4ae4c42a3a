/**
 * The part of the contract for load engines: running scripts, and the configuration in force in virtual time. core/load.ts is its
 * door.
 *
 * @module
 */
import type { HistogramSummary } from "../lib/histogram.ts";
import type { Exchange } from "./exchange.ts";
import type { Clock, Dials } from "./values.ts";

/** Runs scripts. A script is a value as JSON holds it, or the text of one in JSON or YAML. */
export interface LoadEngine {
  /**
   * Over HTTP, against its target or this server; resolves once it has ended.
   *
   * @throws PerfmockError `SCRIPT_INVALID` with all faults, nothing was started then; Error where the run failed
   */
  load(script: unknown, options?: LoadOptions): Promise<LoadResult>;
  /**
   * In virtual time, against a copy of this server.
   *
   * @throws PerfmockError `SCRIPT_INVALID` with all faults
   */
  simulate(script: unknown, options?: LoadOptions): Promise<LoadResult>;
}

/** How a script is run. */
export interface LoadOptions {
  /** The absolute path of the folder that the script's relative paths start from; the configuration's where absent. */
  readonly folder?: string | undefined;
  /** Ends it early: what is under way is cut. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Told once a second, in virtual time of virtual seconds.
   *
   * @param line the same as a line for the terminal
   */
  readonly progress?:
    | ((progress: LoadProgress, line: string) => void)
    | undefined;
}

/** What came of a run. */
export interface LoadResult {
  /** The figures. */
  readonly summary: LoadSummary;
  /** The same as a table for the terminal. */
  readonly table: string;
  /** The time series of all scenarios. */
  readonly csv: string;
  /** The response times of all scenarios together, in HdrHistogram's text form. */
  readonly hgrm: string;
}

/** The figures of a run. */
export interface LoadSummary {
  /** The script's. */
  readonly name: string;
  /** The script's. */
  readonly seed: number | string;
  /** Whether all thresholds were kept, and the run came to its end. */
  readonly ok: boolean;
  /** From its start to its end, in ms. */
  readonly duration: number;
  /** Why it ended before its time; null where it did not. */
  readonly aborted: string | null;
  /** By name; those that send nothing are left out. */
  readonly scenarios: Readonly<Record<string, LoadScenario>>;
  /** In the order of the script. */
  readonly thresholds: readonly LoadThreshold[];
}

/** What came of some requests; started = completed + failed once all have ended. */
export interface LoadPart {
  /** Requests that were sent. */
  readonly started: number;
  /** Those answered below 400. */
  readonly completed: number;
  /** Those answered with 400 or more, or not at all. */
  readonly failed: number;
  /** How many failed, by kind: a status, or connect, reset, closed, timeout, protocol, cut. */
  readonly failures: Readonly<Record<string, number>>;
  /** Answers that were checked. */
  readonly checks: {
    /** As expected. */
    readonly passed: number;
    /** Not as expected. */
    readonly failed: number;
  };
  /** Requests sent per second, over the time in which the scenario sent. */
  readonly rate: number;
  /** From the scheduled start to the last byte; of all answers and time-outs. */
  readonly responseTime: LoadTimes;
  /** From the actual send to the last byte; of the same. */
  readonly serviceTime: LoadTimes;
  /** From the actual send to the first byte. */
  readonly firstByte: LoadTimes;
  /** From the scheduled start to the actual send. */
  readonly startLag: LoadTimes;
}

/** What came of a scenario; scheduled = started + dropped. */
export interface LoadScenario extends LoadPart {
  /** Requests that were due. */
  readonly scheduled: number;
  /** Those that were not sent, since too many were under way. */
  readonly dropped: number;
  /** By the request's name, or its method and path. */
  readonly requests: Readonly<Record<string, LoadPart>>;
  /** By the group's name. */
  readonly groups: Readonly<Record<string, LoadPart>>;
}

/** Summary of times in ms; null where there were none. */
export type LoadTimes = HistogramSummary;

/** How a threshold stands. */
export interface LoadThreshold {
  /** As written, such as `browse.responseTime`. */
  readonly metric: string;
  /** As written, such as `p(95)<200ms`. */
  readonly expression: string;
  /** Times in ms; null where nothing was measured. */
  readonly actual: number | null;
  /** Whether it is kept; false where nothing was measured. */
  readonly ok: boolean;
}

/** A run at a tick. */
export interface LoadProgress {
  /** In ms since the run's start. */
  readonly elapsed: number;
  /** In the order of the script; those that send nothing are left out. */
  readonly scenarios: readonly LoadScenarioProgress[];
}

/** A scenario at a tick; counts since its start. */
export interface LoadScenarioProgress {
  /** The scenario's name. */
  readonly name: string;
  /** It waits for its start, sends, lets end what is under way, or has ended. */
  readonly state: "waiting" | "open" | "closing" | "ended";
  /** Requests that were due. */
  readonly scheduled: number;
  /** Requests that were sent. */
  readonly started: number;
  /** Requests that were due and not sent. */
  readonly dropped: number;
  /** Requests that ended well. */
  readonly completed: number;
  /** Requests that failed. */
  readonly failed: number;
  /** Requests under way. */
  readonly inFlight: number;
  /** What the script asks for now, per second; null in a closed model. */
  readonly targetRate: number | null;
  /** How many users there are now; null in an open model. */
  readonly users: number | null;
  /** Requests sent per second since the last tick. */
  readonly rate: number;
  /** The response time's median since the last tick, in ms; null where none ended. */
  readonly p50: number | null;
  /** 95 %. */
  readonly p95: number | null;
  /** 99 %. */
  readonly p99: number | null;
}

/** The present configuration, built once more on a clock of its own: exchanges without HTTP, as fast as the machine computes. */
export interface VirtualWorld extends AsyncDisposable {
  /** Its clock, at 0. Timers set on it fire in {@linkcode VirtualWorld.run}. */
  readonly clock: Clock;
  /** Its dials. */
  readonly dials: Dials;
  /** Where requests of a method and path go; undefined where no route takes them. Prepare once, send often. */
  target(method: string, path: string): VirtualTarget | undefined;
  /**
   * Sends a request now.
   *
   * @param ended is told of its end, in the pipeline: it must send nothing itself but by a timer, and copy what it keeps
   * @param tag is handed to it, to spare a closure
   * @returns the exchange, for {@linkcode VirtualWorld.abandon}; it may have ended already
   */
  send<Tag>(
    target: VirtualTarget,
    ended: (exchange: Exchange, tag: Tag) => void,
    tag: Tag,
  ): Exchange;
  /** The client of an exchange leaves, which ends it: its outcome is `gone`. By a timer only; one that has ended is left alone. */
  abandon(exchange: Exchange): void;
  /**
   * Lets timers fire, in order, and time move with them.
   *
   * @param until no further than this time of its clock
   * @param atMost so many timers
   * @returns how many have fired: less than `atMost` where nothing more is due until then
   */
  run(until: number, atMost: number): number;
  /** Ends all that is under way and would never end, such as a hang: their outcome is `cut`. */
  cut(): void;
  /** How many exchanges are under way. */
  readonly inFlight: number;
}

/** A route and method that requests of a {@linkcode VirtualWorld} go to. */
export interface VirtualTarget {
  /** The route's id. */
  readonly route: string;
  /** Upper case. */
  readonly method: string;
}

/** A configuration as data that can be posted to a thread. */
export interface ThreadInput {
  /** The configuration as written. */
  readonly value: unknown;
  /** URL of the folder that relative paths start from. */
  readonly folder: string;
  /** URL of the module that exports the table of built-in plugins as `BUILTIN`. */
  readonly builtin: string;
}

/** What core offers to a load engine beyond the {@linkcode Host}. */
export interface LoadHost {
  /** The configuration in force, for a thread of the engine: `threadHost` in core/load.ts takes it. */
  readonly thread: ThreadInput;
  /**
   * Builds the configuration in force once more, in virtual time, without the plugins of scope `server`.
   *
   * @throws PerfmockError where it cannot be built a second time
   */
  virtualWorld(): Promise<VirtualWorld>;
}
