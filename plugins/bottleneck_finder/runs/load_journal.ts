/**
 * Exchanges of one load, as the journal has them.
 *
 * @module
 */
import type {
  Clock,
  InFlight,
  Journal,
  JournalEntry,
  JournalPlace,
  Metrics,
} from "../../../core/plugin.ts";

/** Longest wait for the exchanges that a load leaves behind, in ms. */
const SETTLE_LIMIT = 2000;

/** Interval of looks at them, in ms. */
const SETTLE_INTERVAL = 2;

/** Parts of the server that are read. */
export interface JournalSources {
  readonly clock: Clock;
  readonly inFlight: Pick<InFlight, "size">;
  readonly journal: Journal;
  readonly metrics: Pick<Metrics, "all">;
}

/** Exchanges of one load. */
export interface LoadEntries {
  /** Exchanges in the order of their ends. */
  readonly entries: readonly JournalEntry[];
  /** Number of exchanges that the journal no longer had. */
  readonly missed: number;
  /** Number of requests that matched no route, which the journal does not have. */
  readonly unmatched: number;
}

/** Label of requests that matched no route, in place of that of a route. */
const UNMATCHED = "__unmatched__";

/** Number of requests since the start of the server that matched no route. */
function unmatchedIn(metrics: Pick<Metrics, "all">): number {
  let sum = 0;
  for (const metric of metrics.all()) {
    if (metric.type !== "histogram") continue;
    for (const [values, series] of metric.entries()) {
      if (values.includes(UNMATCHED) && "count" in series) sum += series.count;
    }
  }
  return sum;
}

/** Reads the exchanges of one load after another. */
export class LoadJournal {
  readonly #sources: JournalSources;
  #place: JournalPlace | undefined;
  #unmatched = 0;

  constructor(sources: JournalSources) {
    this.#sources = sources;
  }

  /** A load begins: the exchanges before are not its own. */
  begin(): void {
    const { journal, metrics } = this.#sources;
    this.#place = journal.read(undefined, 0).place;
    this.#unmatched = unmatchedIn(metrics);
  }

  /** A load has ended: waits until its exchanges have, and reads them. */
  async end(signal: AbortSignal): Promise<LoadEntries> {
    const { clock, inFlight, journal, metrics } = this.#sources;
    const limit = clock.now() + SETTLE_LIMIT;
    while (inFlight.size > 0 && clock.now() < limit && !signal.aborted) {
      await new Promise<void>((resolve) =>
        clock.at(clock.now() + SETTLE_INTERVAL, resolve, undefined)
      );
    }
    const { entries, missed, place } = journal.read(this.#place, Infinity);
    this.#place = place;
    return {
      entries,
      missed,
      unmatched: unmatchedIn(metrics) - this.#unmatched,
    };
  }
}

/** Mean with the variance of the mean. */
export interface MeanTime {
  /** Mean, in ms. */
  readonly mean: number;
  /** Variance of the mean; Infinity for a single value. */
  readonly variance: number;
}

/** Means of what was seen of a route at one level. */
export interface LevelFigures {
  /** Number of answered exchanges. */
  readonly count: number;
  /** Time from the start of service to the headers, beyond the service time as drawn and its degradation. */
  readonly shift: MeanTime;
  /** Time in queues. */
  readonly queue: MeanTime;
  /** Mean lateness, in ms; NaN where it is not known of any. */
  readonly lateness: number;
}

/** Numbers of exchanges of a route at one level that it did not answer, beside all. */
export interface LostExchanges {
  /** All exchanges. */
  readonly all: number;
  /** Exchanges whose client left before the answer. */
  readonly gone: number;
  /** Exchanges that the route's limits refused. */
  readonly rejected: number;
}

/** Running mean (Welford, "Note on a method for calculating corrected sums of squares and products", Technometrics 4, 1962). */
class RunningMean implements MeanTime {
  #count = 0;
  #mean = 0;
  #squares = 0;

  add(value: number): void {
    const difference = value - this.#mean;
    this.#count++;
    this.#mean += difference / this.#count;
    this.#squares += difference * (value - this.#mean);
  }

  get mean(): number {
    return this.#count === 0 ? NaN : this.#mean;
  }

  get variance(): number {
    return this.#count < 2
      ? Infinity
      : this.#squares / (this.#count - 1) / this.#count;
  }
}

/** Sums of one level. */
class Sums {
  count = 0;
  gone = 0;
  rejected = 0;
  readonly shift = new RunningMean();
  readonly queue = new RunningMean();
  readonly late = new RunningMean();
}

/**
 * True for an exchange whose headers were sent by its route: also for a stream that the page left later, whose lateness the journal
 * does not have.
 */
export function hasAnswer(
  { outcome, status }: Pick<JournalEntry, "outcome" | "status">,
): boolean {
  return outcome === "answered" ||
    status !== 0 && (outcome === "gone" || outcome === "cut");
}

/** Figures of one route at each level. */
export class RouteLevels {
  readonly #sums = new Map<number, Sums>();

  /** Adds a time that the browser measured at a level. */
  addTime(level: number, time: number): void {
    const sums = this.#at(level);
    sums.count++;
    sums.shift.add(time);
    sums.queue.add(0);
  }

  /** Adds an exchange at a level. */
  add(level: number, entry: JournalEntry): void {
    const { totalMs, queueMs, drawnMs, degradationMs, latenessMs, outcome } =
      entry;
    const sums = this.#at(level);
    // Without an answer there is no time to it.
    if (!hasAnswer(entry)) {
      if (outcome === "rejected") sums.rejected++;
      else if (outcome === "gone") sums.gone++;
      return;
    }
    sums.count++;
    if (latenessMs !== null) sums.late.add(latenessMs);
    sums.shift.add(totalMs - queueMs - drawnMs - degradationMs);
    sums.queue.add(queueMs);
  }

  #at(level: number): Sums {
    let sums = this.#sums.get(level);
    if (sums === undefined) this.#sums.set(level, sums = new Sums());
    return sums;
  }

  /** Means at a level; undefined where nothing was answered. */
  at(level: number): LevelFigures | undefined {
    const sums = this.#sums.get(level);
    if (sums === undefined || sums.count === 0) return undefined;
    const { count, late, queue, shift } = sums;
    return { count, shift, queue, lateness: late.mean };
  }

  /** Numbers of exchanges that were not answered at a level. */
  lost(level: number): LostExchanges {
    const { count = 0, gone = 0, rejected = 0 } = this.#sums.get(level) ?? {};
    return { all: count + gone + rejected, gone, rejected };
  }

  /** Difference of the mean times at two levels, in ms; undefined where one of them was not seen. */
  difference(level: number, from: number): number | undefined {
    const [a, b] = [this.at(level), this.at(from)];
    return a === undefined || b === undefined
      ? undefined
      : a.shift.mean - b.shift.mean;
  }

  /** Difference of the mean lateness at two levels, in ms, without sign; undefined where it is not known of both. */
  latenessGap(level: number, from: number): number | undefined {
    const [a, b] = [this.at(level), this.at(from)];
    if (a === undefined || b === undefined) return undefined;
    const gap = Math.abs(a.lateness - b.lateness);
    return Number.isNaN(gap) ? undefined : gap;
  }
}
