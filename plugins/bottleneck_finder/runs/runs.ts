/**
 * Experiments that were started by calls: at most one is active, and the latest ended ones are remembered.
 *
 * @module
 */
import type {
  FindAnswer,
  FindOptions,
  FindProgress,
  FindResult,
  SweepAnswer,
} from "../../../core/find.ts";
import { type Issue, PerfmockError } from "../../../core/plugin.ts";
import type { Script } from "../script/script.ts";

/** Number of ended runs that are remembered. */
const MOST_ENDED = 20;

/** Kind of an experiment. */
export type RunKind = "find" | "sweep";

/** State of a run. */
export type RunState = "running" | "stopping" | "finished" | "failed";

/** Report on a run. */
export interface RunReport {
  /** Id, unique in the server. */
  readonly id: string;
  /** Kind. */
  readonly kind: RunKind;
  /** State. */
  readonly state: RunState;
  /** Reason of the failure; null if it did not fail. */
  readonly error: string | null;
  /** Errors that the reason has; empty if there are none. */
  readonly issues: readonly Issue[];
  /** Plan in words; null before it is made. */
  readonly plan: string | null;
  /** Progress after the last load; null before the first. */
  readonly progress: FindProgress | null;
  /** True if all budgets are kept, or there is none; null without an answer. */
  readonly ok: boolean | null;
}

/** Receiver of a run's progress. */
export interface RunListener {
  /** Reports progress after each load. */
  progress(progress: FindProgress): void;
  /** Called once, when the run has ended. */
  ended(): void;
}

/** Functions that run experiments. */
export interface RunFinder {
  findParsed(
    script: Script,
    options: FindOptions,
  ): Promise<FindResult<FindAnswer>>;
  sweepParsed(
    script: Script,
    options: FindOptions,
  ): Promise<FindResult<SweepAnswer>>;
}

/** Experiment that was started by a call. */
export class Run {
  readonly id: string;
  readonly kind: RunKind;
  /** Resolves when it has ended; never rejects. */
  readonly over: Promise<void>;
  readonly #stop = new AbortController();
  readonly #listeners = new Set<RunListener>();
  #state: RunState = "running";
  #error: string | undefined;
  #issues: readonly Issue[] = [];
  #plan: string | undefined;
  #progress: FindProgress | undefined;
  #result: FindResult<FindAnswer | SweepAnswer> | undefined;

  constructor(id: string, kind: RunKind, script: Script, finder: RunFinder) {
    this.id = id;
    this.kind = kind;
    const options: FindOptions = {
      signal: this.#stop.signal,
      planned: (line) => {
        this.#plan = line;
      },
      progress: (progress) => {
        this.#progress = progress;
        for (const listener of this.#listeners) listener.progress(progress);
      },
    };
    this.over = this.#follow(
      kind === "find"
        ? finder.findParsed(script, options)
        : finder.sweepParsed(script, options),
    );
  }

  /** Report on the run. */
  get report(): RunReport {
    return {
      id: this.id,
      kind: this.kind,
      state: this.#state,
      error: this.#error ?? null,
      issues: this.#issues,
      plan: this.#plan ?? null,
      progress: this.#progress ?? null,
      ok: this.#result?.ok ?? null,
    };
  }

  /** Result; undefined until the run has ended, and if it failed. */
  get result(): FindResult<FindAnswer | SweepAnswer> | undefined {
    return this.#result;
  }

  /** True if the run has ended. */
  get isOver(): boolean {
    return this.#state === "finished" || this.#state === "failed";
  }

  /** Ends the run; what was measured is reported. */
  stop(): void {
    if (this.isOver) return;
    this.#state = "stopping";
    this.#stop.abort();
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

  async #follow(
    result: Promise<FindResult<FindAnswer | SweepAnswer>>,
  ): Promise<void> {
    try {
      this.#result = await result;
      this.#state = "finished";
    } catch (error) {
      this.#error = error instanceof Error ? error.message : String(error);
      if (error instanceof PerfmockError) this.#issues = error.issues;
      this.#state = "failed";
    }
    for (const listener of this.#listeners) listener.ended();
    this.#listeners.clear();
  }
}

/** Runs of a server, across the revisions of its configuration. */
export class Runs {
  readonly #runs = new Map<string, Run>();
  #count = 0;

  /** The active run and the latest ended ones, in the order of their start. */
  get all(): readonly Run[] {
    return [...this.#runs.values()];
  }

  /** Returns the run with an id. */
  find(id: string): Run | undefined {
    return this.#runs.get(id);
  }

  /** Starts a run. */
  start(kind: RunKind, script: Script, finder: RunFinder): Run {
    const run = new Run(`${kind}-${++this.#count}`, kind, script, finder);
    this.#runs.set(run.id, run);
    const ended = this.all.filter(({ isOver }) => isOver);
    for (const { id } of ended.slice(0, -MOST_ENDED)) this.#runs.delete(id);
    return run;
  }
}
