/**
 * Stress of the event loop: it is blocked by the clock or by each request, as by a synchronous handler.
 *
 * @module
 */
import type { Clock } from "../../core/plugin.ts";
import {
  type ResourceContext,
  type ResourceStress,
  SlidingRate,
} from "./resource.ts";
import { type EventLoopSettings, MAX_BLOCK } from "./settings.ts";

/** Minimum time without a block after a block, as a share of its length. */
const REST = 1 / 9;

/** The event-loop stress of one scenario. */
export class EventLoopStress implements ResourceStress {
  readonly resource = "eventLoop";
  readonly #settings: EventLoopSettings;
  readonly #context: ResourceContext;
  readonly #rate = new SlidingRate();
  #timer = 0;
  #blocks = 0;
  #blocked = 0;
  #longest = 0;
  #target = 0;
  #stopped = false;

  /**
   * Sets the first timer.
   *
   * @param settings settings of the scenario
   * @param context context of the scenario
   */
  constructor(settings: EventLoopSettings, context: ResourceContext) {
    this.#settings = settings;
    this.#context = context;
    const { every } = settings;
    if (every !== undefined) this.#schedule(context.origin + every.at(0));
  }

  /** True if each request blocks. */
  get perRequest(): boolean {
    return this.#settings.every === undefined && !this.#stopped;
  }

  /**
   * Blocks now.
   *
   * @returns length of the block, in ms
   */
  block(): number {
    const { clock, origin } = this.#context;
    const wanted = this.#settings.block.at(clock.now() - origin);
    const length = Math.max(0, Math.min(MAX_BLOCK, wanted));
    const took = burn(clock, length);
    this.#blocks++;
    this.#blocked += took;
    this.#longest = Math.max(this.#longest, took);
    return took;
  }

  follow(time: number): void {
    const { block, every } = this.#settings;
    this.#target = every === undefined ? 0 : block.at(time) / every.at(time);
    this.#rate.add(this.#blocked, time);
  }

  get target(): number {
    return this.#target;
  }

  get achieved(): number {
    return this.#rate.rate;
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

  #schedule(due: number): void {
    this.#timer = this.#context.clock.at(due, this.#fire, due);
  }

  readonly #fire = (due: number): void => {
    const { clock, origin } = this.#context;
    const length = this.block();
    const now = clock.now();
    const every = this.#settings.every?.at(due - origin) ?? Infinity;
    if (!this.#stopped) {
      this.#schedule(Math.max(due + every, now + REST * length));
    }
  };
}

/** Number of equal readings in a row after which a clock counts as virtual. */
const STANDSTILL = 10_000;

/**
 * Blocks the caller until a time has passed; returns at once on a virtual clock, which does not move by itself.
 *
 * @param length in ms
 * @returns time that really passed, in ms
 */
export function burn(clock: Pick<Clock, "now">, length: number): number {
  const start = clock.now();
  const end = start + length;
  let now = start;
  for (let still = 0; now < end && still < STANDSTILL;) {
    const next = clock.now();
    still = next === now ? still + 1 : 0;
    now = next;
  }
  return now - start;
}
