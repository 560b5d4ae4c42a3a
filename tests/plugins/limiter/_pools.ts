/** Pools and requests on a virtual clock, without HTTP. */
import { MetricRegistry } from "../../../core/observe/metric_registry.ts";
import type {
  Exchange,
  Lease,
  Rejection,
  Stream,
  Ticket,
} from "../../../core/plugin.ts";
import { VirtualClock } from "../../../core/testing.ts";
import { PoolFigures, PoolSeries } from "../../../plugins/limiter/figures.ts";
import { Pool, type PoolRules } from "../../../plugins/limiter/pool.ts";
import type { Discipline, Entrant } from "../../../plugins/limiter/queue.ts";
import {
  Refusal,
  type RefusalSettings,
} from "../../../plugins/limiter/refusal.ts";

/** Options of a test pool. */
export interface TestPoolOptions {
  readonly concurrency?: number;
  readonly capacity?: number;
  readonly discipline?: Discipline;
  readonly queueTimeout?: number;
  readonly priorityHeader?: string;
  readonly onFull?: RefusalSettings;
  readonly onTimeout?: RefusalSettings;
  readonly stream?: Stream;
}

/** A pool, and what it has reported. */
export interface TestPool {
  readonly pool: Pool;
  readonly clock: VirtualClock;
  readonly metrics: MetricRegistry;
  readonly fellBack: string[];
  readonly refused: Rejection[];
}

/** Random numbers that repeat with a long period. */
export const SOME_STREAM: Stream = {
  uniform: (sequence) => ((sequence * 7919 + 104729) % 99991 + 0.5) / 99991,
};

/** Makes a pool, by default of one place without a queue. */
export function testPool(options: TestPoolOptions = {}): TestPool {
  const { concurrency = 1, capacity = 0, queueTimeout = Infinity } = options;
  const clock = new VirtualClock();
  const metrics = new MetricRegistry();
  const fellBack: string[] = [];
  const refused: Rejection[] = [];
  const figures = new PoolFigures({ concurrency, now: 0 });
  figures.publish(new PoolSeries(metrics).of("db"));
  const rules = rulesFor({ ...options, concurrency, capacity, queueTimeout });
  const pool = new Pool({
    name: "db",
    stream: options.stream ?? SOME_STREAM,
    figures,
    clock,
    refused: (_exchange, rejection) => refused.push(rejection),
    fellBack: (name) => fellBack.push(name),
  }, rules);
  return { pool, clock, metrics, fellBack, refused };
}

/** Completes the rules of a pool. */
export function rulesFor(options: TestPoolOptions): PoolRules {
  return {
    concurrency: options.concurrency ?? 1,
    capacity: options.capacity ?? 0,
    discipline: options.discipline ?? "fifo",
    priorityHeader: options.priorityHeader,
    queueTimeout: options.queueTimeout ?? Infinity,
    onFull: new Refusal("queue_full", options.onFull ?? { status: 503 }),
    onTimeout: new Refusal(
      "queue_timeout",
      options.onTimeout ?? { status: 504 },
    ),
  };
}

/** A request for a place, which remembers its outcome. */
export class Visitor implements Entrant {
  readonly exchange: Exchange;
  /** Present state. */
  state: "waiting" | "served" | "refused" | "gone" | "done" = "waiting";
  /** Time of the start of its service, or of its refusal. */
  at = NaN;
  /** Reason of its refusal. */
  rejection: Rejection | undefined;
  readonly #pool: Pool;
  #ticket: Ticket | undefined;

  constructor(
    { pool, clock }: Pick<TestPool, "pool" | "clock">,
    priority = 0,
    readonly name = "",
    headers: Readonly<Record<string, string>> = {},
  ) {
    this.exchange = {
      header: (name: string) => headers[name] ?? null,
    } as Exchange;
    this.#pool = pool;
    const now = clock.now();
    const answer = pool.admit(this, now, priority);
    if ("leave" in answer) this.#ticket = answer;
    else this.settle(answer, now);
  }

  settle(outcome: Lease | Rejection, at = NaN): void {
    if (this.state !== "waiting") {
      throw new Error(`Settled while ${this.state}`);
    }
    this.at = at;
    if ("reason" in outcome) {
      this.rejection = outcome;
      this.state = "refused";
    } else this.state = "served";
  }

  /** Ends its service. */
  finish(at: number): void {
    if (this.state !== "served") throw new Error(`Cannot end: ${this.state}`);
    this.state = "done";
    this.#pool.release(undefined, at);
  }

  /** Leaves the queue. */
  leave(why: "gone" | "cut" = "gone"): void {
    this.state = "gone";
    this.#ticket?.leave(why);
  }
}
