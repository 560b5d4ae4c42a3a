/**
 * What stress does to our own clock: how late responses were before and are during it.
 *
 * @module
 */
import type { Metrics, Timing } from "../../core/plugin.ts";

/** What delayed responses are late by. */
const METRIC = "perfmock_injected_delay_lateness_seconds";

/** Fewer than this say nothing of a 99th percentile. */
const ENOUGH = 20;

/** Lateness in figures, in milliseconds. */
export interface Lateness {
  /** p99 from the server's start to the scenario's; null where too few responses were delayed. */
  readonly beforeP99Ms: number | null;
  /** p99 since the scenario's start; null as before. */
  readonly duringP99Ms: number | null;
}

/** Counts at or below each boundary. */
interface Counts {
  readonly boundaries: readonly number[];
  readonly cumulative: readonly number[];
}

/** Watches lateness from the start of a scenario on. */
export class LatenessWatch {
  readonly #metrics: Metrics;
  readonly #before: Counts;

  /**
   * Takes down what was recorded so far.
   *
   * @param metrics where the server records
   */
  constructor(metrics: Metrics) {
    this.#metrics = metrics;
    this.#before = counts(metrics);
  }

  /** The figures up to now. */
  get figures(): Lateness {
    const { boundaries, cumulative } = counts(this.#metrics);
    const during = cumulative.map((count, i) =>
      count - (this.#before.cumulative[i] ?? 0)
    );
    return {
      beforeP99Ms: p99(this.#before),
      duringP99Ms: p99({ boundaries, cumulative: during }),
    };
  }
}

/** Of all routes together. */
function counts(metrics: Metrics): Counts {
  for (const metric of metrics.all()) {
    if (metric.definition.name !== METRIC) continue;
    const total: number[] = [];
    for (const [, series] of metric.entries()) {
      (series as Timing).cumulative().forEach((count, i) => {
        total[i] = (total[i] ?? 0) + count;
      });
    }
    return { boundaries: metric.boundaries ?? [], cumulative: total };
  }
  return { boundaries: [], cumulative: [] };
}

/** Linear within its bucket, as Prometheus' histogram_quantile; the last boundary where it lies beyond. */
function p99({ boundaries, cumulative }: Counts): number | null {
  const count = cumulative.at(-1) ?? 0;
  if (count < ENOUGH) return null;
  const rank = 0.99 * count;
  const bucket = cumulative.findIndex((upTo) => upTo >= rank);
  if (bucket >= boundaries.length) return boundaries[boundaries.length - 1];
  const [low, below] = bucket === 0
    ? [0, 0]
    : [boundaries[bucket - 1], cumulative[bucket - 1]];
  const share = (rank - below) / (cumulative[bucket] - below);
  return low + share * (boundaries[bucket] - low);
}
