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
}

/** Exchanges of one load. */
export interface LoadEntries {
  /** Exchanges in the order of their ends. */
  readonly entries: readonly JournalEntry[];
  /** Number of exchanges that the journal no longer had. */
  readonly missed: number;
}

/** Reads the exchanges of one load after another. */
export class LoadJournal {
  readonly #sources: JournalSources;
  #place: JournalPlace | undefined;

  constructor(sources: JournalSources) {
    this.#sources = sources;
  }

  /** A load begins: the exchanges before are not its own. */
  begin(): void {
    this.#place = this.#sources.journal.read(undefined, 0).place;
  }

  /** A load has ended: waits until its exchanges have, and reads them. */
  async end(signal: AbortSignal): Promise<LoadEntries> {
    const { clock, inFlight, journal } = this.#sources;
    const limit = clock.now() + SETTLE_LIMIT;
    while (inFlight.size > 0 && clock.now() < limit && !signal.aborted) {
      await new Promise<void>((resolve) =>
        clock.at(clock.now() + SETTLE_INTERVAL, resolve, undefined)
      );
    }
    const { entries, missed, place } = journal.read(this.#place, Infinity);
    this.#place = place;
    return { entries, missed };
  }
}

/** Sums of what was seen of a route at one level. */
export interface LevelFigures {
  /** Number of exchanges. */
  readonly count: number;
  /** Mean time from the start of service to the headers, beyond the service time as drawn and its degradation, in ms. */
  readonly shift: number;
  /** Mean lateness, in ms. */
  readonly lateness: number;
}

/** Figures of one route at each level. */
export class RouteLevels {
  readonly #sums = new Map<
    number,
    [count: number, shift: number, late: number]
  >();

  /** Adds an exchange at a level. */
  add(
    level: number,
    { totalMs, queueMs, drawnMs, degradationMs, latenessMs }: JournalEntry,
  ): void {
    // Without an answer there is no time to it.
    if (latenessMs === null) return;
    const sums = this.#sums.get(level) ?? [0, 0, 0];
    sums[0]++;
    sums[1] += totalMs - queueMs - drawnMs - degradationMs;
    sums[2] += latenessMs;
    this.#sums.set(level, sums);
  }

  /** Means at a level; undefined where nothing was seen. */
  at(level: number): LevelFigures | undefined {
    const [count, shift, lateness] = this.#sums.get(level) ?? [0, 0, 0];
    if (count === 0) return undefined;
    return { count, shift: shift / count, lateness: lateness / count };
  }

  /** Difference of the mean times at two levels, in ms; undefined where one of them was not seen. */
  difference(level: number, from: number): number | undefined {
    const [a, b] = [this.at(level), this.at(from)];
    return a === undefined || b === undefined ? undefined : a.shift - b.shift;
  }

  /** Difference of the mean lateness at two levels, in ms, without sign; undefined where one of them was not seen. */
  latenessGap(level: number, from: number): number | undefined {
    const [a, b] = [this.at(level), this.at(from)];
    return a === undefined || b === undefined
      ? undefined
      : Math.abs(a.lateness - b.lateness);
  }
}
