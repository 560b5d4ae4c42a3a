/**
 * One run of a script.
 *
 * | state | goes to | when |
 * |---|---|---|
 * | starting | running | its thread has read the script |
 * | | aborted | it is stopped before that |
 * | running | stopping | it is stopped: what is under way may go on for the scenarios' graceful stop |
 * | | finished | its last request has ended |
 * | | aborted | a threshold that aborts is crossed |
 * | stopping | aborted | its last request has ended, or was cut |
 * | any of these | failed | its thread is gone, or a scenario could not be run |
 *
 * However it ends, its dials are taken off, its stress is stopped and its thread is gone before it says so.
 *
 * @module
 */
import type {
  LoadProgress,
  LoadResult,
  LoadSummary,
} from "../../../core/load.ts";
import type { Clock, Dials } from "../../../core/plugin.ts";
import { ControlRun } from "../executors/control_run.ts";
import type { TickTimes } from "../figures/time_series.ts";
import type { Script, StressScenarios } from "../script/script.ts";
import type { ThreadOrder } from "./load_thread.ts";
import {
  LoadThread,
  type ThreadParts,
  type ThreadWorker,
} from "./load_thread_handle.ts";
import type { RunSeries } from "./series.ts";

/** How long a thread may take to cut a run and say what came of it, in ms, before the run ends without. */
const PATIENCE = 3000;

/** How a run stands. */
export type RunState =
  | "starting"
  | "running"
  | "stopping"
  | "finished"
  | "aborted"
  | "failed";

/** What is told of a run. */
export interface RunReport {
  /** Unique in the server. */
  readonly id: string;
  /** The script's. */
  readonly name: string;
  /** How it stands. */
  readonly state: RunState;
  /** Why it failed; null where it did not. */
  readonly error: string | null;
  /** The names of the script's scenarios. */
  readonly scenarios: readonly string[];
  /** The last tick's; null before the first. */
  readonly progress: LoadProgress | null;
}

/** Who is told how a run goes. */
export interface RunListener {
  /** Once a second. */
  progress(progress: LoadProgress): void;
  /** Once, when it has ended and nothing of it is left. */
  ended(): void;
}

/** What a run is made with. */
export interface RunParts {
  /** Unique in the server. */
  readonly id: string;
  /** Without faults. */
  readonly script: Script;
  /** What its thread is to do. */
  readonly order: ThreadOrder;
  /** The server's. */
  readonly clock: Clock;
  /** What its scenarios can turn. */
  readonly dials: Dials;
  /** Who lays loads on the machine; undefined where that plugin is off. */
  readonly stress: StressScenarios | undefined;
  /** Where its figures go while it runs. */
  readonly series: RunSeries;
  /** See {@linkcode ThreadParts.startWorker}. */
  readonly startWorker?: () => ThreadWorker;
}

/** A run, from its start to its end. */
export class Run {
  /** Unique in the server. */
  readonly id: string;
  /** What it runs. */
  readonly script: Script;
  /** Settled when it has ended and nothing of it is left; never rejects. */
  readonly over: Promise<void>;
  readonly #settled: () => void;
  readonly #clock: Clock;
  readonly #thread: LoadThread;
  readonly #controls: ControlRun;
  readonly #series: RunSeries;
  readonly #listeners = new Set<RunListener>();
  #state: RunState = "starting";
  #ending = false;
  #limit = 0;
  #error: string | undefined;
  #progress: LoadProgress | undefined;
  #result: LoadResult | undefined;

  /**
   * Takes the dials and starts the thread; the run begins when that is ready.
   *
   * @throws PerfmockError `SCRIPT_INVALID` where a dial cannot be had; then nothing was started
   */
  constructor(parts: RunParts) {
    const { id, script, order, clock, dials, stress, series } = parts;
    this.id = id;
    this.script = script;
    this.#clock = clock;
    this.#series = series;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.over = promise;
    this.#settled = resolve;
    this.#controls = new ControlRun(script, {
      clock,
      dials,
      stress,
      owner: `load run ${id}`,
      failed: (error) => this.#onControlFailed(error),
    });
    this.#thread = new LoadThread(order, {
      ready: () => this.#onReady(),
      tick: (progress, times) => this.#onTick(progress, times),
      ended: (result) => this.#onEnded(result),
      failed: (reason) => this.#end("failed", `The load thread: ${reason}`),
    }, { clock, startWorker: parts.startWorker } satisfies ThreadParts);
  }

  /** How it stands. */
  get state(): RunState {
    return this.#state;
  }

  /** Whether it has ended and nothing of it is left. */
  get isOver(): boolean {
    return ["finished", "aborted", "failed"].includes(this.#state);
  }

  /** Why it failed. */
  get error(): string | undefined {
    return this.#error;
  }

  /** What came of it; undefined until it has ended, and where it failed. */
  get result(): LoadResult | undefined {
    return this.#result;
  }

  /** How it stands, as data. */
  get report(): RunReport {
    return {
      id: this.id,
      name: this.script.name,
      state: this.#state,
      error: this.#error ?? null,
      scenarios: this.script.scenarios.map(({ name }) => name),
      progress: this.#progress ?? null,
    };
  }

  /** The figures so far, or those it ended with; undefined before it runs, and where it failed. */
  async summarize(): Promise<LoadSummary | undefined> {
    if (this.#result !== undefined) return this.#result.summary;
    if (this.#state === "starting" || this.isOver) return undefined;
    const summary = await this.#thread.summarize();
    return this.result?.summary ?? summary;
  }

  /** Tells a listener from now on; its end at once where it has ended. Returns how to stop that. */
  listen(listener: RunListener): () => void {
    if (this.isOver) {
      listener.ended();
      return () => {};
    }
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Sends nothing more; the second time, what is under way is cut. */
  stop(): void {
    if (this.#state === "running") {
      this.#state = "stopping";
      this.#thread.stop("it was stopped");
    } else this.cut("it was stopped");
  }

  /** Ends it at once, with the figures it has. */
  cut(why: string): void {
    if (this.#ending) return;
    if (this.#state === "starting") this.#end("aborted");
    else {
      this.#state = "stopping";
      this.#thread.cut(why);
      if (this.#limit > 0) return;
      this.#limit = this.#clock.at(
        this.#clock.now() + PATIENCE,
        () => this.#end("failed", "Its load thread did not end in time"),
        undefined,
      );
    }
  }

  #onReady(): void {
    if (this.#ending) return;
    this.#state = "running";
    this.#thread.start();
    this.#controls.start();
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
    this.#result = result;
    if (this.#error !== undefined) this.#end("failed", this.#error);
    else this.#end(result.summary.aborted === null ? "finished" : "aborted");
  }

  /** The traffic alone is not what the script describes. */
  #onControlFailed(error: unknown): void {
    this.#error ??= error instanceof Error ? error.message : String(error);
    this.cut(this.#error);
  }

  async #end(state: RunState, error?: string): Promise<void> {
    if (this.#ending) return;
    this.#ending = true;
    this.#error = error;
    this.#clock.cancel(this.#limit);
    this.#series.end();
    await Promise.all([
      this.#controls.stop(),
      this.#thread[Symbol.asyncDispose](),
    ]);
    this.#state = state;
    for (const listener of this.#listeners) listener.ended();
    this.#listeners.clear();
    this.#settled();
  }
}
