/**
 * A pool: a number of places, and a queue for requests that find none free.
 *
 * Four invariants hold. Taken places never exceed the concurrency, unless it was lowered while they were taken. Each queued
 * request is admitted, is refused or leaves exactly once. A place that becomes free goes to the next in the queue before any other
 * request can take it. Settling is the last thing a method does with an entry: it may run the exchange to its end and come back
 * here.
 *
 * @module
 */
import type {
  Clock,
  Exchange,
  Lease,
  Rejection,
  Stream,
  Ticket,
} from "../../core/plugin.ts";
import type { PoolFigures } from "./figures.ts";
import {
  createQueue,
  type Discipline,
  type Entrant,
  type Queue,
  QueueEntry,
  type QueueOwner,
} from "./queue.ts";
import { type Refusal, Throughput } from "./refusal.ts";
import { type Estimate, type RefusalReports, Refusals } from "./refusals.ts";

/** Retry-After of a pool that has served no request under saturation yet, in ms. */
export const FALLBACK = 1000;

/** Rules of a pool. All of them can be changed while it is busy. */
export interface PoolRules {
  /** Number of places; Infinity for no limit. */
  readonly concurrency: number;
  /** Maximum number of queued requests; Infinity for no limit. */
  readonly capacity: number;
  /** Order of service. */
  readonly discipline: Discipline;
  /** Header with the priority of a request; undefined for that of its route. */
  readonly priorityHeader?: string | undefined;
  /** Maximum wait in the queue, in ms; Infinity for no limit. */
  readonly queueTimeout: number;
  /** Refusal where the queue is full. */
  readonly onFull: Refusal;
  /** Refusal after the maximum wait. */
  readonly onTimeout: Refusal;
}

/** Options of a pool. */
export interface PoolOptions extends RefusalReports {
  /** Figures to count in. */
  readonly figures: PoolFigures;
  /** The server's clock. */
  readonly clock: Clock;
  /** Random numbers of the discipline `random`. */
  readonly stream: Stream;
}

/** A pool, as other plugins see it. */
export interface PoolView {
  /** Number of places; Infinity for no limit. */
  readonly concurrency: number;
  /** Number of taken places: of all replicas that share the pool. */
  readonly busy: number;
  /** Number of queued requests: of all replicas that share the pool. */
  readonly queued: number;
  /** Share of taken places, averaged over about the last second, 0…1; 0 where there is no limit. */
  utilisation(): number;
}

/** A pool. It is itself the lease of each of its places. */
export class Pool implements Lease, QueueOwner {
  /** Name of the pool. */
  readonly name: string;
  /** Figures of the pool. */
  readonly figures: PoolFigures;
  readonly #options: PoolOptions;
  #rules: PoolRules;
  #queue: Queue;
  #throughput: Throughput | undefined;
  #concurrency: number;
  #capacity: number;
  #busy = 0;
  #arrivals = 0;
  readonly #refusals: Refusals;

  constructor(options: PoolOptions, rules: PoolRules) {
    this.name = options.name;
    this.figures = options.figures;
    this.#refusals = new Refusals(options, (now) => this.estimate(now));
    this.#options = options;
    this.#rules = rules;
    this.#queue = createQueue(rules.discipline, options.stream);
    this.#concurrency = rules.concurrency;
    this.#capacity = rules.capacity;
    this.#throughput = estimating(rules) ? new Throughput() : undefined;
  }

  /** Number of places. */
  get concurrency(): number {
    return this.#concurrency;
  }

  /** Maximum number of queued requests. */
  get capacity(): number {
    return this.#capacity;
  }

  /** Number of taken places. */
  get busy(): number {
    return this.#busy;
  }

  /** Number of queued requests. */
  get queued(): number {
    return this.#queue.size;
  }

  /** Share of taken places, averaged over about the last second, 0…1; 0 where there is no limit. */
  utilisation(): number {
    return this.figures.load(this.#options.clock.now());
  }

  /** True if some refusal has an estimated Retry-After. */
  get estimates(): boolean {
    return this.#throughput !== undefined;
  }

  /**
   * Admits a request, queues it, or refuses it.
   *
   * @param at time of the request, in ms of the clock
   * @param priority lower numbers go first; for the discipline `priority`
   * @returns the lease of a place, the entry of the queue, or the refusal
   */
  admit(
    entrant: Entrant,
    at: number,
    priority: number,
  ): Lease | Rejection | Ticket {
    this.figures.arrived();
    if (this.#busy < this.#concurrency) {
      this.#busy++;
      this.figures.taken(at);
      this.figures.admitted(0);
      this.#throughput?.update(this.#busy >= this.#concurrency, at);
      return this;
    }
    if (this.#queue.size < this.#capacity) {
      return this.#enqueue(entrant, at, priority);
    }
    this.figures.refused("queue_full");
    return this.#refusals.refuse(this.#rules.onFull, entrant, at);
  }

  /** Counts a request that a rate limit has refused. */
  rejectedByRate(entrant: Entrant, rejection: Rejection, at: number): void {
    this.figures.arrived();
    this.figures.refused("rate_limited");
    this.#refusals.report(entrant, rejection, at);
  }

  /** Frees a place, which the next in the queue has from that time on. */
  release(_exchange: Exchange | undefined, at: number): void {
    this.#throughput?.ended(at);
    if (this.#busy <= this.#concurrency) {
      const next = this.#queue.take();
      if (next !== undefined) return this.#grant(next, at);
    }
    this.#busy--;
    this.figures.freed(at);
    this.#throughput?.update(this.#busy >= this.#concurrency, at);
  }

  /** Removes an entry of the queue, unless it was settled. */
  left(entry: QueueEntry, why: "gone" | "cut"): void {
    if (!entry.queued) return;
    const at = this.#options.clock.now();
    this.#queue.remove(entry);
    this.#endWait(entry, at);
    this.figures.waitedInVain(
      why === "gone" ? "client_gone" : "shutdown",
      at - entry.entered,
    );
  }

  /** Refuses an entry whose deadline has passed. */
  expired(entry: QueueEntry): void {
    const { deadline } = entry;
    entry.timer = 0;
    this.#queue.remove(entry);
    this.#endWait(entry, deadline);
    this.figures.waitedInVain("queue_timeout", deadline - entry.entered);
    const { entrant } = entry;
    entrant.settle(
      this.#refusals.refuse(this.#rules.onTimeout, entrant, deadline),
      deadline,
    );
  }

  /**
   * Follows new rules. No entry is settled: {@linkcode Pool.admitQueued} does that, once everything that belongs together has
   * changed. A pool made smaller takes no place away, and a shorter queue refuses none of its entries: both shrink as requests
   * end. A new discipline takes over all entries, in order of arrival.
   */
  follow(rules: PoolRules): void {
    const { discipline, priorityHeader, queueTimeout } = this.#rules;
    this.#rules = rules;
    if (
      rules.discipline !== discipline || rules.priorityHeader !== priorityHeader
    ) this.#reorder();
    if (rules.queueTimeout !== queueTimeout) this.#retime();
    if (!estimating(rules)) this.#throughput = undefined;
    else this.#throughput ??= new Throughput();
    this.#setLimits(rules.concurrency, rules.capacity);
  }

  /** Changes the number of places and the length of the queue as {@linkcode Pool.follow} does, and fills free places. */
  resize(concurrency: number, capacity: number): void {
    this.#setLimits(concurrency, capacity);
    this.admitQueued();
  }

  /** Gives free places to queued requests, as after a pool was made larger. */
  admitQueued(): void {
    const at = this.#options.clock.now();
    while (this.#busy < this.#concurrency) {
      const next = this.#queue.take();
      if (next === undefined) break;
      this.#busy++;
      this.figures.taken(at);
      this.#throughput?.update(this.#busy >= this.#concurrency, at);
      this.#grant(next, at);
    }
  }

  /** Starts figures and random numbers afresh. */
  reset(): void {
    this.figures.reset(this.#options.clock.now());
    this.#queue.restart?.();
  }

  /** Estimates the time until a retry is worthwhile: that of serving the present queue and one more at the recent throughput. */
  estimate(now: number): Estimate {
    const rate = this.#throughput?.rate(now);
    return rate === undefined
      ? { wait: FALLBACK, from: "fallback" }
      : { wait: (this.#queue.size + 1) / rate, from: "throughput" };
  }

  #enqueue(entrant: Entrant, at: number, priority: number): Ticket {
    const entry = new QueueEntry(this, entrant, at, priority);
    entry.number = this.#arrivals++;
    this.#rank(entry);
    this.#queue.add(entry);
    this.figures.queued.add(1, at);
    this.#time(entry, at);
    return entry;
  }

  /** Sets the priority: the number in the header, where there is one, else that of the route. */
  #rank(entry: QueueEntry): void {
    const { priorityHeader } = this.#rules;
    const { routePriority, entrant: { exchange } } = entry;
    entry.priority = priorityHeader === undefined || exchange === undefined
      ? routePriority
      : priorityIn(exchange.header(priorityHeader), routePriority);
  }

  #time(entry: QueueEntry, soonest: number): void {
    const { queueTimeout } = this.#rules;
    if (queueTimeout === Infinity) return;
    entry.deadline = Math.max(entry.entered + queueTimeout, soonest);
    entry.timer = this.#options.clock.at(entry.deadline, expire, entry);
  }

  #retime(): void {
    const { clock } = this.#options;
    const now = clock.now();
    for (const entry of this.#queue.entries()) {
      if (entry.timer !== 0) clock.cancel(entry.timer);
      entry.timer = 0;
      this.#time(entry, now);
    }
  }

  #reorder(): void {
    const before = this.#queue;
    this.#queue = createQueue(this.#rules.discipline, this.#options.stream);
    for (
      const entry of before.entries().sort((a, b) => a.number - b.number)
    ) {
      before.remove(entry);
      this.#rank(entry);
      this.#queue.add(entry);
    }
  }

  #setLimits(concurrency: number, capacity: number): void {
    const at = this.#options.clock.now();
    this.#concurrency = concurrency;
    this.#capacity = capacity;
    this.figures.resize(concurrency, at);
    this.#throughput?.update(this.#busy >= concurrency, at);
  }

  /** Hands a place over. It was free since a time that may lie before the present, or before the wait began. */
  #grant(entry: QueueEntry, freeFrom: number): void {
    const start = Math.max(freeFrom, entry.entered);
    this.#endWait(entry, start);
    this.figures.admitted(start - entry.entered);
    entry.entrant.settle(this, start);
  }

  #endWait(entry: QueueEntry, at: number): void {
    entry.queued = false;
    this.figures.queued.add(-1, at);
    if (entry.timer !== 0) this.#options.clock.cancel(entry.timer);
  }
}

function expire(entry: QueueEntry): void {
  entry.owner.expired(entry);
}

function estimating({ onFull, onTimeout }: PoolRules): boolean {
  return onFull.estimated || onTimeout.estimated;
}

/** The number in a header, where there is one. */
export function priorityIn(header: string | null, otherwise: number): number {
  if (header === null || header.trim() === "") return otherwise;
  const priority = Number(header);
  return Number.isFinite(priority) ? priority : otherwise;
}
