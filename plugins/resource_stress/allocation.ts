/**
 * Garbage at a rate, made by the event loop's own thread: each thread has its own heap, and only a collection of this one holds
 * responses up.
 *
 * @module
 */
import { BATCH, Garbage } from "./garbage.ts";
import type { Part, PartContext } from "./part.ts";
import { Pauses } from "./pauses.ts";
import type { AllocationSettings } from "./settings.ts";
import { Sliding } from "./sliding.ts";

/** How often some is made, in milliseconds: little at a time, so that only collections hold the event loop. */
const INTERVAL = 2;

/** What is made up for at most after the loop was held, in milliseconds. */
const MOST_DEBT = 50;

/** The allocation stress of one scenario. */
export class AllocationPart implements Part {
  readonly resource = "allocation";
  readonly #settings: AllocationSettings;
  readonly #context: PartContext;
  readonly #garbage = new Garbage();
  readonly #pauses = new Pauses();
  readonly #late = new Sliding();
  #timer = 0;
  #last: number;
  #owed = 0;
  #stopped = false;

  /**
   * Sets the first timer.
   *
   * @param settings the scenario's
   * @param context what it runs with; the cap in bytes a second
   */
  constructor(settings: AllocationSettings, context: PartContext) {
    this.#settings = settings;
    this.#context = context;
    this.#last = context.origin;
    this.#await(context.origin + INTERVAL);
  }

  follow(time: number): void {
    this.#late.look(this.#garbage.made, time);
    this.#pauses.look();
  }

  get target(): number {
    const { clock, origin, cap } = this.#context;
    const rate = this.#settings.rate.at(clock.now() - origin);
    return Math.max(0, Math.min(cap, rate));
  }

  get achieved(): number {
    return 1000 * this.#late.rate;
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

  #await(due: number): void {
    this.#timer = this.#context.clock.at(due, this.#fire, undefined);
  }

  readonly #fire = (): void => {
    const now = this.#context.clock.now();
    const since = Math.min(MOST_DEBT, now - this.#last);
    this.#last = now;
    this.#owed += this.target * since / 1000;
    for (; this.#owed >= BATCH; this.#owed -= BATCH) this.#garbage.make();
    if (!this.#stopped) this.#await(now + INTERVAL);
  };
}
