/**
 * Figures over the last seconds and the last minute. No timer is needed: time is handed in with each call.
 *
 * @module
 */
import { Histogram } from "../lib/histogram.ts";
import {
  type Describe,
  figures,
  type RequestCounts,
  round,
  type WindowFigures,
} from "./figures.ts";

/** Callbacks of a {@linkcode SliceRing}, for the owner of the data in the slices. */
interface SliceCallbacks {
  /** A slice begins: its previous content is out of the window and must be discarded. */
  open(slice: number): void;
  /** A slice ends, which began at `start`, in milliseconds; it is complete now. Not called for slices that time skipped. */
  close?(slice: number, start: number): void;
}

/**
 * A window of time, cut into slices of equal length that are aligned to multiples of it. When a new slice begins, it takes the
 * place of the oldest. A time before the latest one counts as the latest.
 */
class SliceRing {
  /** Length of a slice, in milliseconds. */
  readonly #length: number;
  readonly #count: number;
  readonly #callbacks: SliceCallbacks;
  #current = 0;
  /** End of the current slice. */
  #end = -Infinity;

  /**
   * Makes a ring that no time has entered.
   *
   * @param count number of slices
   * @param length of a slice, in milliseconds, above 0
   * @param callbacks called when a slice begins or ends
   */
  constructor(count: number, length: number, callbacks: SliceCallbacks) {
    this.#count = count;
    this.#length = length;
    this.#callbacks = callbacks;
  }

  /** Index of the slice that contains a time, 0 … count − 1. */
  at(now: number): number {
    if (now >= this.#end) this.#turn(now);
    return this.#current;
  }

  /** Length of time from the start of the oldest slice to `now`, in milliseconds. */
  span(now: number): number {
    this.at(now);
    return Math.max(now, this.#end - this.#length) - this.#end +
      this.#count * this.#length;
  }

  #turn(now: number): void {
    const length = this.#length;
    if (this.#end > -Infinity) {
      this.#callbacks.close?.(this.#current, this.#end - length);
    }
    const end = (Math.floor(now / length) + 1) * length;
    const steps = Math.min(
      this.#count,
      Math.round((end - this.#end) / length),
    );
    for (let step = 0; step < steps; step++) {
      this.#current = (this.#current + 1) % this.#count;
      this.#callbacks.open(this.#current);
    }
    this.#end = end;
  }
}

const RECENT_SLICES = 5;

/**
 * A histogram of the most recent values. The window is cut into five slices, and the oldest is emptied when a new one begins;
 * figures therefore cover between four fifths of the window and all of it. A time before the latest one counts as the latest.
 */
export class RecentHistogram {
  readonly #slices: readonly Histogram[];
  readonly #merged = new Histogram();
  readonly #ring: SliceRing;

  /**
   * Makes an empty histogram.
   *
   * @param window in milliseconds, above 0
   */
  constructor(window: number) {
    const slices = Array.from(
      { length: RECENT_SLICES },
      () => new Histogram(),
    );
    this.#slices = slices;
    this.#ring = new SliceRing(RECENT_SLICES, window / RECENT_SLICES, {
      open: (slice) => slices[slice].reset(),
    });
  }

  /** Records one duration at a time, both in milliseconds; invalid durations as in {@linkcode Histogram.record}. */
  record(milliseconds: number, now: number): void {
    this.#slices[this.#ring.at(now)].record(milliseconds);
  }

  /** Number of durations in the window at a time. */
  count(now: number): number {
    this.#ring.at(now);
    let count = 0;
    for (const slice of this.#slices) count += slice.count;
    return count;
  }

  /**
   * Quantile over the window at a time, as in {@linkcode Histogram.quantile}. For several quantiles use
   * {@linkcode RecentHistogram.histogram}.
   *
   * @throws PerfmockError `ARGUMENT_INVALID` if p is not in 0…1
   */
  quantile(p: number, now: number): number {
    return this.histogram(now).quantile(p);
  }

  /** All values in the window at a time, as one histogram: read-only, and valid until the next call. */
  histogram(now: number): Histogram {
    this.#ring.at(now);
    this.#merged.reset();
    for (const slice of this.#slices) this.#merged.merge(slice);
    return this.#merged;
  }

  /** Length of time that the figures cover at a time, in milliseconds: the divisor for rates. */
  span(now: number): number {
    return this.#ring.span(now);
  }

  /** Removes all values. */
  reset(): void {
    for (const slice of this.#slices) slice.reset();
  }
}

/** Index of the requests that arrived, in the counts of a {@linkcode RequestSlice}. */
export const ARRIVALS = 0;
/** Index of the requests that were answered as configured. */
export const ANSWERED = 1;
/** Index of the requests that were not admitted. */
export const REJECTED = 2;
/** Index of the requests that failed because a hook threw an error. */
export const FAILED = 3;
/** Index of the requests whose client left. */
export const GONE = 4;
/** Index of the requests whose connection was reset by an injected fault. */
export const RESET = 5;
/** Index of the requests that were in flight when the server ended. */
export const CUT = 6;

/** Requests of a route in one slice of time, or in several: their numbers and response times. */
export class RequestSlice {
  /** Numbers of requests, by the indices above. */
  readonly counts: Float64Array = new Float64Array(CUT + 1);
  /** Time from arrival to response headers of all answered requests, in milliseconds. */
  readonly responseTime: Histogram = new Histogram();

  /** Adds the content of another slice. */
  merge({ counts, responseTime }: RequestSlice): void {
    for (let i = 0; i < counts.length; i++) this.counts[i] += counts[i];
    if (responseTime.count > 0) this.responseTime.merge(responseTime);
  }

  /** Removes all content. */
  reset(): void {
    this.counts.fill(0);
    if (this.responseTime.count > 0) this.responseTime.reset();
  }

  /** Counts by name. */
  named(): RequestCounts {
    return this.#named((count) => count);
  }

  /** Counts per second over a time in seconds; 0 where that time is 0. */
  rates(seconds: number): RequestCounts {
    return this.#named((count) => seconds === 0 ? 0 : round(count / seconds));
  }

  #named(convert: (count: number) => number): RequestCounts {
    const counts = this.counts;
    return {
      arrivals: convert(counts[ARRIVALS]),
      answered: convert(counts[ANSWERED]),
      rejected: convert(counts[REJECTED]),
      failed: convert(counts[FAILED]),
      gone: convert(counts[GONE]),
      reset: convert(counts[RESET]),
      cut: convert(counts[CUT]),
    };
  }
}

/** Slices of the last 10 s, and of the last minute: each of the latter covers five of the former. */
const FINE = { count: 5, length: 2_000 };
const COARSE = { count: 6, length: 10_000 };

/** Slices are made at their first use, since most routes of a large configuration are idle. */
type Slices = (RequestSlice | undefined)[];

/** Sum of several slices, until the next use. */
const scratch = new RequestSlice();

/**
 * Requests of a route over the last 10 s, over the last minute, and since the last reset. Each event is recorded once, in the
 * current fine slice. A fine slice that has ended is added to the coarse slice in which it lay and to the total, so nothing is
 * lost where no request arrives for a long time.
 *
 * Memory: 12 slices, each 1 KiB for each octave of response times; next to nothing for an idle route.
 */
export class RequestWindows {
  readonly #fine: Slices = empty(FINE.count);
  readonly #coarse: Slices = empty(COARSE.count);
  /** Sum of all slices that have ended since the reset. */
  readonly #total: Slices = empty(1);
  readonly #fineRing: SliceRing;
  readonly #coarseRing: SliceRing;
  #since: number;

  /** @param since start of the counting, in the clock's milliseconds */
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
        const ended = fine[slice];
        if (ended === undefined) return;
        (coarse[coarseRing.at(start)] ??= new RequestSlice()).merge(ended);
        (total[0] ??= new RequestSlice()).merge(ended);
      },
    });
  }

  /** Slice to record an event of a time in, in the clock's milliseconds. Do not keep it. */
  at(now: number): RequestSlice {
    return this.#fine[this.#fineRing.at(now)] ??= new RequestSlice();
  }

  /** Requests since the reset, as of a time: valid until the next call of any method of any instance. */
  total(now: number): RequestSlice {
    // Comes first, because it adds a slice that ends now to the total.
    const current = this.#current(now);
    return merged([...this.#total, current]);
  }

  /** Figures of the last 10 s, as of a time. */
  last10s(now: number, describe: Describe = figures): WindowFigures {
    const span = this.#fineRing.span(now);
    return this.#figures(merged(this.#fine), { span, now, describe });
  }

  /** Figures of the last minute, as of a time. */
  last1m(now: number, describe: Describe = figures): WindowFigures {
    const current = this.#current(now);
    const span = this.#coarseRing.span(now);
    return this.#figures(merged([...this.#coarse, current]), {
      span,
      now,
      describe,
    });
  }

  /** Removes all content; counting starts again at `now`. */
  reset(now: number): void {
    this.#since = now;
    for (const slices of [this.#fine, this.#coarse, this.#total]) {
      for (const slice of slices) slice?.reset();
    }
  }

  #current(now: number): RequestSlice | undefined {
    return this.#fine[this.#fineRing.at(now)];
  }

  #figures(
    requests: RequestSlice,
    { span, now, describe }: {
      readonly span: number;
      readonly now: number;
      readonly describe: Describe;
    },
  ): WindowFigures {
    const seconds = Math.max(0, Math.min(span, now - this.#since)) / 1000;
    return {
      seconds: round(seconds),
      ...requests.named(),
      rates: requests.rates(seconds),
      responseTime: describe(requests.responseTime),
    };
  }
}

function empty(count: number): Slices {
  return new Array<RequestSlice | undefined>(count).fill(undefined);
}

function merged(slices: Slices): RequestSlice {
  scratch.reset();
  for (const slice of slices) if (slice !== undefined) scratch.merge(slice);
  return scratch;
}
