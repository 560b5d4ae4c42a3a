/**
 * Effect of stress on perfmock's own clock: lateness of responses before and during a scenario.
 *
 * @module
 */
import type { Metrics, Timing } from "../../core/plugin.ts";

/** Metric that the server records lateness in. */
const METRIC = "perfmock_injected_delay_lateness_seconds";

/** Minimum number of responses for a 99th percentile. */
const MIN_COUNT = 20;

/** Lateness of delayed responses, in ms. */
export interface Lateness {
  /** p99 from the start of the server to the start of the scenario; null for fewer than 20 delayed responses. */
  readonly beforeP99Ms: number | null;
  /** p99 since the start of the scenario; null for fewer than 20 delayed responses. */
  readonly duringP99Ms: number | null;
}

/** Counts at or below each boundary. */
interface Counts {
  readonly boundaries: readonly number[];
  readonly cumulative: readonly number[];
}

/** Measures lateness from the start of a scenario on. */
export class LatenessWatch {
  readonly #metrics: Metrics;
  readonly #before: Counts;

  /**
   * Copies the counts so far.
   *
   * @param metrics metrics of the server
   */
  constructor(metrics: Metrics) {
    this.#metrics = metrics;
    this.#before = readCounts(metrics);
  }

  /** Figures up to now. */
  get figures(): Lateness {
    const { boundaries, cumulative } = readCounts(this.#metrics);
    const during = cumulative.map((count, i) =>
      count - (this.#before.cumulative[i] ?? 0)
    );
    return {
      beforeP99Ms: p99(this.#before),
      duringP99Ms: p99({ boundaries, cumulative: during }),
    };
  }
}

/** Counts of all routes together. */
function readCounts(metrics: Metrics): Counts {
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

/** Linear within the bucket, like Prometheus' histogram_quantile; the last boundary for a value beyond it. */
function p99({ boundaries, cumulative }: Counts): number | null {
  const count = cumulative.at(-1) ?? 0;
  if (count < MIN_COUNT) return null;
  const rank = 0.99 * count;
  const bucket = cumulative.findIndex((upTo) => upTo >= rank);
  if (bucket >= boundaries.length) return boundaries[boundaries.length - 1];
  const [low, below] = bucket === 0
    ? [0, 0]
    : [boundaries[bucket - 1], cumulative[bucket - 1]];
  const share = (rank - below) / (cumulative[bucket] - below);
  return low + share * (boundaries[bucket] - low);
}
