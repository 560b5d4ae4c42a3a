import { figures, round, type WindowFigures } from "./figures.ts";
import { SliceRing } from "./_slice_ring.ts";
import { Tally } from "./_tally.ts";

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
