/**
 * Types of the contract for bottleneck finders: experiments that tell which route makes a page slow, and where it breaks.
 * core/find.ts exports them. Times are in ms.
 *
 * @module
 */

import type { Awaitable } from "./values.ts";

/** Finder of bottlenecks. A script is a JSON value, or text in JSON or YAML. */
export interface BottleneckFinder {
  /**
   * Measures what each route's response time costs a figure of a page. All dials are back where they were when it ends.
   *
   * @throws PerfmockError `SCRIPT_INVALID` with all errors, before anything is changed; `FIND_FAILED` where the page gives no figure
   */
  find(script: unknown, options?: FindOptions): Promise<FindResult<FindAnswer>>;
  /**
   * Measures the figure at multiples of each route's response time.
   *
   * @throws as {@linkcode BottleneckFinder.find}
   */
  sweep(
    script: unknown,
    options?: FindOptions,
  ): Promise<FindResult<SweepAnswer>>;
  /**
   * Checks a script without running it.
   *
   * @throws PerfmockError `SCRIPT_INVALID` with all errors
   */
  check(
    script: unknown,
    options?: Pick<FindOptions, "folder">,
  ): Promise<void>;
  /** JSON Schema of scripts, for editors. */
  schema(): Awaitable<Record<string, unknown>>;
}

/** Options of an experiment. */
export interface FindOptions {
  /** Absolute path of the folder that relative paths in the script start from. Default the configuration's folder. */
  readonly folder?: string | undefined;
  /** Ends the experiment: the load under way is given up, and what was measured is reported. */
  readonly signal?: AbortSignal | undefined;
  /** Receives the plan as a line of text, with its number of loads and its duration, before it begins. */
  readonly planned?: ((line: string) => void) | undefined;
  /**
   * Receives the progress after each load.
   *
   * @param line the same as a line of text for the terminal
   */
  readonly progress?:
    | ((progress: FindProgress, line: string) => void)
    | undefined;
}

/** Progress of an experiment. */
export interface FindProgress {
  /** Time since the start. */
  readonly elapsed: number;
  /** Number of loads so far. */
  readonly loads: number;
  /** Estimated number of loads in all. */
  readonly expected: number;
  /** Estimated time until the end. */
  readonly remaining: number;
}

/** Result of an experiment. */
export interface FindResult<Answer> {
  /** The figures. */
  readonly answer: Answer;
  /** True if all budgets are kept, or there is none. */
  readonly ok: boolean;
  /** The answer as a table for the terminal. */
  readonly table: string;
  /** The answer as Markdown. */
  readonly markdown: string;
  /** Draws the answer as an HTML file without scripts. */
  html(): Promise<string>;
}

/** Estimate with its interval. */
export interface Estimate {
  /** Estimated value. */
  readonly value: number;
  /** Lower end of the interval. */
  readonly low: number;
  /** Upper end of the interval. */
  readonly high: number;
}

/** Answer to the question which route makes a page slow. */
export interface FindAnswer {
  /** Name of the figure, such as `LCP`. */
  readonly figure: string;
  /** Seed of the plan. */
  readonly seed: number | string;
  /** Confidence of all intervals, such as 0.95. */
  readonly confidence: number;
  /** Median of the figure as configured, with its interval. */
  readonly baseline: {
    readonly median: number;
    readonly low: number;
    readonly high: number;
  };
  /** Routes and other factors, the one with the largest slope first, the processor last. */
  readonly routes: readonly FoundRoute[];
  /** Pairs whose effects do not add up. */
  readonly interactions: readonly FoundInteraction[];
  /** Routes that cannot be told apart. */
  readonly indistinguishable: readonly {
    readonly routes: readonly string[];
    readonly reason: string;
  }[];
  /** Budget; null where the script has none. */
  readonly budget: FoundBudget | null;
  /** Cliffs, in the order of the script. */
  readonly cliffs: readonly FoundCliff[];
  /** Number of loads that gave a figure. */
  readonly loads: number;
  /** Number of loads that gave none, by reason. */
  readonly failed: Readonly<Record<string, number>>;
  /** Time that the experiment took. */
  readonly duration: number;
  /** Design of the experiment in words. */
  readonly design: string;
  /** Reason for the end: intervals narrow enough, limit of `loads` or of `duration`, or a signal. */
  readonly stopped: "precise" | "loads" | "duration" | "interrupted";
  /** Load whose figure is the median of the baseline. */
  readonly waterfall: readonly WaterfallRequest[];
  /** Sentences that a reader has to know. */
  readonly notes: readonly string[];
}

/** Verdict on a route: each ms costs about a ms or more, less than that, nothing, or it cannot be said. */
export type Verdict = "critical" | "partly" | "hidden" | "unclear";

/** Errors among the answers of a route: statuses of 400 or more, and connections that were reset in place of an answer. */
export interface RouteErrors {
  /** Share of its answers that were errors, 0 to 1. */
  readonly share: number;
  /** Number of its answers, in all loads but those of cliffs. */
  readonly answers: number;
  /** Number of errors by status, the most frequent one first; `reset` for connections that were reset. */
  readonly statuses: Readonly<Record<string, number>>;
}

/**
 * Costs of the response time of a route. Slopes are in ms of the figure per ms of response time; of the processor in ms of the
 * figure per percent by which it is slower, and `added` is in percent.
 */
export interface FoundRoute {
  /** Id of the route; a URL pattern for other origins, `cpu` for the page's processor. */
  readonly route: string;
  /** Slope where time is added to this route alone. */
  readonly slope: number;
  /** Lower end of the slope's interval. */
  readonly low: number;
  /** Upper end of the slope's interval. */
  readonly high: number;
  /** Verdict. */
  readonly verdict: Verdict;
  /** Verdict as a sentence with its numbers. */
  readonly sentence: string;
  /** Slope where time is taken away; null where that was not possible. */
  readonly saved: Estimate | null;
  /** Share of the page's time that the route can explain, 0 to 1; null where nothing could be taken away. */
  readonly share: Estimate | null;
  /** Probability of such an effect by chance, adjusted for the number of routes (Holm). */
  readonly p: number;
  /** Mean number of requests of a load. */
  readonly calls: number;
  /** Median response time as configured; null where it was not seen. */
  readonly responseTime: number | null;
  /** Time that was added: as asked, and as the journal has it; null where it has none. */
  readonly added: { readonly asked: number; readonly measured: number | null };
  /** Time that was taken away, likewise; null where nothing could be. */
  readonly taken: {
    readonly asked: number;
    readonly measured: number | null;
  } | null;
  /** Mean lateness of perfmock's answers on this route; null where it is not known. */
  readonly lateness: number | null;
  /** Errors among its answers; null where none was seen, as for what is no route. */
  readonly errors: RouteErrors | null;
  /** Largest response time that keeps the budget, others as configured; null where there is no budget, or no limit was found. */
  readonly largest: Estimate | null;
}

/** Pair of routes whose effects do not add up. */
export interface FoundInteraction {
  /** The two routes. */
  readonly routes: readonly [string, string];
  /** True if time was added, false if it was taken away. */
  readonly added: boolean;
  /** Effect of both beyond the sum of each alone, in ms of the figure. */
  readonly effect: Estimate;
  /** The same as a sentence. */
  readonly sentence: string;
}

/** Budget and how it is kept. */
export interface FoundBudget {
  /** Largest allowed figure. */
  readonly limit: number;
  /** True if the median as configured is within the limit. */
  readonly kept: boolean;
  /** Sentence with the numbers. */
  readonly sentence: string;
}

/** Results of a search along one dial. */
export interface FoundCliff {
  /** Owner of the dial and its name in words, such as `route cart, delay`. */
  readonly of: string;
  /** Unit of the levels: `ms`, `B/s`, or empty for a number. */
  readonly unit: string;
  /** Level at which the budget breaks; null if it does not, or there is none. */
  readonly breaksAt: Estimate | null;
  /** Level at which loads fail; null if they do not. */
  readonly failsAt: Estimate | null;
  /** Level at which the slope changes, with the slopes on both sides, for `B/s` in bytes that the figure waits for; null where it does not. */
  readonly bend: {
    readonly at: Estimate;
    readonly before: Estimate;
    readonly after: Estimate;
  } | null;
  /** Level at which the figure jumps, and by how much, in ms; null where it does not. A cliff has a bend or a jump, not both. */
  readonly jump: { readonly at: Estimate; readonly by: Estimate } | null;
  /** Figure by level, ascending. */
  readonly points: readonly CliffPoint[];
  /** The same as a sentence. */
  readonly sentence: string;
}

/** Figure at a level. */
export interface CliffPoint {
  /** Level of the dial. */
  readonly level: number;
  /** Median with its interval; null where all loads failed. */
  readonly figure: Estimate | null;
  /** Number of loads. */
  readonly loads: number;
  /** Number of loads that failed. */
  readonly failed: number;
}

/** Request of a page load; times since navigation. */
export interface WaterfallRequest {
  /** URL. */
  readonly url: string;
  /** Id of the route; null where it is none of ours. */
  readonly route: string | null;
  /** Start. */
  readonly start: number;
  /** End. */
  readonly end: number;
}

/** Answer of a sweep. */
export interface SweepAnswer {
  /** Name of the figure. */
  readonly figure: string;
  /** Seed of the order. */
  readonly seed: number | string;
  /** Confidence of all intervals. */
  readonly confidence: number;
  /** Factors on the response time, and by which the processor is slowed, ascending, such as 1, 2, 4, 8. */
  readonly factors: readonly number[];
  /** Routes, other origins and the processor, the most important one first. */
  readonly routes: readonly SweptRoute[];
  /** Largest allowed figure; null for none. */
  readonly budget: number | null;
  /** Number of loads that gave a figure. */
  readonly loads: number;
  /** Number of loads that gave none, by reason. */
  readonly failed: Readonly<Record<string, number>>;
  /** Time that the sweep took. */
  readonly duration: number;
  /** Reason for the end. */
  readonly stopped: "complete" | "loads" | "duration" | "interrupted";
  /** Sentences that a reader has to know. */
  readonly notes: readonly string[];
}

/** Figure of one route at each factor. */
export interface SweptRoute {
  /** Id of the route; a URL pattern for other origins, `cpu` for the page's processor. */
  readonly route: string;
  /** Median response time as configured; null for the processor. */
  readonly responseTime: number | null;
  /** Figure at each factor; null where it was not measured. */
  readonly figures: readonly (Estimate | null)[];
  /** Response time from which on the figure grows faster, of the processor the factor; null where one line fits. */
  readonly knee: Estimate | null;
  /** First factor whose figure is above the budget; null for none. */
  readonly breaks: number | null;
  /** Errors among its answers; null where none was seen. */
  readonly errors: RouteErrors | null;
}
