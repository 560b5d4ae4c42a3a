/** Replicas that share a pool through a Redis of the test's own, in one process and in real time. */
import { PreciseClock } from "../../../core/lib/time/mod.ts";
import type { Exchange, OnLost, Ticket } from "../../../core/plugin.ts";
import { RedisStore } from "../../../core/shared/redis.ts";
import { PoolFigures } from "../../../plugins/limiter/figures.ts";
import type { Pool } from "../../../plugins/limiter/pool.ts";
import type { Entrant } from "../../../plugins/limiter/queue.ts";
import { Refusal } from "../../../plugins/limiter/refusal.ts";
import { Membership } from "../../../plugins/limiter/shared/membership.ts";
import { SharedPool } from "../../../plugins/limiter/shared/shared_pool.ts";
import { rulesFor, SOME_STREAM, type TestPoolOptions } from "./_pools.ts";

/** Options of {@linkcode replicas}. */
export interface ReplicaOptions extends TestPoolOptions {
  readonly url: string;
  readonly count: number;
  readonly onLost?: OnLost;
  readonly leaseTime?: number;
  /** True to give each replica its place in the configuration. */
  readonly segments?: boolean;
}

/** Rules of a shared pool. */
export function sharedRules(options: TestPoolOptions) {
  return {
    ...rulesFor(options),
    onLost: new Refusal("shared_lost", options.onFull ?? { status: 503 }),
  };
}

/** One replica. */
export interface Replica {
  readonly clock: PreciseClock;
  readonly store: RedisStore;
  readonly membership: Membership;
  readonly pool: SharedPool;
}

/** Replicas with one pool. */
export class Replicas implements AsyncDisposable {
  readonly all: Replica[] = [];
  readonly clock = new PreciseClock();
  readonly log: string[] = [];
  readonly #options: ReplicaOptions;
  readonly #prefix = crypto.randomUUID();
  readonly #left: RedisStore[] = [];

  private constructor(options: ReplicaOptions) {
    this.#options = options;
  }

  /** Starts replicas, which may ask for places when the promise resolves. */
  static async start(options: ReplicaOptions): Promise<Replicas> {
    const replicas = new Replicas(options);
    for (let i = 0; i < options.count; i++) await replicas.add();
    // Each knows all others after its next sign of life.
    while (
      replicas.all.some(({ membership }) => membership.replicas < options.count)
    ) await replicas.pause(10);
    return replicas;
  }

  /** Adds a replica. */
  async add(): Promise<Replica> {
    const { url, count, onLost = "divide", leaseTime = 3000, segments } =
      this.#options;
    const { clock } = this;
    const index = this.all.length;
    const store = await RedisStore.connect({
      settings: { redis: url, prefix: this.#prefix, onLost, leaseTime },
      clock,
      replica: `replica-${index}-${crypto.randomUUID().slice(0, 4)}`,
      log: (_, message) => this.log.push(message),
    });
    const membership = new Membership({
      store,
      clock,
      session: undefined,
      segment: segments === true ? { index, count } : undefined,
    });
    const rules = sharedRules(this.#options);
    const pool = new SharedPool({
      name: "db",
      stream: this.#options.stream ?? SOME_STREAM,
      figures: new PoolFigures({
        concurrency: rules.concurrency,
        now: clock.now(),
      }),
      clock,
      membership,
      refused: () => {},
      fellBack: () => {},
    }, rules);
    await membership.ready;
    const replica = { clock, store, membership, pool };
    this.all.push(replica);
    return replica;
  }

  /** Ends a replica as a crash does: it says nothing to anybody, and keeps its places. */
  async crash(index: number): Promise<void> {
    const [{ store }] = this.all.splice(index, 1);
    this.#left.push(store);
    await store[Symbol.asyncDispose]();
  }

  /** Waits until every question of every replica has been answered, and all words have come. */
  async settled(): Promise<void> {
    for (let round = 0; round < 3; round++) {
      await Promise.all(this.all.map(async ({ store }) => {
        const { promise, resolve } = Promise.withResolvers<void>();
        const channel = store.key("barrier", store.replica);
        using _subscription = store.subscribe(channel, () => resolve());
        while (store.status.connected) {
          await store.publish(channel, "");
          const late = this.pause(20);
          if (await Promise.race([promise.then(() => true), late])) break;
        }
      }));
    }
  }

  /** Waits on the clock of the replicas. */
  pause(milliseconds: number): Promise<undefined> {
    return new Promise((resolve) =>
      this.clock.at(
        this.clock.now() + milliseconds,
        () => resolve(undefined),
        undefined,
      )
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { membership, store } of this.all) {
      await membership[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    }
    await this.clock[Symbol.asyncDispose]();
  }
}

/** A request for a place in real time, which remembers its outcome. */
export class Guest implements Entrant {
  readonly exchange: Exchange;
  state: "waiting" | "served" | "refused" | "gone" | "done" = "waiting";
  /** Time of the start of its service, or of its refusal. */
  at = NaN;
  reason = "";
  readonly arrived: number;
  readonly #clock: PreciseClock;
  readonly #pool: SharedPool | Pool;
  readonly #settled?: (guest: Guest) => void;
  #ticket: Ticket | undefined;

  constructor(
    { pool, clock }: { pool: SharedPool | Pool; clock: PreciseClock },
    { priority = 0, settled }: {
      priority?: number;
      settled?: (guest: Guest) => void;
    } = {},
  ) {
    this.exchange = { header: () => null } as unknown as Exchange;
    this.#pool = pool;
    this.#clock = clock;
    if (settled !== undefined) this.#settled = settled;
    this.arrived = clock.now();
    const answer = pool.admit(this, this.arrived, priority);
    if ("leave" in answer) this.#ticket = answer;
    else this.settle(answer, this.arrived);
  }

  settle(outcome: Parameters<Entrant["settle"]>[0], at = NaN): void {
    if (this.state !== "waiting") {
      throw new Error(`Settled while ${this.state}`);
    }
    this.at = at;
    if ("reason" in outcome) {
      this.state = "refused";
      this.reason = outcome.reason;
    } else this.state = "served";
    this.#settled?.(this);
  }

  finish(): void {
    if (this.state !== "served") throw new Error(`Cannot end: ${this.state}`);
    this.state = "done";
    this.#pool.release(undefined, this.#clock.now());
  }

  leave(why: "gone" | "cut" = "gone"): void {
    this.state = "gone";
    this.#ticket?.leave(why);
  }
}
