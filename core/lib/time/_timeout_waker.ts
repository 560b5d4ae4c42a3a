/**
 * The waker that needs no thread. setTimeout drops fractions of a millisecond and comes up to 2 ms late, so that it
 * has to be set early and leaves more to polling.
 *
 * @module
 */

import { Lead } from "./_lead.ts";
import type { Waker } from "./_waker.ts";

/** setTimeout takes at most 2^31 - 1 ms; a clock that is woken early sets it again. */
const LONGEST_SLEEP = 2 ** 30;

/** Rings by setTimeout. */
export class TimeoutWaker implements Waker {
  readonly #lead = new Lead({ least: 2.5, initial: 4, most: 10 });
  readonly #ring: () => void;
  #armedAt = Infinity;
  #timeout: ReturnType<typeof setTimeout> | undefined;

  /**
   * Sets nothing yet.
   *
   * @param ring called after the time it was set to, when it is no longer set
   */
  constructor(ring: () => void) {
    this.#ring = ring;
  }

  /** When it is set to ring; Infinity where it is not set. */
  get armedAt(): number {
    return this.#armedAt;
  }

  /** How long before a deadline to set it, 2.5 to 10 ms. */
  get lead(): number {
    return this.#lead.ms;
  }

  /** Sets it to ring at `at`, unless it rings before. */
  arm(at: number, now: number): void {
    if (at >= this.#armedAt) return;
    clearTimeout(this.#timeout);
    this.#armedAt = Math.min(at, now + LONGEST_SLEEP);
    this.#timeout = setTimeout(this.#onTimeout, this.#armedAt - now);
  }

  /** Does nothing: the timeout holds the process while it is set. */
  hold(): void {}

  /** Unsets it. */
  rest(): void {
    clearTimeout(this.#timeout);
    this.#armedAt = Infinity;
  }

  /** Unsets it for good. */
  [Symbol.asyncDispose](): Promise<void> {
    this.rest();
    return Promise.resolve();
  }

  readonly #onTimeout = (): void => {
    this.#lead.record(performance.now() - this.#armedAt);
    this.#armedAt = Infinity;
    this.#ring();
  };
}
