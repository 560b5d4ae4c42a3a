/**
 * Which names a metric takes up in an exposition: no two metrics may write a line of the same name, or Prometheus takes one for
 * the other.
 *
 * @module
 */
import type { Metric } from "../../core/plugin.ts";
import { familyOf } from "./open_metrics.ts";

const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  histogram: ["", "_bucket", "_sum", "_count"],
  summary: ["", "_sum", "_count"],
};

/** The names of a metric's samples, and of its family in OpenMetrics. */
export function takenBy(name: string, type: string): readonly string[] {
  const suffixes = SUFFIXES[type];
  if (suffixes !== undefined) return suffixes.map((suffix) => name + suffix);
  return [...new Set([name, familyOf(name, type)[0]])];
}

/** Who has which name: by name, the metric. */
export class Names {
  readonly #owners = new Map<string, string>();

  /** Takes up the names of metrics that are there whatever others do. */
  addAll(metrics: Iterable<Metric>): void {
    for (const { definition: { name }, type } of metrics) {
      for (const taken of takenBy(name, type)) this.#owners.set(taken, name);
    }
  }

  /**
   * Takes up the names of one metric, all or none.
   *
   * @returns the metric that has one of them; undefined where all were free
   */
  claim(name: string, type: string): string | undefined {
    const wanted = takenBy(name, type);
    for (const one of wanted) {
      const owner = this.#owners.get(one);
      if (owner !== undefined) return owner;
    }
    for (const one of wanted) this.#owners.set(one, name);
    return undefined;
  }
}
