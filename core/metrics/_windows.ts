import { figures, round, type WindowFigures } from "./figures.ts";
import { SliceRing } from "./_slice_ring.ts";
import { Tally } from "./_tally.ts";

/** Ten seconds in slices of two, a minute in slices of ten: each of the latter is five of the former. */
const FINE = { count: 5, length: 2_000 };
const COARSE = { count: 6, length: 10_000 };

/**
 * What happened on a route over the last 10 s, the last minute, and since the last reset. What happens is recorded once, into
 * the present slice; a slice that has passed is added to the longer times. Nothing is lost where no request comes for long,
 * since a slice is added to that of the minute in which it lay.
 *
 * Memory: 12 tallies, each 1 KiB for each octave that response times spread over.
 */
export class Windows {
  readonly #fine: readonly Tally[] = tallies(FINE.count);
  readonly #coarse: readonly Tally[] = tallies(COARSE.count);
  /** All slices that have passed since the reset. */
  readonly #total = new Tally();
  readonly #fineRing: SliceRing;
  readonly #coarseRing: SliceRing;
  #since: number;

  /** @param since when counting began, in the clock's milliseconds */
  constructor(since: number) {
    this.#since = since;
    const [fine, coarse, total] = [this.#fine, this.#coarse, this.#total];
    const coarseRing = new SliceRing(COARSE.count, COARSE.length, {
      open: (slice) => coarse[slice].reset(),
    });
    this.#coarseRing = coarseRing;
    this.#fineRing = new SliceRing(FINE.count, FINE.length, {
      open: (slice) => fine[slice].reset(),
      close: (slice, start) => {
        coarse[coarseRing.at(start)].merge(fine[slice]);
        total.merge(fine[slice]);
      },
    });
  }

  /** Where to record what happens at a time, in the clock's milliseconds: valid at once only. */
  at(now: number): Tally {
    return this.#fine[this.#fineRing.at(now)];
  }

  /** Everything since the reset, at a time: a copy. */
  total(now: number): Tally {
    const present = this.at(now);
    return merged([this.#total, present]);
  }

  /** The last 10 s, as seen at a time. */
  last10s(now: number): WindowFigures {
    this.at(now);
    return this.#figures(merged(this.#fine), this.#fineRing.span(now), now);
  }

  /** The last minute, as seen at a time. */
  last1m(now: number): WindowFigures {
    const present = this.at(now);
    const span = this.#coarseRing.span(now);
    return this.#figures(merged([...this.#coarse, present]), span, now);
  }

  /** Forgets everything; counting begins at a time. */
  reset(now: number): void {
    this.#since = now;
    for (const tally of [...this.#fine, ...this.#coarse, this.#total]) {
      tally.reset();
    }
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

function tallies(count: number): Tally[] {
  return Array.from({ length: count }, () => new Tally());
}

function merged(parts: readonly Tally[]): Tally {
  const all = new Tally();
  for (const part of parts) all.merge(part);
  return all;
}
