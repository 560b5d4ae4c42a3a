/**
 * Requests that ask for a place of a shared pool and have no decision yet: their order, their deadlines, and their refusals.
 *
 * @module
 */
import type { Clock, Rejection } from "../../../core/plugin.ts";
import { type PoolOptions, type PoolRules, priorityIn } from "../pool.ts";
import type { Entrant, QueueEntry, QueueOwner } from "../queue.ts";
import type { Refusal } from "../refusal.ts";
import { type Estimate, Refusals } from "../refusals.ts";
import { Entry } from "./entry.ts";

/** Rules of a shared pool. */
export interface SharedPoolRules extends PoolRules {
  /** Refusal where Redis is lost and nothing may be admitted. */
  readonly onLost: Refusal;
}

/** The requests of one pool that this replica knows. */
export abstract class Waiting implements QueueOwner {
  /** Name of the pool. */
  readonly name: string;
  /** Figures of the pool. */
  readonly figures: PoolOptions["figures"];
  protected readonly clock: Clock;
  /** Requests by ticket, in the order in which they came. */
  protected readonly entries = new Map<string, Entry>();
  protected rules: SharedPoolRules;
  /** Number of entries that count as queued. */
  protected waiting = 0;
  readonly #refusals: Refusals;
  #arrivals = 0;
  #tickets = 0;

  constructor(options: PoolOptions, rules: SharedPoolRules) {
    this.name = options.name;
    this.figures = options.figures;
    this.clock = options.clock;
    this.rules = rules;
    this.#refusals = new Refusals(options, (now) => this.estimate(now));
  }

  /** Estimates the time until a retry is worthwhile. */
  abstract estimate(now: number): Estimate;

  /** An entry leaves before it was decided on. */
  protected abstract withdraw(entry: Entry, at: number): void;

  /** Counts a request that a rate limit has refused. */
  rejectedByRate(entrant: Entrant, rejection: Rejection, at: number): void {
    this.figures.arrived();
    this.figures.refused("rate_limited");
    this.#refusals.report(entrant, rejection, at);
  }

  /** Removes an entry of the queue, unless it was settled. */
  left(entry: QueueEntry, why: "gone" | "cut"): void {
    if (!entry.queued || !(entry instanceof Entry)) return;
    const at = this.clock.now();
    this.withdraw(entry, at);
    this.figures.waitedInVain(
      why === "gone" ? "client_gone" : "shutdown",
      at - entry.entered,
    );
  }

  /** Refuses an entry whose deadline has passed. */
  expired(entry: QueueEntry): void {
    if (!(entry instanceof Entry)) return;
    const { deadline, entrant } = entry;
    entry.timer = 0;
    this.withdraw(entry, deadline);
    this.figures.waitedInVain("queue_timeout", deadline - entry.entered);
    entrant.settle(
      this.refuse(this.rules.onTimeout, entrant, deadline),
      deadline,
    );
  }

  protected enter(entrant: Entrant, at: number, priority: number): Entry {
    const entry = new Entry(this, entrant, at, priority);
    entry.number = this.#arrivals++;
    this.rank(entry);
    this.label(entry);
    return entry;
  }

  /** Gives an entry a ticket that no other has or had. */
  protected label(entry: Entry): void {
    entry.ticket = (this.#tickets++).toString(36);
    this.entries.set(entry.ticket, entry);
  }

  protected rank(entry: Entry): void {
    const { priorityHeader } = this.rules;
    const { routePriority, entrant: { exchange } } = entry;
    entry.priority = priorityHeader === undefined || exchange === undefined
      ? routePriority
      : priorityIn(exchange.header(priorityHeader), routePriority);
  }

  /** Counts an entry as queued, and sets its deadline. */
  protected count(entry: Entry, at: number, now: number = at): void {
    if (entry.counted) return;
    entry.counted = true;
    this.waiting++;
    this.figures.queued.add(1, at);
    this.time(entry, now);
  }

  protected time(entry: Entry, soonest: number): void {
    const { queueTimeout } = this.rules;
    if (queueTimeout === Infinity) return;
    entry.deadline = Math.max(entry.entered + queueTimeout, soonest);
    entry.timer = this.clock.at(entry.deadline, expire, entry);
  }

  protected retime(): void {
    const now = this.clock.now();
    for (const entry of this.entries.values()) {
      if (entry.timer !== 0) this.clock.cancel(entry.timer);
      entry.timer = 0;
      if (entry.counted) this.time(entry, now);
    }
  }

  protected end(entry: Entry, at: number): void {
    this.entries.delete(entry.ticket);
    entry.queued = false;
    if (entry.timer !== 0) this.clock.cancel(entry.timer);
    entry.timer = 0;
    if (!entry.counted) return;
    entry.counted = false;
    this.waiting--;
    this.figures.queued.add(-1, at);
  }

  protected refuse(refusal: Refusal, entrant: Entrant, at: number): Rejection {
    return this.#refusals.refuse(refusal, entrant, at);
  }

  /** True if some refusal has an estimated Retry-After. */
  get estimates(): boolean {
    const { onFull, onTimeout } = this.rules;
    return onFull.estimated || onTimeout.estimated;
  }
}

function expire(entry: Entry): void {
  entry.owner.expired(entry);
}
