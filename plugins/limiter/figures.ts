/**
 * What is counted of one pool.
 *
 * @module
 */
import type { Counter, Timing } from "../../core/plugin.ts";
import type { PoolSeries, Reason, WaitOutcome } from "./series.ts";
import { TimeWeighted } from "./time_weighted.ts";

/** The shortest time that a reading of the recent utilisation covers, in milliseconds. */
const SHORTEST_READING = 1000;

/** What happened at a pool since the start. */
export interface PoolCounts {
  /** Who asked for a place. */
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
  readonly busy: TimeWeighted;
  /** Those who wait. */
  readonly queued: TimeWeighted;
  /** Places there are. */
  readonly concurrency: TimeWeighted;
  readonly #name: string;
  readonly #series: PoolSeries;
  readonly #arrivalSeries: Counter;
  readonly #rejectionSeries: Readonly<Record<Reason, Counter>>;
  readonly #admittedSeries: Timing;
  readonly #start: number;
  readonly #rejected: Record<Reason, number> = {
    queue_full: 0,
    queue_timeout: 0,
    rate_limited: 0,
    client_gone: 0,
    shutdown: 0,
  };
  #arrivals = 0;
  #admitted = 0;
  #waitAdmitted = 0;
  #waited = 0;
  #peak = 0;
  #reading = { at: 0, busy: 0, concurrency: 0, value: 0 };

  /**
   * Counts from now on.
   *
   * @param name the pool's
   * @param series the metrics of all pools
   * @param state the number of places, and the present on the clock
   */
  constructor(
    name: string,
    series: PoolSeries,
    { concurrency, now }: {
      readonly concurrency: number;
      readonly now: number;
    },
  ) {
    this.#name = name;
    this.#series = series;
    this.#arrivalSeries = series.arrivals(name);
    this.#rejectionSeries = series.rejections(name);
    this.#admittedSeries = series.queue(name, "admitted");
    this.#start = now;
    this.#reading.at = now;
    this.busy = new TimeWeighted(0, now);
    this.queued = new TimeWeighted(0, now);
    this.concurrency = new TimeWeighted(concurrency, now);
  }

  /** Somebody asks for a place. */
  arrived(): void {
    this.#arrivals++;
    this.#arrivalSeries.add();
  }

  /** One place more is taken. */
  taken(at: number): void {
    this.busy.add(1, at);
    if (this.busy.level > this.#peak) this.#peak = this.busy.level;
  }

  /** Somebody was admitted after so long a wait, in milliseconds. */
  admitted(wait: number): void {
    this.#admitted++;
    this.#waitAdmitted += wait;
    this.#waited += wait;
    this.#admittedSeries.record(wait);
  }

  /** Somebody gets no place and never waited for one. */
  refused(reason: Reason): void {
    this.#rejected[reason]++;
    this.#rejectionSeries[reason].add();
  }

  /** Somebody waited in vain, for so long, in milliseconds. */
  waitedInVain(reason: Exclude<WaitOutcome, "admitted">, wait: number): void {
    this.refused(reason);
    this.#waited += wait;
    this.#series.queue(this.#name, reason).record(wait);
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
}
