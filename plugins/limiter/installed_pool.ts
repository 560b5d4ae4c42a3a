/**
 * A pool with all that its settings put around it: rate limit, background, figures.
 *
 * @module
 */
import type { Clock, Exchange, Stream } from "../../core/plugin.ts";
import { Background } from "./background.ts";
import type { Clients } from "./clients/mod.ts";
import { createQueue } from "./disciplines/mod.ts";
import { PoolFigures } from "./figures.ts";
import { Pool } from "./pool.ts";
import { RateLimit } from "./rate_limits/mod.ts";
import { Refusal } from "./refusal.ts";
import type { PoolSeries } from "./series.ts";
import type { PoolSettings } from "./settings.ts";

/** What all pools share. */
export interface Surroundings {
  /** The server's clock. */
  readonly clock: Clock;
  /** The metrics of pools. */
  readonly series: PoolSeries;
  /** Told who is refused. */
  readonly clients: Clients;
  /** Tells clients apart. */
  readonly clientOf: (exchange: Exchange) => string;
  /** Writes one line to the log. */
  readonly log: (level: "info" | "warn", message: string) => void;
}

/** The purposes that a pool draws random numbers for. */
export const PURPOSES = ["queue", "arrivals", "service"] as const;

/** A pool's streams of random numbers. */
export type PoolStreams = Readonly<Record<typeof PURPOSES[number], Stream>>;

/** A pool, ready for routes. */
export interface InstalledPool {
  /** Its settings. */
  readonly settings: PoolSettings;
  /** The pool itself. */
  readonly pool: Pool;
  /** Its rate limit, if any. */
  readonly rateLimit: RateLimit | undefined;
  /** Its background, if any. */
  readonly background: Background | undefined;
}

/** Makes a pool. */
export function installPool(
  name: string,
  { settings, streams }: {
    readonly settings: PoolSettings;
    readonly streams: PoolStreams;
  },
  { clock, series, clients, clientOf, log }: Surroundings,
): InstalledPool {
  const { concurrency, queue: capacity, queueTimeout } = settings;
  const figures = new PoolFigures(name, series, {
    concurrency,
    now: clock.now(),
  });
  const pool = new Pool({
    name,
    concurrency,
    capacity,
    queueTimeout,
    queue: createQueue(settings.discipline, streams.queue),
    onFull: new Refusal("queue_full", settings.onFull),
    onTimeout: new Refusal("queue_timeout", settings.onTimeout),
    figures,
    clock,
    refused: (exchange, rejection, at) =>
      clients.refused(exchange, rejection, at),
    fellBack: (pool) =>
      log(
        "info",
        `Pool "${pool}" has served nothing yet to estimate Retry-After from: it says 1 s until it has`,
      ),
  });
  series.follow(name, {
    concurrency: () => pool.concurrency,
    busy: () => pool.busy,
    capacity: () => pool.capacity,
    queued: () => pool.queued,
    utilisation: () => figures.recentUtilisation(clock.now()),
  });
  const { background, rateLimit } = settings;
  return {
    settings,
    pool,
    rateLimit: rateLimit && new RateLimit(name, rateLimit, clientOf),
    background: background && new Background({
      ...background,
      pool,
      clock,
      arrivals: streams.arrivals,
      service: streams.service,
    }),
  };
}
