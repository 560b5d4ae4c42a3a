/**
 * The alarms that a precise clock sleeps on: the interface, the estimate of how early to set one, and the alarm on setTimeout.
 *
 * @module
 */

/** A single alarm. Times are in milliseconds of `performance.now()`. */
export interface Waker extends AsyncDisposable {
  /** Time at which the alarm is set to ring; Infinity if it is not set. */
  readonly armedAt: number;
  /** Time before a deadline at which to set the alarm, in ms, from the delays measured so far. */
  readonly lead: number;
  /**
   * Sets the alarm. It may ring early. Of two times it was set to, the earlier one counts.
   *
   * @param at time to ring at: about the present, or later
   * @param now the present
   */
  arm(at: number, now: number): void;
  /** Keeps the process alive, as {@linkcode Waker.arm} does. */
  hold(): void;
  /** Lets the process end. The alarm may be cancelled. */
  rest(): void;
}

/** Share of wake-ups that should come in time. */
const QUANTILE = 0.99;
/** Factor by which one late wake-up raises the estimate; a wake-up in time lowers it by the odds of the quantile. */
const RISE = 0.2;
const FALL = RISE * (1 - QUANTILE) / QUANTILE;

/** The bounds of a {@linkcode Lead}, in milliseconds. */
export interface LeadBounds {
  /** Shortest lead. */
  readonly least: number;
  /** Lead before anything has been measured. */
  readonly initial: number;
  /** Longest lead. */
  readonly most: number;
}

/**
 * Time before a deadline at which to wake up: long enough that nearly all wake-ups are in time, and no longer, because the
 * remaining time is spent polling.
 *
 * The lead follows the 99 % quantile of the wake-up delay by stochastic approximation (Robbins and Monro, 1951) with a
 * multiplicative step: two comparisons per sample, no memory, and a burst of late wake-ups is soon forgotten.
 */
export class Lead {
  readonly #bounds: LeadBounds;
  #estimate: number;

  /**
   * Starts at the initial lead.
   *
   * @param bounds limits of the lead
   */
  constructor(bounds: LeadBounds) {
    this.#bounds = bounds;
    this.#estimate = bounds.initial;
  }

  /** Current lead in milliseconds, within its bounds. */
  get ms(): number {
    return this.#estimate;
  }

  /** Records the delay of one wake-up after the time that was asked for, in ms. */
  record(delay: number): void {
    const { least, most } = this.#bounds;
    const moved = delay > this.#estimate
      ? Math.min(delay, this.#estimate * (1 + RISE))
      : this.#estimate * (1 - FALL);
    this.#estimate = Math.min(Math.max(moved, least), most);
  }
}

/** setTimeout accepts at most 2^31 - 1 ms. A clock that is woken early sets the alarm again. */
const LONGEST_SLEEP = 2 ** 30;

/**
 * The alarm that needs no thread. setTimeout drops fractions of a millisecond and fires up to 2 ms late, so the alarm has to
 * be set early and leaves more time to polling.
 */
export class TimeoutWaker implements Waker {
  readonly #lead = new Lead({ least: 2.5, initial: 4, most: 10 });
  readonly #ring: () => void;
  #armedAt = Infinity;
  #timeout: ReturnType<typeof setTimeout> | undefined;

  /**
   * Creates an alarm that is not set.
   *
   * @param ring called after the time the alarm was set to; the alarm is no longer set by then
   */
  constructor(ring: () => void) {
    this.#ring = ring;
  }

  /** Time at which the alarm is set to ring; Infinity if it is not set. */
  get armedAt(): number {
    return this.#armedAt;
  }

  /** Time before a deadline at which to set the alarm, 2.5 to 10 ms. */
  get lead(): number {
    return this.#lead.ms;
  }

  /** Sets the alarm to `at`, unless it is set to an earlier time. */
  arm(at: number, now: number): void {
    if (at >= this.#armedAt) return;
    clearTimeout(this.#timeout);
    this.#armedAt = Math.min(at, now + LONGEST_SLEEP);
    this.#timeout = setTimeout(this.#onTimeout, this.#armedAt - now);
  }

  /** Does nothing: a pending timeout keeps the process alive. */
  hold(): void {}

  /** Cancels the alarm. */
  rest(): void {
    clearTimeout(this.#timeout);
    this.#armedAt = Infinity;
  }

  /** Cancels the alarm for good. */
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
