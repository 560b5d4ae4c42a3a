/**
 * Durations of a file that is read line by line, collected by their labels.
 *
 * @module
 */
import { DurationCollector } from "../statistics/collector.ts";
import { isSelected, type ReadContext } from "./format.ts";
import type { Labels, Series } from "./series.ts";

/** Greatest number of different labels, each with up to 0.8 MB of durations. */
const MOST_GROUPS = 1000;

/** Durations by labels, in bounded memory. */
export class Groups {
  readonly #context: ReadContext;
  readonly #groups = new Map<
    string,
    { readonly labels: Labels; readonly durations: DurationCollector }
  >();
  #tooMany = false;

  constructor(context: ReadContext) {
    this.#context = context;
  }

  /**
   * Adds a duration.
   *
   * @param labels its labels
   * @param milliseconds the duration, at least 0
   * @param number number of its line
   */
  add(labels: Labels, milliseconds: number, number: number): void {
    const { select, merge, findings } = this.#context;
    if (!isSelected(labels, select)) {
      findings.unselected("durations", labels, `line ${number}`);
      return;
    }
    const key = merge ? "" : JSON.stringify(labels);
    const group = this.#groups.get(key);
    if (group !== undefined) {
      group.durations.add(milliseconds);
      return;
    }
    if (this.#groups.size === MOST_GROUPS) {
      if (!this.#tooMany) {
        findings.lineError(number, {
          message: `has another label after ${MOST_GROUPS} different ones`,
          value: Object.values(labels).join(" "),
          allowed: "--select NAME=VALUE for one of them, or --merge",
        });
      }
      this.#tooMany = true;
      return;
    }
    const durations = new DurationCollector();
    durations.add(milliseconds);
    this.#groups.set(key, { labels: merge ? select : labels, durations });
  }

  /** Returns the series, in the order of their first lines. */
  series(): readonly Series[] {
    return Array.from(this.#groups.values(), ({ labels, durations }) => ({
      labels,
      durations: durations.durations(),
    }));
  }
}
