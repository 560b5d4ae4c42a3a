/**
 * Figures of a pool: counts for the control API, metrics for exporters, and means of its levels over time.
 *
 * @module
 */
import type {
  Counter,
  Gauge,
  Metric,
  MetricDefinition,
  Metrics,
  Timing,
} from "../../core/plugin.ts";
import { RecentLevel, TimeWeighted } from "./levels.ts";

/** Reasons for a request not to get a place. */
export const REASONS = [
  "queue_full",
  "queue_timeout",
  "rate_limited",
  "client_gone",
  "shutdown",
] as const;

/** Reason for a request not to get a place of a shared pool: Redis was lost, and the configuration lets nothing pass meanwhile. */
export const SHARED_LOST = "shared_lost";

/** A reason, as in the metrics' label `reason`. */
export type Reason = typeof REASONS[number] | typeof SHARED_LOST;

/** End of a wait in the queue, as in the metrics' label `outcome`. */
export type WaitOutcome =
  | "admitted"
  | Exclude<Reason, "queue_full" | "rate_limited">;

/** The metrics of all pools; each pool binds its own series. */
export class PoolSeries {
  readonly #queue: Metric<Timing>;
  readonly #arrivals: Metric<Counter>;
  readonly #rejections: Metric<Counter>;
  readonly #levels: Readonly<Record<keyof Levels, Metric<Gauge>>>;
  readonly #whole:
    | Readonly<Record<keyof WholeLevels, Metric<Gauge>>>
    | undefined;
  readonly #reasons: readonly Reason[];

  /** @param shared true if replicas share the pools: then there are figures of the whole too. Default false */
  constructor(metrics: Metrics, shared = false) {
    this.#reasons = shared ? [...REASONS, SHARED_LOST] : REASONS;
    const gauge = (
      name: string,
      help: string,
      merge: MetricDefinition["merge"] = "sum",
    ) =>
      metrics.gauge({
        name: `perfmock_pool_${name}`,
        help,
        labels: ["pool"],
        merge,
      });
    this.#queue = metrics.timing({
      name: "perfmock_queue_seconds",
      help: "Time spent in a pool's queue, 0 for requests admitted at once",
      labels: ["pool", "outcome"],
    });
    this.#arrivals = metrics.counter({
      name: "perfmock_pool_arrivals_total",
      help: "Requests that asked for a place of a pool",
      labels: ["pool"],
    });
    this.#rejections = metrics.counter({
      name: "perfmock_rejections_total",
      help: "Requests that got no place of a pool, by reason",
      labels: ["pool", "reason"],
    });
    this.#levels = {
      // Each replica names the limits of the whole, and its own part of what is taken.
      concurrency: gauge(
        "concurrency",
        "Places of a pool",
        shared ? "max" : "sum",
      ),
      busy: gauge("busy", "Places of a pool that are taken"),
      capacity: gauge(
        "queue_capacity",
        "Maximum number of requests in the queue of a pool",
        shared ? "max" : "sum",
      ),
      queued: gauge("queue_depth", "Requests in the queue of a pool"),
      utilisation: gauge(
        "utilisation_ratio",
        "Time-weighted share of a pool's places that were taken, since the previous reading",
        shared ? "sum" : { weight: "perfmock_pool_concurrency" },
      ),
    };
    this.#whole = !shared ? undefined : {
      busy: gauge(
        "shared_busy",
        "Places of a shared pool that are taken, of all replicas",
        "max",
      ),
      queued: gauge(
        "shared_queue_depth",
        "Requests in the queue of a shared pool, of all replicas",
        "max",
      ),
      replicas: gauge(
        "shared_replicas",
        "Replicas that share a pool and live",
        "max",
      ),
      alone: gauge(
        "shared_alone",
        "1 while this replica decides by itself, since Redis is lost",
        "max",
      ),
    };
  }

  /** Binds the series of one pool. All rejection counters exist from the start, since a rate over a counter needs its 0. */
  of(pool: string): SeriesOfPool {
    return {
      arrivals: this.#arrivals.series(pool),
      rejections: Object.fromEntries(
        this.#reasons.map((reason) => [
          reason,
          this.#rejections.series(pool, reason),
        ]),
      ) as Record<Reason, Counter>,
      admitted: this.#queue.series(pool, "admitted"),
      waited: (outcome) => this.#queue.series(pool, outcome),
    };
  }

  /** Binds the gauges of one pool to its levels. */
  follow(pool: string, levels: Levels): void {
    for (const [name, read] of Object.entries(levels)) {
      this.#levels[name as keyof Levels].series(pool).follow(read);
    }
  }

  /** Binds the gauges of a whole pool, of all replicas, to its levels. */
  followWhole(pool: string, levels: WholeLevels): void {
    for (const [name, gauge] of Object.entries(this.#whole ?? {})) {
      gauge.series(pool).follow(levels[name as keyof WholeLevels]);
    }
  }

  /** Sets the gauges of a removed pool to 0. */
  forget(pool: string): void {
    const gauges = { ...this.#whole, ...this.#levels };
    for (const gauge of Object.values(gauges)) gauge.series(pool).set(0);
  }
}

/** The series of one pool. */
export interface SeriesOfPool {
  /** Number of requests for a place. */
  readonly arrivals: Counter;
  /** Number of requests that got none, by reason. */
  readonly rejections: Readonly<Record<Reason, Counter>>;
  /** Queue times of admitted requests. */
  readonly admitted: Timing;
  /** Queue times of requests that waited in vain. */
  readonly waited: (outcome: Exclude<WaitOutcome, "admitted">) => Timing;
}

/** Readings of a pool's levels. */
export interface Levels {
  /** Number of places. */
  readonly concurrency: () => number;
  /** Number of taken places. */
  readonly busy: () => number;
  /** Maximum number of queued requests. */
  readonly capacity: () => number;
  /** Number of queued requests. */
  readonly queued: () => number;
  /** Time-weighted share of taken places, 0…1. */
  readonly utilisation: () => number;
}

/** Readings of the levels of a whole pool, of all replicas. */
export interface WholeLevels {
  /** Number of taken places. */
  readonly busy: () => number;
  /** Number of queued requests. */
  readonly queued: () => number;
  /** Number of replicas that live. */
  readonly replicas: () => number;
  /** 1 while this replica decides by itself. */
  readonly alone: () => number;
}

/** Minimum time that a reading of the recent utilisation covers, in ms. */
const SHORTEST_READING = 1000;

/** Numbers of requests that got no place, by reason; that of a shared pool appears with its first. */
export type Rejected =
  & Record<typeof REASONS[number], number>
  & { [SHARED_LOST]?: number };

/** Counts of a pool since the start or the last reset. */
export interface PoolCounts {
  /** Number of requests for a place, those included that were queued at the reset. */
  readonly arrivals: number;
  /** Number of requests that got one. */
  readonly admitted: number;
  /** Number of requests that got none, by reason. */
  readonly rejected: Readonly<Rejected>;
  /** Time-weighted mean share of taken places, 0…1; 0 where there is no limit. */
  readonly utilisation: number;
  /** Time-weighted mean number of queued requests. */
  readonly meanQueued: number;
  /** Mean queue time of admitted requests, in ms; those admitted at once count with 0. */
  readonly meanWait: number;
  /** Total queue time of all requests that have left the queue for whatever reason, in ms. */
  readonly waited: number;
  /** Maximum number of places taken at once. */
  readonly peakBusy: number;
}

/** Means of a pool over the recent past. */
export interface RecentMeans {
  /** Time that they cover, in s: up to one second less than the window, and no longer than since the start or the last reset. */
  readonly seconds: number;
  /** Time-weighted mean share of taken places, 0…1; 0 where there is no limit. */
  readonly utilisation: number;
  /** Time-weighted mean number of queued requests. */
  readonly meanQueued: number;
}

/** The figures of one pool. */
export class PoolFigures {
  /** Taken places. */
  busy: TimeWeighted;
  /** Queued requests. */
  queued: TimeWeighted;
  /** All places. */
  concurrency: TimeWeighted;
  #series: SeriesOfPool | undefined;
  #recent: RecentLevel | undefined;
  #start: number;
  #rejected: Rejected = noRejections();
  #arrivals = 0;
  #admitted = 0;
  #waitAdmitted = 0;
  #waited = 0;
  #peak = 0;
  #reading = { at: 0, busy: 0, concurrency: 0, value: 0 };

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

  /** Writes the metrics of the pool, too, from now on. */
  publish(series: SeriesOfPool): void {
    this.#series = series;
  }

  /** Starts all but the metrics afresh. Queued requests count as arrivals, so that the counts still add up. */
  reset(now: number): void {
    this.busy = new TimeWeighted(this.busy.level, now);
    this.queued = new TimeWeighted(this.queued.level, now);
    this.concurrency = new TimeWeighted(this.concurrency.level, now);
    this.#start = now;
    this.#reading = { ...this.#reading, at: now, busy: 0, concurrency: 0 };
    this.#rejected = noRejections();
    this.#arrivals = this.queued.level;
    this.#admitted = this.#waitAdmitted = this.#waited = 0;
    this.#peak = this.busy.level;
  }

  /** Changes the number of places. Where a limit begins or ends, the utilisation starts afresh: without one there is none. */
  resize(concurrency: number, at: number): void {
    const { level } = this.concurrency;
    if ((level === Infinity) === (concurrency === Infinity)) {
      return this.concurrency.set(concurrency, at);
    }
    this.busy = new TimeWeighted(this.busy.level, at);
    this.concurrency = new TimeWeighted(concurrency, at);
    this.#reading = { at, busy: 0, concurrency: 0, value: 0 };
  }

  /** Counts a request for a place. */
  arrived(): void {
    this.#arrivals++;
    this.#series?.arrivals.add();
  }

  /** Counts a place that is taken. */
  taken(at: number): void {
    this.busy.add(1, at);
    if (this.busy.level > this.#peak) this.#peak = this.busy.level;
    this.#recent?.set(this.busy.level, at);
  }

  /** Counts a place that is freed. */
  freed(at: number): void {
    this.busy.add(-1, at);
    this.#recent?.set(this.busy.level, at);
  }

  /** Counts an admission after a wait, in ms. */
  admitted(wait: number): void {
    this.#admitted++;
    this.#waitAdmitted += wait;
    this.#waited += wait;
    this.#series?.admitted.record(wait);
  }

  /** Counts a refusal without a wait. */
  refused(reason: Reason): void {
    this.#rejected[reason] = (this.#rejected[reason] ?? 0) + 1;
    this.#series?.rejections[reason].add();
  }

  /** Counts a wait in vain, in ms. */
  waitedInVain(reason: Exclude<WaitOutcome, "admitted">, wait: number): void {
    this.refused(reason);
    this.#waited += wait;
    this.#series?.waited(reason).record(wait);
  }

  /** Returns the counts so far. */
  counts(now: number): PoolCounts {
    const time = now - this.#start;
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

  /**
   * Returns the means over a window that ends now.
   *
   * @param window in ms, at most a minute
   */
  recent(now: number, window: number): RecentMeans {
    const queued = this.queued.recent(now, window);
    const busy = this.busy.recent(now, window);
    const places = this.concurrency.recent(now, window);
    return {
      seconds: queued.time / 1000,
      utilisation: per(busy.area, places.area),
      meanQueued: per(queued.area, queued.time),
    };
  }

  /** Utilisation since the previous reading, which is at least a second ago; else that reading. */
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
   * Share of taken places, averaged over about the last second, 0…1; 0 where there is no limit. Measured from the first call
   * on, so that a pool whose load is never read does not pay for it.
   */
  load(now: number): number {
    this.#recent ??= new RecentLevel(this.busy.level, now);
    return Math.min(1, this.#recent.mean(now) / this.concurrency.level);
  }
}

/** A mean: 0 where there is nothing to divide by. */
function per(area: number, unit: number): number {
  return unit > 0 && unit < Infinity ? area / unit : 0;
}

function noRejections(): Record<typeof REASONS[number], number> {
  return {
    queue_full: 0,
    queue_timeout: 0,
    rate_limited: 0,
    client_gone: 0,
    shutdown: 0,
  };
}
