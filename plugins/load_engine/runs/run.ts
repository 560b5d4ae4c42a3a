/**
 * One run of a script.
 *
 * | state | goes to | when |
 * |---|---|---|
 * | starting | running | its thread has read the script |
 * | | ready | the same, and it waits for an agreed start |
 * | | aborted | it is stopped first |
 * | ready | running | it is told when to start |
 * | | aborted | it is stopped first, or nobody tells it within two minutes |
 * | running | stopping | it is stopped: active requests may continue for their graceful stop |
 * | | finished | its last request has ended |
 * | | aborted | a threshold that aborts is crossed |
 * | stopping | aborted | its last request has ended, or was cut |
 * | any of these | failed | its thread is gone, or a scenario could not be run |
 *
 * However it ends, its dials are released, its stress is stopped and its thread is gone before it reports its end.
 *
 * @module
 */
import type {
  LoadProgress,
  LoadResult,
  LoadShare,
  LoadSummary,
} from "../../../core/load.ts";
import {
  type Clock,
  type Dials,
  type Issue,
  wallTime,
} from "../../../core/plugin.ts";
import { ControlRun } from "../executors/control_run.ts";
import type { ShareStart } from "../figures/share_data.ts";
import type { TickTimes } from "../figures/time_series.ts";
import type { Destination } from "../http/mod.ts";
import { notesOnRun } from "../script/notes.ts";
import type { Script, StressScenarios } from "../script/script.ts";
import type { ThreadOrder } from "./load_thread.ts";
import {
  LoadThread,
  type ThreadOptions,
  type ThreadWorker,
} from "./load_thread_handle.ts";
import type { RunSeries } from "./series.ts";

/** Time that a thread has to cut a run and report its result, in ms; after that the run ends without a result. */
const CUT_TIMEOUT = 3000;

/** Time after which a run ends whose leading process has asked for nothing, in ms. It asks once a second. */
const LEASE = 15_000;

/** The same while it waits for its start, in ms: other workers may still read their script. */
const READY_LIMIT = 120_000;

/** State of a run. */
export type RunState =
  | "starting"
  | "ready"
  | "running"
  | "stopping"
  | "finished"
  | "aborted"
  | "failed";

/** Report on a run. */
export interface RunReport {
  /** Id, unique in the server. */
  readonly id: string;
  /** Name of the script. */
  readonly name: string;
  /** State of the run. */
  readonly state: RunState;
  /** Reason of the failure; null if it did not fail. */
  readonly error: string | null;
  /** Names of the script's scenarios. */
  readonly scenarios: readonly string[];
  /** URL of the target. */
  readonly target: string;
  /** Sentences that a reader of its figures has to know. */
  readonly notes: readonly string[];
  /** Progress at the last tick; null before the first. */
  readonly progress: LoadProgress | null;
}

/** Receiver of a run's progress. */
export interface RunListener {
  /** Reports progress once a second. */
  progress(progress: LoadProgress): void;
  /** Called once, when the run has ended and nothing of it is left. */
  ended(): void;
}

/** Options of a run. */
export interface RunOptions {
  /** Id, unique in the server. */
  readonly id: string;
  /** The parsed script. */
  readonly script: Script;
  /** Order for its thread. */
  readonly order: ThreadOrder;
  /** Clock of the server. */
  readonly clock: Clock;
  /** Dials that its scenarios can set. */
  readonly dials: Dials;
  /** Service that runs stress scenarios; undefined if that plugin is off. */
  readonly stress: StressScenarios | undefined;
  /** Metrics that receive its figures while it runs. */
  readonly series: RunSeries;
  /** Time at which it starts, in ms of the server's clock. Default: as soon as it is ready. */
  readonly startAt?: number | undefined;
  /**
   * True for a share that another process asked for: it waits for {@linkcode Run.begin}, and ends if that process asks for nothing any
   * more. Default false.
   */
  readonly led?: boolean | undefined;
  /** See {@linkcode ThreadOptions.startWorker}. */
  readonly startWorker?: () => ThreadWorker;
}

/** A run, from its start to its end. */
export class Run {
  /** Id, unique in the server. */
  readonly id: string;
  /** Resolves when the run has ended and nothing of it is left; never rejects. */
  readonly over: Promise<void>;
  /** Resolves when its thread has read the script and its files, or the run has ended; never rejects. */
  readonly started: Promise<void>;
  readonly #settled: () => void;
  readonly #begun: () => void;
  #issues: readonly Issue[] = [];
  // Keeps the names only, since a script can be large and ended runs are remembered.
  readonly #name: string;
  readonly #scenarios: readonly string[];
  readonly #target: string;
  /** Digests of the distributions of think times, by scenario. */
  readonly draws: Script["digests"]["draws"];
  #notes: readonly string[];
  readonly #clock: Clock;
  readonly #thread: LoadThread;
  #controls: ControlRun | undefined;
  readonly #series: RunSeries;
  readonly #listeners = new Set<RunListener>();
  #state: RunState = "starting";
  #ending = false;
  #limit = 0;
  #error: string | undefined;
  #progress: LoadProgress | undefined;
  #result: LoadResult | undefined;
  #bytes = 0;
  readonly #startAt: number | undefined;
  readonly #led: boolean;
  /** Start by the clock on the wall. */
  #start: ShareStart | null = null;
  #lease = 0;
  #starting = 0;

  /**
   * Takes hold of the dials and starts the thread. The run begins when the thread is ready.
   *
   * @throws PerfmockError `SCRIPT_INVALID` if a dial cannot be held; nothing was started then
   */
  constructor(options: RunOptions) {
    const { id, script, order, clock, dials, stress, series } = options;
    this.id = id;
    this.#name = script.name;
    this.#scenarios = script.scenarios.map(({ name }) => name);
    this.#target = urlOf(order.destination);
    this.draws = script.digests.draws;
    this.#notes = notesOnRun(script);
    this.#clock = clock;
    this.#startAt = options.startAt;
    this.#led = options.led ?? false;
    this.#series = series;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.over = promise;
    const started = Promise.withResolvers<void>();
    this.started = started.promise;
    this.#begun = started.resolve;
    this.#settled = resolve;
    this.#controls = new ControlRun(script, {
      clock,
      dials,
      stress,
      owner: `load run ${id}`,
      failed: (error) => this.#onControlFailed(error),
    });
    this.#thread = new LoadThread(order, {
      ready: (notes) => this.#onReady(notes),
      tick: (progress, times) => this.#onTick(progress, times),
      ended: (result) => this.#onEnded(result),
      failed: (reason, issues) => {
        this.#issues = issues ?? [];
        this.#end("failed", `The load thread: ${reason}`);
      },
    }, { clock, startWorker: options.startWorker } satisfies ThreadOptions);
  }

  /** State of the run. */
  get state(): RunState {
    return this.#state;
  }

  /** True if the run has ended and nothing of it is left. */
  get isOver(): boolean {
    return ["finished", "aborted", "failed"].includes(this.#state);
  }

  /** Reason of the failure; undefined if it did not fail. */
  get error(): string | undefined {
    return this.#error;
  }

  /** Result; undefined until the run has ended, and if it failed. */
  get result(): LoadResult | undefined {
    return this.#result;
  }

  /** Number of bytes that the names and the result take at most; 0 until the run has ended. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Errors in the files of its script, which its thread has found; empty if there are none. */
  get issues(): readonly Issue[] {
    return this.#issues;
  }

  /** Report on the run. */
  get report(): RunReport {
    return {
      id: this.id,
      name: this.#name,
      state: this.#state,
      error: this.#error ?? null,
      scenarios: this.#scenarios,
      target: this.#target,
      notes: this.#notes,
      progress: this.#progress ?? null,
    };
  }

  /** Returns the summary so far, or the final one; undefined before it runs and if it failed. */
  async summarize(): Promise<LoadSummary | undefined> {
    if (this.#result !== undefined) return this.#result.summary;
    if (["ready", "starting"].includes(this.#state) || this.isOver) {
      return undefined;
    }
    const summary = await this.#thread.summarize();
    return this.result?.summary ?? summary;
  }

  /** Adds a listener. Calls its `ended` at once if the run has ended. Returns a function that removes it. */
  listen(listener: RunListener): () => void {
    if (this.isOver) {
      listener.ended();
      return () => {};
    }
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Sends nothing more. The second call cuts all active requests. */
  stop(): void {
    if (this.#state === "running") {
      this.#state = "stopping";
      this.#thread.stop("it was stopped");
    } else this.cut("it was stopped");
  }

  /** Ends the run at once, with the figures so far. */
  cut(why: string): void {
    if (this.#ending) return;
    if (this.#state === "starting" || this.#state === "ready") {
      this.#end("aborted");
    } else {
      this.#state = "stopping";
      this.#thread.cut(why);
      if (this.#limit > 0) return;
      this.#limit = this.#clock.at(
        this.#clock.now() + CUT_TIMEOUT,
        () => this.#end("failed", "Its load thread did not end in time"),
        undefined,
      );
    }
  }

  /**
   * Starts a run that is ready.
   *
   * @param at time of the start, in ms of the server's clock; now if undefined
   * @returns false if it is not ready
   */
  begin(at?: number): boolean {
    if (this.#state !== "ready") return false;
    this.#begin(at);
    return true;
  }

  /** Returns the complete figures so far, or the final ones; undefined if there are none. */
  async share(): Promise<LoadShare | undefined> {
    this.heed();
    if (this.#result !== undefined) return this.#result.share;
    if (this.#state === "starting" || this.isOver) return undefined;
    const share = await this.#thread.share();
    return this.result?.share ?? (share && this.#stamped(share));
  }

  /** The process that leads the run is still there. */
  heed(limit: number = LEASE): void {
    if (!this.#led || this.#ending) return;
    this.#clock.cancel(this.#lease);
    this.#lease = this.#clock.at(
      this.#clock.now() + limit,
      () =>
        this.cut(
          `the process that leads the run has not asked for ${limit / 1000} s`,
        ),
      undefined,
    );
  }

  #onReady(notes: readonly string[]): void {
    if (this.#ending) return;
    this.#notes = notes;
    this.#begun();
    if (this.#led) {
      this.#state = "ready";
      this.#thread.rest();
      this.heed(READY_LIMIT);
    } else this.#begin(this.#startAt);
  }

  #begin(at: number | undefined): void {
    this.#state = "running";
    this.#start = {
      at: Math.round(wallTime(at ?? this.#clock.now())),
      agreed: at !== undefined,
    };
    const wait = at === undefined ? undefined : at - this.#clock.now();
    this.#thread.start(wait);
    this.heed(LEASE + Math.max(0, wait ?? 0));
    if (wait === undefined || wait <= 0) this.#controls?.start();
    else {
      this.#starting = this.#clock.at(
        this.#clock.now() + wait,
        () => this.#controls?.start(),
        undefined,
      );
    }
  }

  #onTick(
    progress: LoadProgress,
    times: Readonly<Record<string, TickTimes>>,
  ): void {
    this.#progress = progress;
    this.#series.tick(progress, times);
    for (const listener of this.#listeners) listener.progress(progress);
  }

  #onEnded(result: LoadResult): void {
    const { share } = result;
    this.#result = share === undefined
      ? result
      : { ...result, share: this.#stamped(share) };
    if (this.#error !== undefined) this.#end("failed", this.#error);
    else this.#end(result.summary.aborted === null ? "finished" : "aborted");
  }

  /** The traffic without its stress is not what the script describes. */
  #onControlFailed(error: unknown): void {
    this.#error ??= error instanceof Error ? error.message : String(error);
    this.cut(this.#error);
  }

  /** A share with the start by the clock on the wall, which its thread does not know. */
  #stamped(share: LoadShare): LoadShare {
    const start = { start: this.#start };
    return { ...share, ...start };
  }

  async #end(state: RunState, error?: string): Promise<void> {
    if (this.#ending) return;
    this.#ending = true;
    this.#error = error;
    this.#clock.cancel(this.#limit);
    this.#clock.cancel(this.#lease);
    this.#clock.cancel(this.#starting);
    this.#series.end();
    await Promise.all([
      this.#controls?.stop(),
      this.#thread[Symbol.asyncDispose](),
    ]);
    this.#state = state;
    this.#controls = undefined;
    this.#bytes = bytesOf(this.report, this.#result);
    for (const listener of this.#listeners) listener.ended();
    this.#listeners.clear();
    this.#begun();
    this.#settled();
  }
}

/** Returns the URL of a destination, as a user would write it. */
function urlOf({ origin, prefix }: Destination): string {
  return origin + prefix;
}

/** Returns the number of bytes that a run's report and result take at most. */
function bytesOf(
  report: RunReport,
  { summary, table, csv, hgrm, share }: Partial<LoadResult> = {},
): number {
  // Objects take less than 4 bytes for each character of their JSON: numbers are long in it, and names are shared.
  const json = JSON.stringify([report, summary, share]).length;
  const texts = [table, csv, hgrm].map((text) => text?.length ?? 0);
  return 4 * json + 2 * texts.reduce((sum, length) => sum + length, 0);
}
