/**
 * Stress of the garbage collector: garbage at a rate, made on the event loop's own thread. Each thread has its own heap, and only
 * collections of this one delay responses.
 *
 * @module
 */
import { GCProfiler } from "node:v8";
import {
  type ResourceContext,
  type ResourceStress,
  SlidingRate,
} from "./resource.ts";
import type { AllocationSettings } from "./settings.ts";

/** Time between two batches of garbage, in ms: batches are small, so that only collections block the event loop. */
const INTERVAL = 2;

/** Maximum time that is made up for after the event loop was blocked, in ms. */
const MAX_DEBT = 50;

/** The allocation stress of one scenario. */
export class AllocationStress implements ResourceStress {
  readonly resource = "allocation";
  readonly #settings: AllocationSettings;
  readonly #context: ResourceContext;
  readonly #garbage = new Garbage();
  readonly #pauses = new Pauses();
  readonly #rate = new SlidingRate();
  #timer = 0;
  #last: number;
  #owed = 0;
  #stopped = false;

  /**
   * Sets the first timer.
   *
   * @param settings settings of the scenario
   * @param context context with the cap in bytes per second
   */
  constructor(settings: AllocationSettings, context: ResourceContext) {
    this.#settings = settings;
    this.#context = context;
    this.#last = context.origin;
    this.#schedule(context.origin + INTERVAL);
  }

  follow(time: number): void {
    this.#rate.add(this.#garbage.made, time);
    this.#pauses.read();
  }

  get target(): number {
    const { clock, origin, cap } = this.#context;
    const rate = this.#settings.rate.at(clock.now() - origin);
    return Math.max(0, Math.min(cap, rate));
  }

  get achieved(): number {
    return 1000 * this.#rate.rate;
  }

  report(): Readonly<Record<string, unknown>> {
    return {
      target: this.target,
      achieved: this.achieved,
      pauses: this.#pauses.figures ?? "unknown",
    };
  }

  stop(): Promise<void> {
    this.#stopped = true;
    this.#context.clock.cancel(this.#timer);
    this.#garbage.clear();
    this.#pauses.stop();
    return Promise.resolve();
  }

  #schedule(due: number): void {
    this.#timer = this.#context.clock.at(due, this.#fire, undefined);
  }

  readonly #fire = (): void => {
    const now = this.#context.clock.now();
    const since = Math.min(MAX_DEBT, now - this.#last);
    this.#last = now;
    this.#owed += this.target * since / 1000;
    for (; this.#owed >= BATCH; this.#owed -= BATCH) this.#garbage.make();
    if (!this.#stopped) this.#schedule(now + INTERVAL);
  };
}

/**
 * One object: three words of header and four fields. All fields are references, since the compiler may box a number. It is a class,
 * since the engine adds two words of notes to each object of a literal until that place is optimised.
 */
class Node {
  readonly next: Node | undefined;
  readonly a: Node | undefined;
  readonly b: Node | undefined;
  readonly c: Node | undefined;

  constructor(next: Node | undefined) {
    this.next = next;
    this.a = next;
    this.b = next;
    this.c = next;
  }
}

/** Size of an object with four fields on a heap without pointer compression, in bytes. */
const OBJECT = 56;

/** Number of objects in a batch. */
const BATCH_OBJECTS = 1170;

/** Size of a batch, in bytes. */
export const BATCH: number = BATCH_OBJECTS * OBJECT;

/** Number of batches that stay alive, 4 MiB in all: a collector that finds nothing alive has nothing to do. */
const ALIVE = 64;

/** Makes garbage. */
export class Garbage {
  readonly #alive: (Node | undefined)[] = new Array(ALIVE).fill(undefined);
  #batches = 0;

  /** Bytes made so far. */
  get made(): number {
    return this.#batches * BATCH;
  }

  /** Makes one batch; the oldest live batch becomes garbage. */
  make(): void {
    let node: Node | undefined;
    for (let i = 0; i < BATCH_OBJECTS; i++) {
      node = new Node(node);
    }
    this.#alive[this.#batches++ % ALIVE] = node;
  }

  /** Drops all live batches. */
  clear(): void {
    this.#alive.fill(undefined);
  }
}

/** The engine's profiler reports nanoseconds (Deno 2.9.6; Node.js documents microseconds). */
const PER_MILLISECOND = 1e6;

/** Pauses of the garbage collector, in ms. */
export interface PauseFigures {
  /** Number of pauses. */
  readonly count: number;
  /** Mean length; 0 without a pause. */
  readonly meanMs: number;
  /** Greatest length. */
  readonly longestMs: number;
}

/** The engine's profiler of garbage collections. */
export interface Profiler {
  /** Starts to measure. */
  start(): void;
  /** Stops, and reports all collections since the start. */
  stop(): { readonly statistics: readonly { readonly cost: number }[] };
}

/** Measures the pauses of this thread's garbage collector by the engine's profiler. */
export class Pauses {
  readonly #create: () => Profiler;
  #profiler: Profiler | undefined;
  #count = 0;
  #total = 0;
  #longest = 0;

  /**
   * Starts to measure.
   *
   * @param create makes a profiler; if it throws, pauses are unknown
   */
  constructor(create: () => Profiler = () => new GCProfiler()) {
    this.#create = create;
    this.#begin();
  }

  /** Adds the pauses since the last reading. */
  read(): void {
    const measured = this.#profiler?.stop().statistics ?? [];
    for (const { cost } of measured) {
      const pause = cost / PER_MILLISECOND;
      this.#count++;
      this.#total += pause;
      this.#longest = Math.max(this.#longest, pause);
    }
    if (this.#profiler !== undefined) this.#begin();
  }

  /** Pauses up to the last reading; undefined if they cannot be measured. */
  get figures(): PauseFigures | undefined {
    if (this.#profiler === undefined) return undefined;
    return {
      count: this.#count,
      meanMs: this.#count === 0 ? 0 : this.#total / this.#count,
      longestMs: this.#longest,
    };
  }

  /** Stops measuring; the figures stay. */
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
