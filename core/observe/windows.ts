/**
 * Figures over the last seconds and the last minute, without a timer.
 *
 * @module
 */
import { Histogram } from "../lib/histogram.ts";
import { figures, round, type Tallies, type WindowFigures } from "./figures.ts";

/** Who keeps what belongs to the slices of a {@linkcode SliceRing}. */
export interface SliceKeeper {
  /** A slice begins: what it held is out of the window. */
  open(slice: number): void;
  /** Time has left a slice, which began then. Nothing comes into it any more; not called for slices that time jumped over. */
  close?(slice: number, start: number): void;
}

/**
 * A window of time that is cut into slices of equal length, aligned to multiples of it, of which the oldest makes room when a
 * new one begins. It has no timer: time is handed in with each call, and a time before the latest one counts as the latest.
 */
export class SliceRing {
  /** The length of a slice, in milliseconds. */
  readonly #length: number;
  readonly #count: number;
  readonly #keeper: SliceKeeper;
  #current = 0;
  // Where the current slice ends.
  #end = -Infinity;

  /**
   * @param count how many slices the window has
   * @param length of a slice, in milliseconds, above 0
   * @param keeper told of each slice that begins
   */
  constructor(count: number, length: number, keeper: SliceKeeper) {
    this.#count = count;
    this.#length = length;
    this.#keeper = keeper;
  }

  /** The slice that holds a time: 0 … count − 1. */
  at(now: number): number {
    if (now >= this.#end) this.#turn(now);
    return this.#current;
  }

  /** How far the window reaches back from a time, in milliseconds. */
  span(now: number): number {
    this.at(now);
    return Math.max(now, this.#end - this.#length) - this.#end +
      this.#count * this.#length;
  }

  #turn(now: number): void {
    const length = this.#length;
    if (this.#end > -Infinity) {
      this.#keeper.close?.(this.#current, this.#end - length);
    }
    const end = (Math.floor(now / length) + 1) * length;
    const steps = Math.min(
      this.#count,
      Math.round((end - this.#end) / length),
    );
    for (let step = 0; step < steps; step++) {
      this.#current = (this.#current + 1) % this.#count;
      this.#keeper.open(this.#current);
    }
    this.#end = end;
  }
}

const SLICES = 5;

/**
 * A histogram that forgets: the window is cut into five slices, and the oldest is emptied when a new one begins. Figures
 * therefore cover between four fifths of the window and all of it. Time is handed in with each call; a time before the
 * latest one counts as the latest.
 */
export class RecentHistogram {
  readonly #slices: readonly Histogram[];
  readonly #merged = new Histogram();
  readonly #ring: SliceRing;

  /**
   * Makes an empty histogram.
   *
   * @param window how far the figures reach back at most, in milliseconds, above 0
   */
  constructor(window: number) {
    const slices = Array.from({ length: SLICES }, () => new Histogram());
    this.#slices = slices;
    this.#ring = new SliceRing(SLICES, window / SLICES, {
      open: (slice) => slices[slice].reset(),
    });
  }

  /** Records one duration at a time, both in milliseconds; bad durations as in {@linkcode Histogram.record}. */
  record(milliseconds: number, now: number): void {
    this.#slices[this.#ring.at(now)].record(milliseconds);
  }

  /** How many durations the window holds at a time. */
  count(now: number): number {
    this.#ring.at(now);
    let count = 0;
    for (const slice of this.#slices) count += slice.count;
    return count;
  }

  /**
   * The quantile over the window at a time, as {@linkcode Histogram.quantile} has it. For several at once take
   * {@linkcode RecentHistogram.histogram}.
   *
   * @throws PerfmockError `ARGUMENT_INVALID` where p is not in 0…1
   */
  quantile(p: number, now: number): number {
    return this.histogram(now).quantile(p);
  }

  /** All that the window holds at a time, in one histogram: valid until the next call, and not to be written to. */
  histogram(now: number): Histogram {
    this.#ring.at(now);
    this.#merged.reset();
    for (const slice of this.#slices) this.#merged.merge(slice);
    return this.#merged;
  }

  /** How far the figures reach back from a time, in milliseconds: what to divide a count by for a rate. */
  span(now: number): number {
    return this.#ring.span(now);
  }

  /** Forgets everything. */
  reset(): void {
    for (const slice of this.#slices) slice.reset();
  }
}

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

/** Ten seconds in slices of two, a minute in slices of ten: each of the latter is five of the former. */
const FINE = { count: 5, length: 2_000 };
const COARSE = { count: 6, length: 10_000 };

/** Slices that hold something; most routes of a large configuration are idle. */
type Slices = (Tally | undefined)[];

/** What several slices hold together, until the next use. */
const scratch = new Tally();

/**
 * What happened on a route over the last 10 s, the last minute, and since the last reset. What happens is recorded once, into
 * the present slice; a slice that has passed is added to the longer times. Nothing is lost where no request comes for long,
 * since a slice is added to that of the minute in which it lay.
 *
 * Memory: 12 tallies, each 1 KiB for each octave that response times spread over; next to nothing where nothing happened.
 */
export class Windows {
  readonly #fine: Slices = empty(FINE.count);
  readonly #coarse: Slices = empty(COARSE.count);
  /** All slices that have passed since the reset. */
  readonly #total: Slices = empty(1);
  readonly #fineRing: SliceRing;
  readonly #coarseRing: SliceRing;
  #since: number;

  /** @param since when counting began, in the clock's milliseconds */
  constructor(since: number) {
    this.#since = since;
    const [fine, coarse, total] = [this.#fine, this.#coarse, this.#total];
    const coarseRing = new SliceRing(COARSE.count, COARSE.length, {
      open: (slice) => coarse[slice]?.reset(),
    });
    this.#coarseRing = coarseRing;
    this.#fineRing = new SliceRing(FINE.count, FINE.length, {
      open: (slice) => fine[slice]?.reset(),
      close: (slice, start) => {
        const passed = fine[slice];
        if (passed === undefined) return;
        (coarse[coarseRing.at(start)] ??= new Tally()).merge(passed);
        (total[0] ??= new Tally()).merge(passed);
      },
    });
  }

  /** Where to record what happens at a time, in the clock's milliseconds: valid at once only. */
  at(now: number): Tally {
    return this.#fine[this.#fineRing.at(now)] ??= new Tally();
  }

  /** Everything since the reset, as seen at a time: valid until the next call of any window. */
  total(now: number): Tally {
    // First: a slice that passes now goes to the total.
    const present = this.#present(now);
    return merged([...this.#total, present]);
  }

  /** The last 10 s, as seen at a time. */
  last10s(now: number): WindowFigures {
    const span = this.#fineRing.span(now);
    return this.#figures(merged(this.#fine), span, now);
  }

  /** The last minute, as seen at a time. */
  last1m(now: number): WindowFigures {
    const present = this.#present(now);
    const span = this.#coarseRing.span(now);
    return this.#figures(merged([...this.#coarse, present]), span, now);
  }

  /** Forgets everything; counting begins at a time. */
  reset(now: number): void {
    this.#since = now;
    for (const slices of [this.#fine, this.#coarse, this.#total]) {
      for (const tally of slices) tally?.reset();
    }
  }

  #present(now: number): Tally | undefined {
    return this.#fine[this.#fineRing.at(now)];
  }

  #figures(tally: Tally, span: number, now: number): WindowFigures {
    const seconds = Math.max(0, Math.min(span, now - this.#since)) / 1000;
    return {
      seconds: round(seconds),
      ...tally.named(),
      rates: tally.rates(seconds),
      responseTime: figures(tally.responseTime),
    };
  }
}

function empty(count: number): Slices {
  return new Array<Tally | undefined>(count).fill(undefined);
}

function merged(parts: Slices): Tally {
  scratch.reset();
  for (const part of parts) if (part !== undefined) scratch.merge(part);
  return scratch;
}
