import { round, type Tallies } from "./figures.ts";
import { Histogram } from "../../lib/histogram.ts";

/** The places of a {@linkcode Tally}'s counts: requests that arrived, */
export const ARRIVALS = 0;
/** were answered as configured, */
export const ANSWERED = 1;
/** were not admitted, */
export const REJECTED = 2;
/** were failed by a hook, */
export const FAILED = 3;
/** were left by their client, */
export const GONE = 4;
/** had their connection reset, */
export const RESET = 5;
/** were cut by the server's end. */
export const CUT = 6;

/** What happened on a route in some time: counts, and how long answers took. */
export class Tally {
  /** By the places above. */
  readonly counts: Float64Array = new Float64Array(CUT + 1);
  /** From arrival to headers, of all that were answered, in milliseconds. */
  readonly responseTime: Histogram = new Histogram();

  /** Adds all that another tally holds. */
  merge({ counts, responseTime }: Tally): void {
    for (let i = 0; i < counts.length; i++) this.counts[i] += counts[i];
    if (responseTime.count > 0) this.responseTime.merge(responseTime);
  }

  /** Forgets everything. */
  reset(): void {
    this.counts.fill(0);
    if (this.responseTime.count > 0) this.responseTime.reset();
  }

  /** The counts by name. */
  named(): Tallies {
    return this.#named((count) => count);
  }

  /** The same for each second of some time: 0 for no time, in which nothing was seen. */
  rates(seconds: number): Tallies {
    return this.#named((count) => seconds === 0 ? 0 : round(count / seconds));
  }

  #named(shown: (count: number) => number): Tallies {
    const counts = this.counts;
    return {
      arrivals: shown(counts[ARRIVALS]),
      answered: shown(counts[ANSWERED]),
      rejected: shown(counts[REJECTED]),
      failed: shown(counts[FAILED]),
      gone: shown(counts[GONE]),
      reset: shown(counts[RESET]),
      cut: shown(counts[CUT]),
    };
  }
}
