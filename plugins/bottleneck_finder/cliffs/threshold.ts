/**
 * Noisy search for the place at which more than half of the trials begin to fail.
 *
 * The search keeps the probability of each place and draws the next trial's place from it: a Bayesian form of bisection, which
 * bears wrong answers. See Watson and Pelli, "QUEST: a Bayesian adaptive psychometric method", Perception & Psychophysics 33, 1983;
 * Kontsevich and Tyler, "Bayesian adaptive estimation of psychometric slope and threshold", Vision Research 39, 1999; Waeber,
 * Frazier and Henderson, "Bisection search with noisy responses", SIAM Journal on Control and Optimization 51, 2013.
 *
 * @module
 */

/** Lowest place that is considered; trials lie between 0 and 1. */
const LOWEST = -0.5;

/** Distance of neighbouring places. */
const STEP = 0.002;

/** Number of places: as many outside as between 0 and 1, so that a threshold outside is as likely at first as one inside. */
const PLACES = 1001;

/** Widths of the transition, as scale of a logistic curve. */
const WIDTHS = [0.0005, 0.002, 0.008, 0.032, 0.128];

/** Shares of trials whose outcome has another cause. */
const LAPSES = [0.02, 0.1];

/** Probabilities of the place of a threshold, given trials. A threshold below 0 or above 1 is outside of the search. */
export class Threshold {
  /** Logarithm of the probability of each width, lapse and place, up to a constant. */
  readonly #logs = new Float64Array(PLACES * WIDTHS.length * LAPSES.length);
  /** Sums of the probabilities of the first places, from none to all; undefined after a trial. */
  #cumulated: Float64Array | undefined;

  /**
   * Takes a trial into account.
   *
   * @param place place of the trial, 0 to 1
   * @param failed outcome
   */
  add(place: number, failed: boolean): void {
    const logs = this.#logs;
    let cell = 0;
    for (const width of WIDTHS) {
      for (const lapse of LAPSES) {
        for (let i = 0; i < PLACES; i++) {
          const distance = (place - LOWEST - i * STEP) / width;
          const share = lapse / 2 + (1 - lapse) / (1 + Math.exp(-distance));
          logs[cell++] += Math.log(failed ? share : 1 - share);
        }
      }
    }
    this.#cumulated = undefined;
  }

  /** Place below which the threshold is with a probability. Below 0 or above 1 if it is outside. */
  quantile(probability: number): number {
    const cumulated = this.#cumulated ??= this.#cumulate();
    const wanted = probability * cumulated[PLACES];
    let i = 0;
    while (cumulated[i + 1] < wanted) i++;
    const part = (wanted - cumulated[i]) / (cumulated[i + 1] - cumulated[i]);
    return LOWEST + (i - 0.5 + part) * STEP;
  }

  #cumulate(): Float64Array {
    const logs = this.#logs;
    const largest = logs.reduce((most, log) => Math.max(most, log), -Infinity);
    const cumulated = new Float64Array(PLACES + 1);
    for (const [cell, log] of logs.entries()) {
      cumulated[1 + cell % PLACES] += Math.exp(log - largest);
    }
    for (let i = 1; i <= PLACES; i++) cumulated[i] += cumulated[i - 1];
    return cumulated;
  }
}
