/**
 * A load script, parsed: what executors, client and figures are made from.
 *
 * @module
 */
import type {
  DialAddress,
  Dials,
  Distribution,
  Issue,
  Kit,
  Signal,
  Stream,
  Timeline,
} from "../../../core/plugin.ts";
import type { RequestPlan } from "../order.ts";

/** What all scenarios have. */
export interface ScenarioBase {
  /** Unique in the script. */
  readonly name: string;
  /** Its place in the script, from 0. */
  readonly index: number;
  /** When it begins, in ms since the run's start. */
  readonly start: number;
}

/** What all scenarios have that send requests. */
export interface TrafficBase extends ScenarioBase {
  /** How requests follow one another. */
  readonly pick: "weighted" | "in-order";
  /** One at least. */
  readonly requests: readonly RequestPlan[];
  /** How long what is under way at its end may go on, in ms, before it is cut. */
  readonly gracefulStop: number;
  /** Its own random numbers. */
  readonly streams: ScenarioStreams;
}

/** A scenario's own random numbers: adding another scenario does not shift them. */
export interface ScenarioStreams {
  /** For the gaps between arrivals. */
  readonly arrivals: Stream;
  /** For choosing requests. */
  readonly pick: Stream;
  /** For think times. */
  readonly think: Stream;
}

/** The open model: arrivals that do not wait for answers. */
export interface ArrivalRate extends TrafficBase {
  /** What runs it. */
  readonly executor: "arrival-rate";
  /** Evenly, as the rate's integral has it, or at random about it. */
  readonly arrivals: "uniform" | "poisson";
  /** Per second, by the time since the scenario's start. */
  readonly rate: Signal;
  /** In ms. */
  readonly duration: number;
  /** Arrivals beyond this many under way are dropped. */
  readonly maxInFlight: number;
}

/** The closed model: users who wait for answers, and think. */
export interface VirtualUsers extends TrafficBase {
  /** What runs it. */
  readonly executor: "virtual-users";
  /** How many there are, by the time since the scenario's start. */
  readonly users: Signal;
  /** From the end of one request to the next. */
  readonly think: Distribution | undefined;
  /** How many turns each user takes at most; Infinity where not told. */
  readonly iterations: number;
  /** In ms; Infinity where not told. */
  readonly duration: number;
}

/** A number of turns that users share. */
export interface SharedIterations extends TrafficBase {
  /** What runs it. */
  readonly executor: "shared-iterations";
  /** How many there are. */
  readonly users: number;
  /** How many turns they take, all together. */
  readonly iterations: number;
  /** From the end of one request to the next. */
  readonly think: Distribution | undefined;
  /** In ms; Infinity where not told. */
  readonly duration: number;
}

/** Recorded arrivals, sent again. */
export interface Replay extends TrafficBase {
  /** What runs it. */
  readonly executor: "replay";
  /** When each is sent, in ms since the scenario's start; ascending. */
  readonly times: Float64Array;
  /** Which request each is, an index into `requests`; where absent they are picked. */
  readonly choices: Uint32Array | undefined;
  /** Arrivals beyond this many under way are dropped. */
  readonly maxInFlight: number;
}

/** Turns a dial. */
export interface Modulate extends ScenarioBase {
  /** What runs it. */
  readonly executor: "modulate";
  /** Which. */
  readonly dial: DialAddress;
  /** What is laid on it, by the time since the scenario's start; undefined where the script was parsed without dials, as on a load thread. */
  readonly course: Timeline<unknown> | undefined;
  /** In ms; Infinity where it lasts as long as the run. */
  readonly duration: number;
}

/** Lays a load on the machine. */
export interface Stress extends ScenarioBase {
  /** What runs it. */
  readonly executor: "stress";
  /** The scenario as written, for the plugin that runs it. */
  readonly scenario: unknown;
}

/** A scenario that sends requests. */
export type Traffic = ArrivalRate | VirtualUsers | SharedIterations | Replay;

/** A scenario that turns what requests meet. It runs on the server's thread, whatever thread sends. */
export type Control = Modulate | Stress;

/** One of a script's scenarios. */
export type Scenario = Traffic | Control;

/** What a threshold looks at. */
export interface ThresholdMetric {
  /** As written, such as `browse.responseTime`. */
  readonly text: string;
  /** The scenario; all where absent. */
  readonly scenario: string | undefined;
  /** A group or a named request of it; all where absent. */
  readonly part: string | undefined;
  /** What of it, such as `responseTime`. */
  readonly figure: Figure;
}

/** What thresholds can look at: times, and counts with their shares. */
export type Figure = TimeFigure | CountFigure;

/** Times, in ms. */
export type TimeFigure =
  | "responseTime"
  | "serviceTime"
  | "firstByte"
  | "startLag";

/** Counts. */
export type CountFigure =
  | "scheduled"
  | "started"
  | "dropped"
  | "completed"
  | "failed"
  | "checks";

/** A statistic of a figure. */
export type Statistic =
  | {
    /** The value at a probability. */
    readonly kind: "quantile";
    /** 0…1. */
    readonly p: number;
  }
  | {
    /** One that needs no parameter. */
    readonly kind: "avg" | "min" | "max" | "med" | "count" | "rate";
  };

/** A bound that the figures have to keep. */
export interface Threshold {
  /** What it looks at. */
  readonly metric: ThresholdMetric;
  /** As written, such as `p(95)<200ms`. */
  readonly expression: string;
  /** What of the figure is compared. */
  readonly statistic: Statistic;
  /** How. */
  readonly operator: "<" | "<=" | ">" | ">=" | "==" | "!=";
  /** With what; times in ms. */
  readonly bound: number;
  /** Whether the run ends as soon as it is crossed. */
  readonly abortOnFail: boolean;
  /** How long that is not looked at, in ms since the run's start. */
  readonly after: number;
}

/** A load script. */
export interface Script {
  /** As its author calls it. */
  readonly name: string;
  /** Of its traffic; the server's draws follow the server's. */
  readonly seed: number | string;
  /** Where requests go; the server that runs it where absent. */
  readonly target: URL | undefined;
  /** In the order of the text. */
  readonly scenarios: readonly Scenario[];
  /** In the order of the text. */
  readonly thresholds: readonly Threshold[];
}

/** What a script is read with: a Host has all of it, and so has a load thread but for the server's part. */
export interface ScriptTools {
  /** The types that settings are made of. */
  readonly kit: Kit;
  /** See Host.stream. */
  stream(seed: number | string, name: string): Promise<Stream>;
  /** See Host.suggest. */
  suggest(name: string, candidates: Iterable<string>): string | undefined;
  /** The absolute path of the folder that the script's relative paths start from. */
  readonly folder: string;
  /** What only the server's own thread knows; where absent, what depends on it was checked there. */
  readonly server?: ScriptServer;
}

/** What a script can use of a server. */
export interface ScriptServer {
  /** What can be turned. */
  readonly dials: Dials;
  /** Who lays loads on the machine; undefined where that plugin is off. */
  readonly stress: StressScenarios | undefined;
  /** The origins beyond loopback that requests may go to. */
  readonly targets: readonly string[];
}

/** The service `resource_stress.scenarios`. */
export interface StressScenarios {
  /** All that is wrong with a scenario as written, paths relative to it. */
  faults(value: unknown): readonly Issue[];
  /**
   * Starts one.
   *
   * @param owner who, for those who ask what is going on
   */
  start(value: unknown, owner: string): Promise<StressHandle>;
}

/** A stress scenario under way. */
export interface StressHandle {
  /** Its id. */
  readonly id: string;
  /** Ends it. */
  stop(): Promise<void>;
}
