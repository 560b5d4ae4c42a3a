/**
 * The pauses of this thread's garbage collector, as the engine itself measures them.
 *
 * @module
 */
import { GCProfiler } from "node:v8";

/** The engine's profiler tells nanoseconds (Deno 2.9.6; Node.js documents microseconds). */
const PER_MILLISECOND = 1e6;

/** Pauses of the collector, in milliseconds. */
export interface PauseFigures {
  /** How many. */
  readonly count: number;
  /** Their mean; 0 where there was none. */
  readonly meanMs: number;
  /** The longest. */
  readonly longestMs: number;
}

/** What measures collections: an engine's profiler. */
export interface Profiler {
  /** Begins. */
  start(): void;
  /** Ends, and tells of all collections since. */
  stop(): { readonly statistics: readonly { readonly cost: number }[] };
}

/** Measures pauses from its making on. */
export class Pauses {
  readonly #create: () => Profiler;
  #profiler: Profiler | undefined;
  #count = 0;
  #total = 0;
  #longest = 0;

  /**
   * Begins to measure.
   *
   * @param create makes the engine's profiler; where it throws, pauses are unknown
   */
  constructor(create: () => Profiler = () => new GCProfiler()) {
    this.#create = create;
    this.#begin();
  }

  /** Takes in what was measured since the last look. */
  look(): void {
    const measured = this.#profiler?.stop().statistics ?? [];
    for (const { cost } of measured) {
      const pause = cost / PER_MILLISECOND;
      this.#count++;
      this.#total += pause;
      this.#longest = Math.max(this.#longest, pause);
    }
    if (this.#profiler !== undefined) this.#begin();
  }

  /** The pauses up to the last look; undefined where they cannot be measured. */
  get figures(): PauseFigures | undefined {
    if (this.#profiler === undefined) return undefined;
    return {
      count: this.#count,
      meanMs: this.#count === 0 ? 0 : this.#total / this.#count,
      longestMs: this.#longest,
    };
  }

  /** Ends measuring; what was measured stays. */
  stop(): void {
    this.#profiler?.stop();
  }

  #begin(): void {
    try {
      this.#profiler = this.#create();
      this.#profiler.start();
    } catch {
      this.#profiler = undefined;
    }
  }
}
