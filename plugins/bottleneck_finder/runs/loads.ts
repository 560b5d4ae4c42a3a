/**
 * Loads of an experiment, one after another: the dials are turned, the probe makes the load, and the journal says which routes it
 * called. Loads that give no figure are counted by their reason and repeated a few times.
 *
 * @module
 */
import {
  type DialAddress,
  type JournalEntry,
  PerfmockError,
} from "../../../core/plugin.ts";
import type { Probe, SeenRequest } from "../probes/probe.ts";
import { AnswerTally } from "./answer_tally.ts";
import { type JournalSources, LoadJournal } from "./load_journal.ts";
import type { TurnedDials } from "./turned_dials.ts";

/** Number of times that a load is tried. */
export const ATTEMPTS = 3;

/** Number of failures in a row after which an experiment gives up. */
const MOST_IN_A_ROW = 3 * ATTEMPTS;

/** Largest figure that can be a time, in ms, without its sign: about 32 years. The statistics square it. */
const LARGEST_FIGURE = 1e12;

/** Longest reason that is kept, in characters. */
const LONGEST_REASON = 500;

/** Maximum number of different reasons that are kept. */
const MOST_REASONS = 20;

/** Conditions of a load, beside the dials. */
export interface LoadConditions {
  /** Shift of each route's time, in ms, by id; others are as configured. */
  readonly shifts: ReadonlyMap<string, number>;
  /** Shortest time of requests to other origins, in ms, by URL pattern. */
  readonly floors: ReadonlyMap<string, number>;
  /** Factor by which the page's processor is slowed; 1 for its own speed. */
  readonly cpu: number;
  /** One more dial and its value; undefined for none. */
  readonly turned?: { readonly dial: DialAddress; readonly value: unknown };
}

/** Conditions as configured. */
export const AS_CONFIGURED: LoadConditions = {
  shifts: new Map(),
  floors: new Map(),
  cpu: 1,
};

/** Load that gave a figure. */
export interface MadeLoad {
  /** Figure, in ms. */
  readonly figure: number;
  /** Requests of the page; empty where the probe sees none. */
  readonly requests: readonly SeenRequest[];
  /** Exchanges of the load. */
  readonly entries: readonly JournalEntry[];
  /** Number of requests that matched no route. Default 0. */
  readonly unmatched?: number;
}

/** Reason why no further load is made. */
export type LoadsStopped = "loads" | "duration" | "interrupted";

/** Options of {@linkcode Loads}. */
export interface LoadsOptions extends JournalSources {
  readonly probe: Probe;
  readonly dials: TurnedDials;
  /** Ends the load under way, and makes no further one. */
  readonly signal: AbortSignal;
  /** Maximum number of loads, those without a figure included. */
  readonly limit: number;
  /** Maximum duration, in ms. */
  readonly duration: number;
  /** Called after each load. */
  readonly made: () => void;
}

/** Loads of one experiment. */
export class Loads implements Disposable {
  /** Number of loads that gave a figure. */
  count = 0;
  /** Number of loads in all. */
  attempts = 0;
  /** Number of exchanges that the journal no longer had. */
  missed = 0;
  /** Errors among the answers of all loads but those of cliffs, which may cause them. */
  readonly answers: AnswerTally = new AnswerTally();
  readonly start: number;
  readonly #options: LoadsOptions;
  readonly #journal: LoadJournal;
  readonly #routes = new Set<string>();
  readonly #failed = new Map<string, number>();
  readonly #ending = new AbortController();
  readonly #timer: number;
  #inARow = 0;
  #over: "duration" | "interrupted" | undefined;

  constructor(options: LoadsOptions) {
    this.#options = options;
    this.#journal = new LoadJournal(options);
    const { clock, duration, signal } = options;
    this.start = clock.now();
    this.#timer = clock.at(
      this.start + duration,
      () => this.#end("duration"),
      undefined,
    );
    signal.addEventListener("abort", this.#interrupt);
    if (signal.aborted) this.#interrupt();
  }

  readonly #interrupt = (): void => this.#end("interrupted");

  #end(why: "duration" | "interrupted"): void {
    this.#over ??= why;
    this.#ending.abort();
  }

  /** Reason why no further load is made; undefined while one may be. */
  get stopped(): LoadsStopped | undefined {
    if (this.#over !== undefined) return this.#over;
    return this.attempts >= this.#options.limit ? "loads" : undefined;
  }

  /** Number of loads that may still be made. */
  get left(): number {
    return Math.max(0, this.#options.limit - this.attempts);
  }

  /** Time since the start, in ms. */
  get elapsed(): number {
    return this.#options.clock.now() - this.start;
  }

  /** Number of loads that gave no figure, by reason. */
  get failed(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#failed);
  }

  /**
   * Starts the probe. A start that takes too long, such as that of a module which never ends, is given up.
   *
   * @throws PerfmockError `FIND_FAILED` where no load may be made any more; also any error of the start
   */
  async begin(): Promise<void> {
    const { signal } = this.#ending;
    const ended = Promise.withResolvers<void>();
    const end = () => ended.resolve();
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
    try {
      await Promise.race([this.#options.probe.start(), ended.promise]);
    } finally {
      signal.removeEventListener("abort", end);
    }
    if (signal.aborted) throw endedEarly(this, "while its probe started");
  }

  /**
   * Makes one load.
   *
   * @returns the load; its reason where it gave no figure; undefined where no load may be made, or it was cut short
   */
  async once(
    { shifts, floors, cpu, turned }: LoadConditions,
  ): Promise<MadeLoad | { readonly failure: string } | undefined> {
    if (this.stopped !== undefined) return undefined;
    const { dials, probe, made } = this.#options;
    for (const route of new Set([...this.#routes, ...shifts.keys()])) {
      this.#routes.add(route);
      dials.shift(route, shifts.get(route) ?? 0);
    }
    if (turned !== undefined) dials.turn(turned.dial, turned.value);
    const { signal } = this.#ending;
    this.#journal.begin();
    const began = () => this.#journal.begin();
    const loaded = await probe.load({ began, cpu, floors, signal });
    const { entries, missed, unmatched } = await this.#journal.end(signal);
    if (signal.aborted) return undefined;
    this.attempts++;
    this.missed += missed;
    if (turned === undefined) this.answers.add(entries);
    if ("failure" in loaded || !isTime(loaded.figure)) {
      const failure = "failure" in loaded
        ? loaded.failure
        : `Its figure, ${loaded.figure} ms, is no time`;
      this.#fail(failure);
      made();
      return { failure };
    }
    this.count++;
    this.#inARow = 0;
    made();
    const { figure, requests } = loaded;
    return { figure, requests, entries, unmatched };
  }

  /**
   * Makes a load, and repeats it where it gives no figure.
   *
   * @returns undefined where no load may be made any more, or all attempts failed
   * @throws PerfmockError `FIND_FAILED` where too many loads in a row have failed
   */
  async repeated(conditions: LoadConditions): Promise<MadeLoad | undefined> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const load = await this.once(conditions);
      if (load === undefined) return undefined;
      if (!("failure" in load)) return load;
      // Before the first figure nothing says that there will ever be one.
      const most = this.count === 0 ? ATTEMPTS : MOST_IN_A_ROW;
      if (this.#inARow >= most) {
        throw noFigure(this.#inARow, load.failure, this.answers.inWords());
      }
    }
    return undefined;
  }

  #fail(failure: string): void {
    this.#inARow++;
    const reason = failure.slice(0, LONGEST_REASON);
    const known = this.#failed.has(reason) || this.#failed.size < MOST_REASONS
      ? reason
      : "other reasons";
    this.#failed.set(known, (this.#failed.get(known) ?? 0) + 1);
  }

  [Symbol.dispose](): void {
    const { clock, signal } = this.#options;
    clock.cancel(this.#timer);
    signal.removeEventListener("abort", this.#interrupt);
  }
}

function isTime(figure: number): boolean {
  return Math.abs(figure) <= LARGEST_FIGURE;
}

function noFigure(
  count: number,
  failure: string,
  errors: readonly string[],
): PerfmockError {
  return new PerfmockError(
    "FIND_FAILED",
    `Cannot find the bottleneck: ${count} loads in a row gave no figure: ${failure}`,
    errors.map((message) => ({ path: "", message })),
  );
}

/**
 * The error of an experiment that was ended before it had measured anything.
 *
 * @param when time at which it ended, in words. Default before the plan began
 */
export function endedEarly(
  { stopped, attempts }: Pick<Loads, "attempts" | "stopped">,
  when = "before the plan began",
): PerfmockError {
  const why = stopped === "interrupted"
    ? "it was interrupted"
    : stopped === "duration"
    ? "its duration was over"
    : "its loads were used up";
  return new PerfmockError(
    "FIND_FAILED",
    `Cannot find the bottleneck: ${why} after ${attempts} ${
      attempts === 1 ? "load" : "loads"
    }, ${when}`,
  );
}
