/**
 * The alarm of a precise clock on the loop: the loop waits for the deadline itself, so that the clock neither polls nor needs a
 * thread.
 *
 * @module
 */
import type { Waker } from "../lib/time/mod.ts";
import type { Alarm, Loop } from "./loop.ts";

/** An alarm that the loop keeps. */
export class LoopWaker implements Waker, Alarm {
  /** The loop rings at the time itself. */
  readonly lead = 0;
  at = Infinity;
  readonly #loop: Loop;
  readonly #ring: () => void;
  #ended: Promise<void> | undefined;

  /**
   * Creates an alarm that is not set.
   *
   * @param loop acquired for this alarm, which releases it at its end
   * @param ring called at the time to which the alarm was set; the alarm is no longer set by then. Must not throw
   */
  constructor(loop: Loop, ring: () => void) {
    this.#loop = loop;
    this.#ring = ring;
    loop.addAlarm(this);
  }

  /** Time at which the alarm is set to ring; Infinity if it is not set. */
  get armedAt(): number {
    return this.at;
  }

  /** Sets the alarm to `at`, unless it is set to an earlier time. */
  arm(at: number): void {
    if (at < this.at) this.#loop.expect(this, at);
  }

  /** Does nothing: the loop keeps the process alive. */
  hold(): void {}

  /** Cancels the alarm. */
  rest(): void {
    this.at = Infinity;
  }

  /** The deadline has come. */
  ring(): void {
    this.at = Infinity;
    this.#ring();
  }

  /** Cancels the alarm for good and releases the loop. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#ended ??= this.#end();
  }

  #end(): Promise<void> {
    this.#loop.removeAlarm(this);
    return this.#loop.release();
  }
}
