/**
 * How long before a deadline to wake up: long enough that the wake-up is nearly always in time, and no longer, since the
 * rest is spent polling.
 *
 * @module
 */

/** The share of wake-ups that should come in time. */
const QUANTILE = 0.99;
/** How far one late wake-up moves the estimate, as a factor; one in time moves it back by the odds of the quantile. */
const RISE = 0.2;
const FALL = RISE * (1 - QUANTILE) / QUANTILE;

/** The bounds of a {@linkcode Lead}, in milliseconds. */
export interface LeadBounds {
  /** The shortest lead. */
  readonly least: number;
  /** The lead before anything was measured. */
  readonly initial: number;
  /** The longest lead. */
  readonly most: number;
}

/**
 * Follows the 99 % quantile of the wake-up delay by stochastic approximation (Robbins and Monro, 1951) with a
 * multiplicative step: two comparisons a sample, no memory, and a burst of late ones is forgotten.
 */
export class Lead {
  readonly #bounds: LeadBounds;
  #estimate: number;

  /**
   * Starts from the initial lead.
   *
   * @param bounds what the lead is held between
   */
  constructor(bounds: LeadBounds) {
    this.#bounds = bounds;
    this.#estimate = bounds.initial;
  }

  /** The lead in milliseconds, within its bounds. */
  get ms(): number {
    return this.#estimate;
  }

  /** Takes in by how many milliseconds a wake-up came after the time it was asked for. */
  record(delay: number): void {
    const { least, most } = this.#bounds;
    const moved = delay > this.#estimate
      ? Math.min(delay, this.#estimate * (1 + RISE))
      : this.#estimate * (1 - FALL);
    this.#estimate = Math.min(Math.max(moved, least), most);
  }
}
