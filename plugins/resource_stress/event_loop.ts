/**
 * An event loop that is blocked, every so often or by each request: what a synchronous handler does to everyone.
 *
 * @module
 */
import { burn } from "./burn.ts";
import type { Part, PartContext } from "./part.ts";
import { type EventLoopSettings, LONGEST_BLOCK } from "./settings.ts";
import { Sliding } from "./sliding.ts";

/** After a block, the loop is left alone for this share of its length at least, whatever the signals say. */
const REST = 1 / 9;

/** The event-loop stress of one scenario. */
export class EventLoopPart implements Part {
  readonly resource = "eventLoop";
  readonly #settings: EventLoopSettings;
  readonly #context: PartContext;
  readonly #late = new Sliding();
  #timer = 0;
  #blocks = 0;
  #blocked = 0;
  #longest = 0;
  #target = 0;
  #stopped = false;

  /**
   * Sets the first timer.
   *
   * @param settings the scenario's
   * @param context what it runs with
   */
  constructor(settings: EventLoopSettings, context: PartContext) {
    this.#settings = settings;
    this.#context = context;
    const { every } = settings;
    if (every !== undefined) this.#await(context.origin + every.at(0));
  }

  /** Whether each request blocks. */
  get perRequest(): boolean {
    return this.#settings.every === undefined && !this.#stopped;
  }

  /** Blocks now; returns for how long, in milliseconds. */
  block(): number {
    const { clock, origin } = this.#context;
    const wanted = this.#settings.block.at(clock.now() - origin);
    const length = Math.max(0, Math.min(LONGEST_BLOCK, wanted));
    const took = burn(clock, length);
    this.#blocks++;
    this.#blocked += took;
    this.#longest = Math.max(this.#longest, took);
    return took;
  }

  follow(time: number): void {
    const { block, every } = this.#settings;
    this.#target = every === undefined ? 0 : block.at(time) / every.at(time);
    this.#late.look(this.#blocked, time);
  }

  get target(): number {
    return this.#target;
  }

  get achieved(): number {
    return this.#late.rate;
  }

  report(): Readonly<Record<string, unknown>> {
    return {
      target: this.#settings.every === undefined ? "perRequest" : this.#target,
      achieved: this.achieved,
      blocks: this.#blocks,
      blockedMs: this.#blocked,
      longestMs: this.#longest,
    };
  }

  stop(): Promise<void> {
    this.#stopped = true;
    this.#context.clock.cancel(this.#timer);
    return Promise.resolve();
  }

  #await(due: number): void {
    this.#timer = this.#context.clock.at(due, this.#fire, due);
  }

  readonly #fire = (due: number): void => {
    const { clock, origin } = this.#context;
    const length = this.block();
    const now = clock.now();
    const every = this.#settings.every?.at(due - origin) ?? Infinity;
    if (!this.#stopped) {
      this.#await(Math.max(due + every, now + REST * length));
    }
  };
}
