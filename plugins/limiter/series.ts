/**
 * The metrics of pools, by name.
 *
 * @module
 */
import type {
  Counter,
  Gauge,
  Metric,
  Metrics,
  Timing,
} from "../../core/plugin.ts";

/** Why a pool refused, or who waited in vain. */
export const REASONS = [
  "queue_full",
  "queue_timeout",
  "rate_limited",
  "client_gone",
  "shutdown",
] as const;

/** A reason, in the words of the metrics. */
export type Reason = typeof REASONS[number];

/** How a wait ended. */
export type WaitOutcome =
  | "admitted"
  | Exclude<Reason, "queue_full" | "rate_limited">;

/** The metrics that all pools share; each pool binds its own series. */
export class PoolSeries {
  readonly #queue: Metric<Timing>;
  readonly #arrivals: Metric<Counter>;
  readonly #rejections: Metric<Counter>;
  readonly #levels: Readonly<Record<keyof Levels, Metric<Gauge>>>;

  /** @param metrics where they are made */
  constructor(metrics: Metrics) {
    const gauge = (name: string, help: string) =>
      metrics.gauge({ name: `perfmock_pool_${name}`, help, labels: ["pool"] });
    this.#queue = metrics.timing({
      name: "perfmock_queue_seconds",
      help: "Time spent in a pool's queue, 0 for who was admitted at once",
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
      concurrency: gauge("concurrency", "Places of a pool"),
      busy: gauge("busy", "Places of a pool that are taken"),
      capacity: gauge(
        "queue_capacity",
        "How many may wait for a place of a pool",
      ),
      queued: gauge("queue_depth", "How many wait for a place of a pool"),
      utilisation: gauge(
        "utilisation_ratio",
        "Share of a pool's places that was taken, time-weighted, since the reading before",
      ),
    };
  }

  /** The series of one pool; all rejections are there from the start, since a rate over a counter needs its 0. */
  of(pool: string): OwnSeries {
    return {
      arrivals: this.#arrivals.series(pool),
      rejections: Object.fromEntries(
        REASONS.map((reason) => [
          reason,
          this.#rejections.series(pool, reason),
        ]),
      ) as Record<Reason, Counter>,
      admitted: this.#queue.series(pool, "admitted"),
      waited: (outcome) => this.#queue.series(pool, outcome),
    };
  }

  /** Lets the gauges of one pool show its levels from now on. */
  follow(pool: string, levels: Levels): void {
    for (const [name, read] of Object.entries(levels)) {
      this.#levels[name as keyof Levels].series(pool).follow(read);
    }
  }

  /** Lets the gauges of one pool that is gone show 0. */
  forget(pool: string): void {
    for (const gauge of Object.values(this.#levels)) gauge.series(pool).set(0);
  }
}

/** The series of one pool. */
export interface OwnSeries {
  /** Who asked for a place. */
  readonly arrivals: Counter;
  /** Who got none, by reason. */
  readonly rejections: Readonly<Record<Reason, Counter>>;
  /** The queue times of those admitted. */
  readonly admitted: Timing;
  /** The queue times of those who waited in vain. */
  readonly waited: (outcome: Exclude<WaitOutcome, "admitted">) => Timing;
}

/** Where the gauges of a pool look. */
export interface Levels {
  /** How many places there are. */
  readonly concurrency: () => number;
  /** How many of them are taken. */
  readonly busy: () => number;
  /** How many may wait. */
  readonly capacity: () => number;
  /** How many wait. */
  readonly queued: () => number;
  /** The share of places taken, time-weighted. */
  readonly utilisation: () => number;
}
