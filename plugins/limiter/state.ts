/**
 * State that outlives a revision of the configuration: the pools, each with its rate limit and background, and the clients.
 *
 * Only {@linkcode LimiterState.adopt}, {@linkcode PersistentPool.adopt} and {@linkcode PersistentPool.setDials} change it, so that
 * a configuration that is refused in the end has changed nothing.
 *
 * @module
 */
import type {
  Clock,
  Exchange,
  Rejection,
  Segment,
  Stream,
} from "../../core/plugin.ts";
import { Background } from "./background.ts";
import { clientKey, Clients } from "./clients.ts";
import { PoolFigures, type PoolSeries } from "./figures.ts";
import { Pool, type PoolView } from "./pool.ts";
import { RateLimit } from "./rate_limit.ts";
import { Refusal } from "./refusal.ts";
import type { PoolSettings } from "./settings.ts";
import type { Membership } from "./shared/membership.ts";
import { SharedPool } from "./shared/shared_pool.ts";
import { SharedRateLimit } from "./shared/shared_rate_limit.ts";
import type { SharedPoolRules } from "./shared/waiting.ts";

/** Purposes that a pool draws random numbers for. */
export const PURPOSES = ["queue", "arrivals", "service"] as const;

/** Streams of random numbers of a pool, by purpose. */
export type PoolStreams = Readonly<Record<typeof PURPOSES[number], Stream>>;

/** A pool as one revision has it. */
export interface PoolPlan {
  /** Settings of the pool. */
  readonly settings: PoolSettings;
  /** Random numbers of the pool. */
  readonly streams: PoolStreams;
}

/** Values that dials set over the settings of a pool; undefined for those that no dial sets. */
export interface DialValues {
  /** Number of places. */
  readonly concurrency?: number | undefined;
  /** Maximum number of queued requests; Infinity for no limit. */
  readonly queue?: number | undefined;
  /** Rate of the background, in phantoms per second. */
  readonly background?: number | undefined;
}

/** Options that all pools share. */
export interface PersistentPoolOptions {
  /** The server's clock. */
  readonly clock: Clock;
  /** Replica that the server is. */
  readonly segment: Segment;
  /** Membership among the replicas that share the pools; undefined where nothing is shared. */
  readonly membership?: Membership | undefined;
  /** Called for every refused exchange with the time of its refusal, in ms. */
  readonly refused: (
    exchange: Exchange,
    rejection: Rejection,
    at: number,
  ) => void;
  /** Returns the key of an exchange's client. */
  readonly clientOf: (exchange: Exchange) => string;
  /** True if the revision in force has a pool of this name. */
  readonly has: (name: string) => boolean;
  /** Writes one line to the log. */
  readonly log: (level: "info" | "warn", message: string) => void;
}

/** A pool over all revisions that name it, with its rate limit and its background. */
export class PersistentPool implements Disposable {
  /** The pool itself. */
  readonly pool: Pool | SharedPool;
  /** The background, which rests where the settings have none. */
  readonly background: Background;
  readonly #options: PersistentPoolOptions;
  #plan: PoolPlan;
  #rateLimit: RateLimit | undefined;
  #sharedLimit: SharedRateLimit | undefined;
  #dials: DialValues = {};
  #series: PoolSeries | undefined;
  #owner: unknown;

  /** Makes a pool with all places free. */
  constructor(name: string, plan: PoolPlan, options: PersistentPoolOptions) {
    const { clock, log, refused } = options;
    this.#plan = plan;
    this.#options = options;
    const stream = (purpose: keyof PoolStreams): Stream => ({
      uniform: (sequence, index) =>
        this.#plan.streams[purpose].uniform(sequence, index),
    });
    const rules = rulesOf(plan.settings, {});
    const poolOptions = {
      name,
      figures: new PoolFigures({
        concurrency: rules.concurrency,
        now: clock.now(),
      }),
      clock,
      // Replicas decide independently of each other.
      stream: ofReplica(stream("queue"), options.segment),
      refused,
      fellBack: (pool: string) =>
        log(
          "info",
          `Pool "${pool}" has served nothing yet to estimate Retry-After from: it says 1 s until it has`,
        ),
    };
    const { membership } = options;
    this.pool = membership === undefined
      ? new Pool(poolOptions, rules)
      : new SharedPool({ ...poolOptions, membership }, rules);
    this.background = new Background({
      pool: this.pool,
      clock,
      segment: membership?.dealt ?? options.segment,
      arrivals: stream("arrivals"),
      service: stream("service"),
    });
    this.#setLimit(plan.settings);
  }

  /** The revision that has adopted the pool last. */
  get owner(): unknown {
    return this.#owner;
  }

  /** The rate limit; undefined where the settings have none, or replicas share it. */
  get rateLimit(): RateLimit | undefined {
    return this.#rateLimit;
  }

  /** The rate limit that replicas share; undefined where the settings have none, or nothing is shared. */
  get sharedLimit(): SharedRateLimit | undefined {
    return this.#sharedLimit;
  }

  /** The pool, as other plugins see it. */
  get view(): PoolView {
    return this.pool instanceof Pool ? this.pool : this.pool.view;
  }

  /**
   * Follows a new revision. No request is admitted yet: {@linkcode Pool.admitQueued} is for when all pools have changed.
   *
   * @param used whether a route takes the pool: the background of an unused pool rests
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
    const { pool } = this;
    if (pool instanceof Pool) pool.follow(rulesOf(settings, this.#dials));
    // The values of dials hold for all replicas, over the settings of each.
    else pool.follow(rulesOf(settings, {}));
    const { rateLimit } = settings;
    const limit = this.#sharedLimit ?? this.#rateLimit;
    if (rateLimit === undefined || limit?.follow(rateLimit) !== true) {
      this.#setLimit(settings);
    }
    this.background.follow(used ? settings.background : undefined);
  }

  /** Sets the given dials at once. A value of undefined gives the setting back. */
  setDials(values: DialValues): void {
    this.#dials = { ...this.#dials, ...values };
    const { concurrency, capacity } = rulesOf(this.#plan.settings, this.#dials);
    this.background.override(this.#dials.background);
    const { pool } = this;
    if (pool instanceof Pool) pool.resize(concurrency, capacity);
    else pool.turn(this.#dials.concurrency, this.#dials.queue);
  }

  /** Starts a rate limit per client afresh, since clients are now told apart in another way. */
  forgetClients(): void {
    if (this.#plan.settings.rateLimit?.per !== "client") return;
    this.#setLimit(this.#plan.settings);
  }

  /** Stops the background, since no revision names the pool any more. Requests in the pool are served. */
  retire(): void {
    this.background.follow(undefined);
  }

  /** Starts figures afresh. */
  reset(): void {
    this.pool.reset();
    this.background.reset();
  }

  /** Ends the background, since no exchange can reach the pool any more. */
  [Symbol.dispose](): void {
    this.background.stop();
    this.#sharedLimit?.end();
    if (this.pool instanceof SharedPool) this.pool.leaveOthers();
    const { name } = this.pool;
    if (!this.#options.has(name)) this.#series?.forget(name);
  }

  #publish(series: PoolSeries): void {
    const { pool, pool: { figures, name } } = this;
    figures.publish(series.of(name));
    series.follow(name, {
      concurrency: () => pool.concurrency,
      busy: () => pool.busy,
      capacity: () => pool.capacity,
      queued: () => pool.queued,
      utilisation: () => figures.recentUtilisation(this.#options.clock.now()),
    });
    if (pool instanceof Pool) return;
    series.followWhole(name, {
      busy: () => pool.whole.busy,
      queued: () => pool.whole.queued,
      replicas: () => pool.whole.replicas,
      alone: () => Number(pool.whole.mode === "alone"),
    });
  }

  #setLimit({ rateLimit, onFull }: PoolSettings): void {
    const { clientOf, membership } = this.#options;
    const { name } = this.pool;
    this.#sharedLimit?.end();
    this.#sharedLimit = membership && rateLimit && new SharedRateLimit({
      pool: name,
      settings: rateLimit,
      clientOf,
      membership,
      onLost: new Refusal("shared_lost", onFull),
    });
    this.#rateLimit = membership === undefined && rateLimit !== undefined
      ? new RateLimit(name, rateLimit, clientOf)
      : undefined;
  }
}

/** Every n-th number of a stream. */
function ofReplica(stream: Stream, { index, count }: Segment): Stream {
  return count === 1 ? stream : {
    uniform: (sequence, place) =>
      stream.uniform(index + sequence * count, place),
  };
}

function rulesOf(
  settings: PoolSettings,
  dials: DialValues,
): SharedPoolRules {
  const { discipline, priorityHeader, queueTimeout } = settings;
  return {
    discipline,
    priorityHeader,
    queueTimeout,
    concurrency: dials.concurrency ?? settings.concurrency,
    capacity: dials.queue ?? settings.queue,
    onFull: new Refusal("queue_full", settings.onFull),
    onTimeout: new Refusal("queue_timeout", settings.onTimeout),
    onLost: new Refusal("shared_lost", settings.onFull),
  };
}

/** Clients and pools of the revision in force. */
export class LimiterState {
  /** Clients that were refused. */
  readonly clients: Clients;
  #header: string | undefined;
  #clientOf: ReturnType<typeof clientKey>;
  #pools: ReadonlyMap<string, PersistentPool> = new Map();

  /** @param header header that tells clients apart; undefined for X-Forwarded-For */
  constructor(header: string | undefined) {
    this.#header = header;
    this.#clientOf = clientKey(header);
    this.clients = new Clients(this.clientOf);
  }

  /** Returns the key of an exchange's client. */
  readonly clientOf = (exchange: Exchange): string => this.#clientOf(exchange);

  /**
   * Follows a new revision.
   *
   * @param header as in the constructor; where it changes, all clients are forgotten
   * @param pools by name; former pools that are not among them retire
   */
  adopt(
    header: string | undefined,
    pools: ReadonlyMap<string, PersistentPool>,
  ): void {
    if (header !== this.#header) {
      this.#header = header;
      this.#clientOf = clientKey(header);
      this.clients.reset();
      for (const pool of pools.values()) pool.forgetClients();
    }
    for (const [name, pool] of this.#pools) {
      if (pools.get(name) !== pool) pool.retire();
    }
    this.#pools = pools;
  }

  /** True if there is a pool of this name. */
  has(name: string): boolean {
    return this.#pools.has(name);
  }
}
