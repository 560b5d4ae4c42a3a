/**
 * How late the event loop is: the figure that says whether perfmock's own times can be trusted.
 *
 * @module
 */
import type { Clock, Timing } from "../../plugin.ts";

/** A sample falls due every so many milliseconds. */
const INTERVAL = 100;

/** Asks the clock for a wake-up every 100 ms and records how late each came. */
export class LagSampler {
  readonly #clock: Clock;
  readonly #timing: Pick<Timing, "record">;
  // 0 while stopped; handles are greater than 0.
  #timer = 0;

  /**
   * Makes a sampler that has not started.
   *
   * @param clock whose wake-ups are measured
   * @param timing records the lags
   */
  constructor(clock: Clock, timing: Pick<Timing, "record">) {
    this.#clock = clock;
    this.#timing = timing;
  }

  /** Starts sampling; the first sample falls due in 100 ms. Does nothing where it has started. */
  start(): void {
    if (this.#timer === 0) this.#await(this.#clock.now() + INTERVAL);
  }

  /** Stops sampling; nothing is left pending. Does nothing where it has stopped. */
  stop(): void {
    this.#clock.cancel(this.#timer);
    this.#timer = 0;
  }

  #await(due: number): void {
    this.#timer = this.#clock.at(due, this.#wake, due);
  }

  readonly #wake = (due: number): void => {
    const now = this.#clock.now();
    // A long block swallows further samples. Each counts with its own lag, or the block would be one sample among many
    // (coordinated omission).
    let next = due;
    for (; next <= now; next += INTERVAL) this.#timing.record(now - next);
    this.#await(next);
  };
}
