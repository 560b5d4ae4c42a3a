/**
 * What is counted of one pool.
 *
 * @module
 */
import { RecentLevel } from "./recent_level.ts";
import type { OwnSeries, Reason, WaitOutcome } from "./series.ts";
import { TimeWeighted } from "./time_weighted.ts";

/** The shortest time that a reading of the recent utilisation covers, in milliseconds. */
const SHORTEST_READING = 1000;

/** What happened at a pool since the start or the last reset. */
export interface PoolCounts {
  /** Who asked for a place, those included who waited at the reset. */
  readonly arrivals: number;
  /** Who got one. */
  readonly admitted: number;
  /** Who got none, by reason. */
  readonly rejected: Readonly<Record<Reason, number>>;
  /** The mean share of places taken, time-weighted; 0 where there is no limit. */
  readonly utilisation: number;
  /** The mean number of those waiting, time-weighted. */
  readonly meanQueued: number;
  /** The mean time in the queue of those admitted, 0 of those admitted at once, in milliseconds. */
  readonly meanWait: number;
  /** The total time in the queue, however it ended, in milliseconds; that of those still waiting left out. */
  readonly waited: number;
  /** The most places taken at once. */
  readonly peakBusy: number;
}

/** The figures of one pool: counters of its own for the control API, and its series for exporters. */
export class PoolFigures {
  /** Places taken. */
  busy: TimeWeighted;
  /** Those who wait. */
  queued: TimeWeighted;
  /** Places there are. */
  concurrency: TimeWeighted;
  #series: OwnSeries | undefined;
  #recent: RecentLevel | undefined;
  #start: number;
  #rejected = nobody();
  #arrivals = 0;
  #admitted = 0;
  #waitAdmitted = 0;
  #waited = 0;
  #peak = 0;
  #reading = { at: 0, busy: 0, concurrency: 0, value: 0 };

  /** Counts from now on, for a number of places. */
  constructor({ concurrency, now }: {
    readonly concurrency: number;
    readonly now: number;
  }) {
    this.#start = now;
    this.#reading.at = now;
    this.busy = new TimeWeighted(0, now);
    this.queued = new TimeWeighted(0, now);
    this.concurrency = new TimeWeighted(concurrency, now);
  }

  /** From now on the pool's series are written, too. */
  publish(series: OwnSeries): void {
    this.#series = series;
  }

  /** All but the series starts afresh. Who waits counts as an arrival, so that the counts still add up. */
  reset(now: number): void {
    this.busy = new TimeWeighted(this.busy.level, now);
    this.queued = new TimeWeighted(this.queued.level, now);
    this.concurrency = new TimeWeighted(this.concurrency.level, now);
    this.#start = now;
    this.#reading = { ...this.#reading, at: now, busy: 0, concurrency: 0 };
    this.#rejected = nobody();
    this.#arrivals = this.queued.level;
    this.#admitted = this.#waitAdmitted = this.#waited = 0;
    this.#peak = this.busy.level;
  }

  /** Somebody asks for a place. */
  arrived(): void {
    this.#arrivals++;
    this.#series?.arrivals.add();
  }

  /** One place more is taken. */
  taken(at: number): void {
    this.busy.add(1, at);
    if (this.busy.level > this.#peak) this.#peak = this.busy.level;
    this.#recent?.set(this.busy.level, at);
  }

  /** One place less is taken. */
  freed(at: number): void {
    this.busy.add(-1, at);
    this.#recent?.set(this.busy.level, at);
  }

  /** Somebody was admitted after so long a wait, in milliseconds. */
  admitted(wait: number): void {
    this.#admitted++;
    this.#waitAdmitted += wait;
    this.#waited += wait;
    this.#series?.admitted.record(wait);
  }

  /** Somebody gets no place and never waited for one. */
  refused(reason: Reason): void {
    this.#rejected[reason]++;
    this.#series?.rejections[reason].add();
  }

  /** Somebody waited in vain, for so long, in milliseconds. */
  waitedInVain(reason: Exclude<WaitOutcome, "admitted">, wait: number): void {
    this.refused(reason);
    this.#waited += wait;
    this.#series?.waited(reason).record(wait);
  }

  /** What happened so far. */
  counts(now: number): PoolCounts {
    const time = now - this.#start;
    const per = (area: number, unit: number) =>
      unit > 0 && unit < Infinity ? area / unit : 0;
    return {
      arrivals: this.#arrivals,
      admitted: this.#admitted,
      rejected: { ...this.#rejected },
      utilisation: per(this.busy.area(now), this.concurrency.area(now)),
      meanQueued: per(this.queued.area(now), time),
      meanWait: per(this.#waitAdmitted, this.#admitted),
      waited: this.#waited,
      peakBusy: this.#peak,
    };
  }

  /** The utilisation since the reading before this one, a second at least. */
  recentUtilisation(now: number): number {
    const { at, busy, concurrency, value } = this.#reading;
    if (now - at < SHORTEST_READING) return value;
    const next = {
      at: now,
      busy: this.busy.area(now),
      concurrency: this.concurrency.area(now),
      value: 0,
    };
    const places = next.concurrency - concurrency;
    if (places > 0 && places < Infinity) {
      next.value = (next.busy - busy) / places;
    }
    this.#reading = next;
    return next.value;
  }

  /**
   * The share of places taken, averaged over the last second or so, 0…1; 0 where there is no limit. Followed from the first
   * call on, so that nobody pays for what nobody asks.
   */
  load(now: number): number {
    this.#recent ??= new RecentLevel(this.busy.level, now);
    return Math.min(1, this.#recent.mean(now) / this.concurrency.level);
  }
}

function nobody(): Record<Reason, number> {
  return {
    queue_full: 0,
    queue_timeout: 0,
    rate_limited: 0,
    client_gone: 0,
    shutdown: 0,
  };
}
