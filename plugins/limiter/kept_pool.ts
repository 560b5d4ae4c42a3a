/**
 * A pool with all that its settings put around it, over all revisions of the configuration that name it.
 *
 * Made by the first of them; changed by {@linkcode KeptPool.adopt} and {@linkcode KeptPool.lay} alone, so that a configuration
 * that is refused in the end has changed nothing.
 *
 * @module
 */
import type { Clock, Exchange, Rejection, Stream } from "../../core/plugin.ts";
import { Background } from "./background.ts";
import { PoolFigures } from "./figures.ts";
import { Pool, type PoolRules } from "./pool.ts";
import { RateLimit } from "./rate_limits/mod.ts";
import { Refusal } from "./refusal.ts";
import type { PoolSeries } from "./series.ts";
import type { PoolSettings } from "./settings.ts";

/** What all pools share. */
export interface Surroundings {
  /** The server's clock. */
  readonly clock: Clock;
  /** Told who is refused. */
  readonly refused: (
    exchange: Exchange,
    rejection: Rejection,
    at: number,
  ) => void;
  /** Tells clients apart. */
  readonly clientOf: (exchange: Exchange) => string;
  /** Whether there is a pool of this name in the present revision. */
  readonly has: (name: string) => boolean;
  /** Writes one line to the log. */
  readonly log: (level: "info" | "warn", message: string) => void;
}

/** The purposes that a pool draws random numbers for. */
export const PURPOSES = ["queue", "arrivals", "service"] as const;

/** A pool's streams of random numbers. */
export type PoolStreams = Readonly<Record<typeof PURPOSES[number], Stream>>;

/** What one revision makes of a pool. */
export interface PoolPlan {
  /** Its settings. */
  readonly settings: PoolSettings;
  /** Its random numbers. */
  readonly streams: PoolStreams;
}

/** What lies over a pool's settings. */
export interface Overlay {
  /** How many places. */
  readonly concurrency?: number | undefined;
  /** How many may wait; Infinity for no limit. */
  readonly queue?: number | undefined;
  /** How many phantoms arrive, per second. */
  readonly background?: number | undefined;
}

/** A pool, over all revisions that name it. */
export class KeptPool implements Disposable {
  /** The pool itself. */
  readonly pool: Pool;
  /** Its background, at rest where its settings know none. */
  readonly background: Background;
  readonly #surroundings: Surroundings;
  #plan: PoolPlan;
  #rateLimit: RateLimit | undefined;
  #overlay: Overlay = {};
  #series: PoolSeries | undefined;
  #owner: unknown;

  /** Makes one with all places free, that nobody knows of yet. */
  constructor(name: string, plan: PoolPlan, surroundings: Surroundings) {
    const { clock, log } = surroundings;
    this.#plan = plan;
    this.#surroundings = surroundings;
    const stream = (purpose: keyof PoolStreams): Stream => ({
      uniform: (sequence, index) =>
        this.#plan.streams[purpose].uniform(sequence, index),
    });
    const rules = rulesOf(plan.settings, {});
    this.pool = new Pool({
      name,
      figures: new PoolFigures({
        concurrency: rules.concurrency,
        now: clock.now(),
      }),
      clock,
      stream: stream("queue"),
      refused: surroundings.refused,
      fellBack: (pool) =>
        log(
          "info",
          `Pool "${pool}" has served nothing yet to estimate Retry-After from: it says 1 s until it has`,
        ),
    }, rules);
    this.background = new Background({
      pool: this.pool,
      clock,
      arrivals: stream("arrivals"),
      service: stream("service"),
    });
    this.#rateLimit = this.#limitFor(plan.settings);
  }

  /** Who has adopted it last. */
  get owner(): unknown {
    return this.#owner;
  }

  /** Its rate limit, if any. */
  get rateLimit(): RateLimit | undefined {
    return this.#rateLimit;
  }

  /**
   * A revision takes over. Nobody is admitted yet: {@linkcode Pool.admitWaiting} is for when all pools have changed.
   *
   * @param plan what it makes of the pool
   * @param by who it is, where it records, and whether a route takes the pool: a background loads no others
   */
  adopt(plan: PoolPlan, { owner, series, used }: {
    readonly owner: unknown;
    readonly series: PoolSeries;
    readonly used: boolean;
  }): void {
    const { settings } = this.#plan = plan;
    this.#owner = owner;
    if (this.#series === undefined) this.#publish(series);
    this.#series = series;
    this.pool.follow(rulesOf(settings, this.#overlay));
    const { rateLimit } = settings;
    if (
      rateLimit === undefined || this.#rateLimit?.follow(rateLimit) !== true
    ) {
      this.#rateLimit = this.#limitFor(settings);
    }
    this.background.follow(used ? settings.background : undefined);
  }

  /** Lays values over the settings, at once; what is undefined is taken off. */
  lay(overlay: Overlay): void {
    this.#overlay = { ...this.#overlay, ...overlay };
    const { concurrency, capacity } = rulesOf(
      this.#plan.settings,
      this.#overlay,
    );
    this.background.lay(this.#overlay.background);
    this.pool.resize(concurrency, capacity);
  }

  /** Per-client meters mean nothing any more: clients are told apart in another way. */
  forgetClients(): void {
    if (this.#plan.settings.rateLimit?.per !== "client") return;
    this.#rateLimit = this.#limitFor(this.#plan.settings);
  }

  /** No revision names it any more: who holds a place or waits is served, but no phantoms come. */
  retire(): void {
    this.background.follow(undefined);
  }

  /** What is counted starts afresh. */
  reset(): void {
    this.pool.reset();
    this.background.reset();
  }

  /** No exchange can reach it any more. */
  [Symbol.dispose](): void {
    this.background.stop();
    const { name } = this.pool;
    if (!this.#surroundings.has(name)) this.#series?.forget(name);
  }

  #publish(series: PoolSeries): void {
    const { pool, pool: { figures, name } } = this;
    figures.publish(series.of(name));
    series.follow(name, {
      concurrency: () => pool.concurrency,
      busy: () => pool.busy,
      capacity: () => pool.capacity,
      queued: () => pool.queued,
      utilisation: () =>
        figures.recentUtilisation(this.#surroundings.clock.now()),
    });
  }

  #limitFor({ rateLimit }: PoolSettings): RateLimit | undefined {
    return rateLimit &&
      new RateLimit(this.pool.name, rateLimit, this.#surroundings.clientOf);
  }
}

function rulesOf(settings: PoolSettings, overlay: Overlay): PoolRules {
  const { discipline, priorityHeader, queueTimeout } = settings;
  return {
    discipline,
    priorityHeader,
    queueTimeout,
    concurrency: overlay.concurrency ?? settings.concurrency,
    capacity: overlay.queue ?? settings.queue,
    onFull: new Refusal("queue_full", settings.onFull),
    onTimeout: new Refusal("queue_timeout", settings.onTimeout),
  };
}
