/**
 * First loads of an experiment: they show which routes the page calls, and how long these take as configured.
 *
 * @module
 */
import type { JournalEntry } from "../../../core/plugin.ts";
import { hasAnswer } from "./load_journal.ts";
import {
  AS_CONFIGURED,
  endedEarly,
  type Loads,
  type MadeLoad,
} from "./loads.ts";

/** Number of loads that are looked at. One more before them warms up what is loaded once: browser, compilers, caches. */
export const LOOKS = 3;

/** Route as it was seen. */
export interface SeenRoute {
  /** Id. */
  readonly id: string;
  /** Mean number of its exchanges in a load. */
  readonly calls: number;
  /** Median response time, in ms; null where it was never answered. */
  readonly responseTime: number | null;
  /** Shortest service time with its degradation, in ms: that much can be taken away from each of its exchanges. */
  readonly shortest: number;
}

/** Results of the first loads. */
export interface Look {
  /** Routes that the page called, in the order of their first calls. */
  readonly routes: readonly SeenRoute[];
  /** Loads that were looked at. */
  readonly loads: readonly MadeLoad[];
  /** Standard deviation of the figure, in ms. */
  readonly deviation: number;
  /** Mean duration of a load with all that belongs to it, in ms. */
  readonly loadTime: number;
}

/**
 * Makes the first loads.
 *
 * @throws PerfmockError `FIND_FAILED` where they give no figure, or no load may be made
 */
export async function look(loads: Loads): Promise<Look> {
  const made: MadeLoad[] = [];
  await loads.repeated(AS_CONFIGURED);
  const start = loads.elapsed;
  while (made.length < LOOKS) {
    const load = await loads.repeated(AS_CONFIGURED);
    if (load !== undefined) made.push(load);
    else if (loads.stopped !== undefined) break;
  }
  if (made.length === 0) throw endedEarly(loads);
  return {
    routes: routesOf(made),
    loads: made,
    deviation: deviationOf(made.map(({ figure }) => figure)),
    loadTime: (loads.elapsed - start) / made.length,
  };
}

function routesOf(loads: readonly MadeLoad[]): SeenRoute[] {
  const byRoute = new Map<string, JournalEntry[]>();
  const entries = loads.flatMap(({ entries }) => entries)
    .toSorted((a, b) => a.arrivalMs - b.arrivalMs);
  for (const entry of entries) {
    const list = byRoute.get(entry.route);
    if (list === undefined) byRoute.set(entry.route, [entry]);
    else list.push(entry);
  }
  return [...byRoute].map(([id, entries]) => {
    const answered = entries.filter(hasAnswer);
    return {
      id,
      calls: entries.length / loads.length,
      responseTime: answered.length === 0
        ? null
        : median(answered.map(({ totalMs }) => totalMs)),
      shortest: Math.min(
        Infinity,
        ...answered.map(({ drawnMs, degradationMs }) =>
          drawnMs + degradationMs
        ),
      ),
    };
  });
}

/** Median of at least one number. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  return sorted.length % 2 === 1
    ? sorted[Math.floor(half)]
    : (sorted[half - 1] + sorted[half]) / 2;
}

/** Factor from the median deviation to the standard deviation of a normal distribution. */
const TO_STANDARD = 1.4826;

/** Standard deviation of a sample, estimated from the median deviation, so that a single slow load does not count much. */
export function deviationOf(values: readonly number[]): number {
  const middle = median(values);
  return TO_STANDARD * median(values.map((value) => Math.abs(value - middle)));
}
