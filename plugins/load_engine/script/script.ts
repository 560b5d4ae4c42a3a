/**
 * The types of a parsed load script, and the tools that a script is read with.
 *
 * @module
 */
import type {
  DialAddress,
  Dials,
  Distribution,
  Issue,
  Kit,
  Segment,
  Signal,
  Stream,
  Timeline,
} from "../../../core/plugin.ts";
import type { RequestPlan } from "../order.ts";

/** Properties of all scenarios. */
export interface ScenarioBase {
  /** Name, unique in the script. */
  readonly name: string;
  /** Zero-based index in the script. */
  readonly index: number;
  /** Start, in ms since the run's start. */
  readonly start: number;
}

/** Properties of all scenarios that send requests. */
export interface TrafficBase extends ScenarioBase {
  /** Order of the requests. */
  readonly pick: "weighted" | "in-order";
  /** The scenario's requests, at least one. */
  readonly requests: readonly RequestPlan[];
  /** Time that active requests may continue after the scenario's end before they are cut, in ms. */
  readonly gracefulStop: number;
  /** Random numbers of the scenario. */
  readonly streams: ScenarioStreams;
}

/** Random numbers of one scenario. Another scenario does not change them. */
export interface ScenarioStreams {
  /** Gaps between arrivals. */
  readonly arrivals: Stream;
  /** Choice of requests. */
  readonly pick: Stream;
  /** Think times. */
  readonly think: Stream;
}

/** The open model: arrivals do not wait for responses. */
export interface ArrivalRate extends TrafficBase {
  /** Name of the executor. */
  readonly executor: "arrival-rate";
  /** Evenly spaced along the rate's integral, or a Poisson process of that rate. */
  readonly arrivals: "uniform" | "poisson";
  /** Arrivals per second, by ms since the scenario's start. */
  readonly rate: Signal;
  /** Duration in ms. */
  readonly duration: number;
  /** Maximum number of active requests; further arrivals are dropped. */
  readonly maxInFlight: number;
}

/** The closed model: users wait for responses, and think. */
export interface VirtualUsers extends TrafficBase {
  /** Name of the executor. */
  readonly executor: "virtual-users";
  /** Number of users, by ms since the scenario's start. */
  readonly users: Signal;
  /** Think time from the end of one request to the next, in ms; undefined for none. */
  readonly think: Distribution | undefined;
  /** Maximum number of turns of each user; Infinity if not set. */
  readonly iterations: number;
  /** Duration in ms; Infinity if not set. */
  readonly duration: number;
}

/** A number of turns that users share. */
export interface SharedIterations extends TrafficBase {
  /** Name of the executor. */
  readonly executor: "shared-iterations";
  /** Number of users. */
  readonly users: number;
  /** Number of turns of all users together. */
  readonly iterations: number;
  /** Think time from the end of one request to the next, in ms; undefined for none. */
  readonly think: Distribution | undefined;
  /** Duration in ms; Infinity if not set. */
  readonly duration: number;
}

/** Recorded arrivals, sent again. */
export interface Replay extends TrafficBase {
  /** Name of the executor. */
  readonly executor: "replay";
  /** Time of each request, in ms since the scenario's start; ascending. */
  readonly times: Float64Array;
  /** Index of each request in `requests`; undefined if requests are chosen by `pick`. */
  readonly choices: Uint32Array | undefined;
  /** Maximum number of active requests; further arrivals are dropped. */
  readonly maxInFlight: number;
}

/** Changes a dial over time. */
export interface Modulate extends ScenarioBase {
  /** Name of the executor. */
  readonly executor: "modulate";
  /** Address of the dial. */
  readonly dial: DialAddress;
  /** Values of the dial by ms since the scenario's start; undefined if the script was parsed without dials, as on a load thread. */
  readonly course: Timeline<unknown> | undefined;
  /** Duration in ms; Infinity until the end of the run. */
  readonly duration: number;
}

/** Puts stress on the machine. */
export interface Stress extends ScenarioBase {
  /** Name of the executor. */
  readonly executor: "stress";
  /** The stress scenario as written, for the plugin that runs it. */
  readonly scenario: unknown;
}

/** A scenario that sends requests. */
export type Traffic = ArrivalRate | VirtualUsers | SharedIterations | Replay;

/** A scenario that sends nothing but changes the server. It runs on the server's thread, whichever thread sends. */
export type Control = Modulate | Stress;

/** One of a script's scenarios. */
export type Scenario = Traffic | Control;

/** The figure that a threshold refers to. */
export interface ThresholdMetric {
  /** Text of the reference, such as `browse.responseTime`. */
  readonly text: string;
  /** Scenario name; undefined for all scenarios. */
  readonly scenario: string | undefined;
  /** Group or named request of the scenario; undefined for all requests. */
  readonly part: string | undefined;
  /** The figure, such as `responseTime`. */
  readonly figure: Figure;
}

/** Figures that thresholds can refer to: times, numbers of requests with their shares, and what is both. */
export type Figure = TimeFigure | OutcomeFigure | CountFigure;

/** Names of the figures that are times only, in ms. */
export const TIME_FIGURES = [
  "responseTime",
  "serviceTime",
  "firstByte",
  "startLag",
] as const;

/** One of {@linkcode TIME_FIGURES}. */
export type TimeFigure = typeof TIME_FIGURES[number];

/** Names of the figures that are a number of requests and their response times. */
export const OUTCOME_FIGURES = ["served", "refused"] as const;

/** One of {@linkcode OUTCOME_FIGURES}. */
export type OutcomeFigure = typeof OUTCOME_FIGURES[number];

/** Figure that has times. */
export type TimedFigure = TimeFigure | OutcomeFigure;

/** Returns whether a figure has times. */
export function hasTimes(figure: Figure): figure is TimedFigure {
  return [...TIME_FIGURES, ...OUTCOME_FIGURES].some((name) => name === figure);
}

/** Names of the figures that are numbers only. */
export const COUNT_FIGURES = [
  "scheduled",
  "started",
  "dropped",
  "completed",
  "failed",
  "cut",
  "checks",
] as const;

/** One of {@linkcode COUNT_FIGURES}. */
export type CountFigure = typeof COUNT_FIGURES[number];

/** Figure that is a number of requests or checks, and a share of them. */
export type CountedFigure = CountFigure | OutcomeFigure;

/** Returns whether a figure is a number of requests or checks. */
export function isCounted(figure: Figure): figure is CountedFigure {
  return [...COUNT_FIGURES, ...OUTCOME_FIGURES].some((name) => name === figure);
}

/** A statistic of a figure. */
export type Statistic =
  | {
    /** The quantile at a probability. */
    readonly kind: "quantile";
    /** Probability, 0…1. */
    readonly p: number;
  }
  | {
    /** A statistic without a parameter. */
    readonly kind: "avg" | "min" | "max" | "med" | "count" | "rate";
  };

/** A limit on a figure. */
export interface Threshold {
  /** Figure that is limited. */
  readonly metric: ThresholdMetric;
  /** Text of the comparison, such as `p(95)<200ms`. */
  readonly expression: string;
  /** Statistic of the figure. */
  readonly statistic: Statistic;
  /** Comparison operator. */
  readonly operator: "<" | "<=" | ">" | ">=" | "==" | "!=";
  /** Value of the limit; times in ms. */
  readonly bound: number;
  /** True to end the run as soon as the threshold fails. */
  readonly abortOnFail: boolean;
  /** Time from the run's start until `abortOnFail` applies, in ms. */
  readonly after: number;
}

/** Digests by which the shares of one run are told from those of others. */
export interface ScriptDigests {
  /** That of the script as written, without its seed and target. */
  readonly script: string;
  /** That of the contents of the files that it names; empty where it names none or they were left unread, and of a whole run. */
  readonly files: string;
  /** Those of the distributions of think times by scenario, as the configuration's profiles and families make them. */
  readonly draws: Readonly<Record<string, string>>;
}

/** A load script. */
export interface Script {
  /** Name of the script. */
  readonly name: string;
  /** Seed of the script's random numbers; the server's follow the server's seed. */
  readonly seed: number | string;
  /** Target of the requests; undefined for the server that runs the script. */
  readonly target: URL | undefined;
  /** Digests of what the shares of one run have in common. */
  readonly digests: ScriptDigests;
  /** Share of the traffic that is sent; the scenarios are those of all of it. */
  readonly segment: Segment;
  /** In the order of the text. */
  readonly scenarios: readonly Scenario[];
  /** In the order of the text. */
  readonly thresholds: readonly Threshold[];
  /** Sentences that say which entries of its traces were left out. */
  readonly notes: readonly string[];
}

/** Tools that a script is read with. A Host has all of them; a load thread has all but `server`. */
export interface ScriptTools {
  /** Types of settings. */
  readonly kit: Kit;
  /** See Host.stream. */
  stream(seed: number | string, name: string): Promise<Stream>;
  /** See Host.suggest. */
  suggest(name: string, candidates: Iterable<string>): string | undefined;
  /** Seed of a script that names none: the configuration's. */
  readonly seed: number | string;
  /** Absolute path of the folder that the script's relative paths start from. */
  readonly folder: string;
  /** Share of the traffic that is sent. Default: all of it. */
  readonly segment?: Segment | undefined;
  /**
   * Called for each file that is left unread after a check that it can be: a thread will read it. Undefined to read files, which
   * blocks.
   */
  readonly unread?: () => void;
  /** Properties of the server; undefined on a load thread, where the server's thread has already checked what depends on them. */
  readonly server?: ScriptServer;
}

/** Parts of a server that a script can use. */
export interface ScriptServer {
  /** Dials that scenarios can change. */
  readonly dials: Dials;
  /** Service that runs stress scenarios; undefined if that plugin is off. */
  readonly stress: StressScenarios | undefined;
  /** Origins other than loopback that requests may go to. */
  readonly targets: readonly string[];
}

/** The service `resource_stress.scenarios`. */
export interface StressScenarios {
  /** Returns the issues of a stress scenario as written, with paths relative to it. */
  issues(value: unknown): readonly Issue[];
  /**
   * Starts a stress scenario.
   *
   * @param owner name of the run, shown by the plugin
   */
  start(value: unknown, owner: string): Promise<StressHandle>;
}

/** An active stress scenario. */
export interface StressHandle {
  /** Id of the scenario. */
  readonly id: string;
  /** Ends the scenario. */
  stop(): Promise<void>;
}
