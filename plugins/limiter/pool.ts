/**
 * A pool: so many places, and a queue for those who find none.
 *
 * It keeps four promises. Places taken never exceed the concurrency. Who waits is admitted, refused or leaves, exactly once.
 * A place that becomes free goes to who is next before anybody else can take it. And settling is the last thing a method does
 * with a waiter: it may run the exchange to its end and come back here.
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
import { createQueue, type Discipline, type Queue } from "./disciplines/mod.ts";
import type { PoolFigures } from "./figures.ts";
import type { Refusal } from "./refusal.ts";
import { Throughput } from "./throughput.ts";
import { type Entrant, type Keeper, Waiting } from "./waiting.ts";

/** What Retry-After says where nothing has been served under saturation yet, in milliseconds. */
export const FALLBACK = 1000;

/** How a pool behaves: all of it can be changed while it is busy. */
export interface PoolRules {
  /** How many places; Infinity for no limit. */
  readonly concurrency: number;
  /** How many may wait; Infinity for no limit. */
  readonly capacity: number;
  /** Who is next. */
  readonly discipline: Discipline;
  /** The header that says how important a request is; undefined for its route's word. */
  readonly priorityHeader?: string | undefined;
  /** How long anybody waits at most, in milliseconds; Infinity for no limit. */
  readonly queueTimeout: number;
  /** What who finds the queue full is told. */
  readonly onFull: Refusal;
  /** What who has waited too long is told. */
  readonly onTimeout: Refusal;
}

/** What a pool is made of. */
export interface PoolParts {
  /** Unique. */
  readonly name: string;
  /** Where it all is counted. */
  readonly figures: PoolFigures;
  /** Time-outs run on it. */
  readonly clock: Clock;
  /** Decides who is next, where the discipline is random. */
  readonly stream: Stream;
  /** Told of every exchange that is refused, with the time of it. */
  readonly refused: (
    exchange: Exchange,
    rejection: Rejection,
    at: number,
  ) => void;
  /** Told once, where Retry-After is estimated before there is anything to estimate from. */
  readonly fellBack: (pool: string) => void;
}

/** An estimate of when it is worth coming back. */
export interface Estimate {
  /** In milliseconds from now. */
  readonly wait: number;
  /** Whether it comes from what was served, or is the fallback. */
  readonly from: "throughput" | "fallback";
}

/** A pool. It is the lease of each of its places. */
export class Pool implements Lease, Keeper {
  /** Unique. */
  readonly name: string;
  /** What is counted. */
  readonly figures: PoolFigures;
  readonly #parts: PoolParts;
  #rules: PoolRules;
  #queue: Queue;
  #throughput: Throughput | undefined;
  #concurrency: number;
  #capacity: number;
  #busy = 0;
  #arrivals = 0;
  #fellBack = false;

  /** Makes a pool with all places free. */
  constructor(parts: PoolParts, rules: PoolRules) {
    this.name = parts.name;
    this.figures = parts.figures;
    this.#parts = parts;
    this.#rules = rules;
    this.#queue = createQueue(rules.discipline, parts.stream);
    this.#concurrency = rules.concurrency;
    this.#capacity = rules.capacity;
    this.#throughput = estimating(rules) ? new Throughput() : undefined;
  }

  /** How many places there are. */
  get concurrency(): number {
    return this.#concurrency;
  }

  /** How many may wait. */
  get capacity(): number {
    return this.#capacity;
  }

  /** How many places are taken. */
  get busy(): number {
    return this.#busy;
  }

  /** How many wait. */
  get queued(): number {
    return this.#queue.size;
  }

  /** The share of places taken, averaged over the last second or so, 0…1; 0 where there is no limit. */
  utilisation(): number {
    return this.figures.load(this.#parts.clock.now());
  }

  /** Whether some refusal estimates when to come back. */
  get estimates(): boolean {
    return this.#throughput !== undefined;
  }

  /**
   * Somebody asks for a place.
   *
   * @param entrant who asks
   * @param at when, on the clock
   * @param priority lower numbers first, where the discipline asks
   * @returns the place, a place in the queue, or the refusal
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
      return this.#wait(entrant, at, priority);
    }
    this.figures.refused("queue_full");
    return this.#refuse(this.#rules.onFull, entrant, at);
  }

  /** Somebody was refused before asking for a place: by a rate limit. */
  turnAway(entrant: Entrant, rejection: Rejection, at: number): void {
    this.figures.arrived();
    this.figures.refused("rate_limited");
    this.#tell(entrant, rejection, at);
  }

  /** A place becomes free; whoever is next has it from that time on. */
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

  /** Takes somebody out of the queue who was not settled yet. */
  left(waiting: Waiting, why: "gone" | "cut"): void {
    if (!waiting.queued) return;
    const at = this.#parts.clock.now();
    this.#queue.remove(waiting);
    this.#endWait(waiting, at);
    this.figures.waitedInVain(
      why === "gone" ? "client_gone" : "shutdown",
      at - waiting.entered,
    );
  }

  /** Somebody has waited too long. */
  expired(waiting: Waiting): void {
    const { deadline } = waiting;
    waiting.timer = 0;
    this.#queue.remove(waiting);
    this.#endWait(waiting, deadline);
    this.figures.waitedInVain("queue_timeout", deadline - waiting.entered);
    const { entrant } = waiting;
    entrant.settle(
      this.#refuse(this.#rules.onTimeout, entrant, deadline),
      deadline,
    );
  }

  /**
   * Behaves by other rules from now on. Nobody is settled: {@linkcode Pool.admitWaiting} does that, once all that belongs
   * together has changed. A pool made smaller takes nobody's place away, and one whose queue is made shorter sends nobody off:
   * both shrink as their members go. Another discipline takes those who wait over, in the order in which they came.
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

  /** Changes the number of places and of those who may wait, as {@linkcode Pool.follow} does, and fills free places. */
  resize(concurrency: number, capacity: number): void {
    this.#setLimits(concurrency, capacity);
    this.admitWaiting();
  }

  /** Gives free places to those who wait, as after a pool was made larger. */
  admitWaiting(): void {
    const at = this.#parts.clock.now();
    while (this.#busy < this.#concurrency) {
      const next = this.#queue.take();
      if (next === undefined) break;
      this.#busy++;
      this.figures.taken(at);
      this.#throughput?.update(this.#busy >= this.#concurrency, at);
      this.#grant(next, at);
    }
  }

  /** All that is counted starts afresh, and random numbers do. */
  reset(): void {
    this.figures.reset(this.#parts.clock.now());
    this.#queue.restart?.();
  }

  /**
   * When it is worth coming back: as long as it takes to serve the present queue and one more at the recent throughput.
   */
  estimate(now: number): Estimate {
    const rate = this.#throughput?.rate(now);
    return rate === undefined
      ? { wait: FALLBACK, from: "fallback" }
      : { wait: (this.#queue.size + 1) / rate, from: "throughput" };
  }

  #wait(entrant: Entrant, at: number, priority: number): Ticket {
    const waiting = new Waiting(this, entrant, at, priority);
    waiting.number = this.#arrivals++;
    this.#rank(waiting);
    this.#queue.add(waiting);
    this.figures.queued.add(1, at);
    this.#time(waiting, at);
    return waiting;
  }

  /** How important it is: what the header says, where there is one that says a number, else what its route says. */
  #rank(waiting: Waiting): void {
    const { priorityHeader } = this.#rules;
    const { importance, entrant: { exchange } } = waiting;
    waiting.priority = priorityHeader === undefined || exchange === undefined
      ? importance
      : priorityIn(exchange.header(priorityHeader), importance);
  }

  #time(waiting: Waiting, soonest: number): void {
    const { queueTimeout } = this.#rules;
    if (queueTimeout === Infinity) return;
    waiting.deadline = Math.max(waiting.entered + queueTimeout, soonest);
    waiting.timer = this.#parts.clock.at(waiting.deadline, expire, waiting);
  }

  #retime(): void {
    const { clock } = this.#parts;
    const now = clock.now();
    for (const waiting of this.#queue.members()) {
      if (waiting.timer !== 0) clock.cancel(waiting.timer);
      waiting.timer = 0;
      this.#time(waiting, now);
    }
  }

  #reorder(): void {
    const before = this.#queue;
    this.#queue = createQueue(this.#rules.discipline, this.#parts.stream);
    for (
      const waiting of before.members().sort((a, b) => a.number - b.number)
    ) {
      before.remove(waiting);
      this.#rank(waiting);
      this.#queue.add(waiting);
    }
  }

  #setLimits(concurrency: number, capacity: number): void {
    const at = this.#parts.clock.now();
    this.#concurrency = concurrency;
    this.#capacity = capacity;
    this.figures.concurrency.set(concurrency, at);
    this.#throughput?.update(this.#busy >= concurrency, at);
  }

  /** Hands a place over. It was free from a time on that may lie before the present, or before the wait began. */
  #grant(waiting: Waiting, freeFrom: number): void {
    const start = Math.max(freeFrom, waiting.entered);
    this.#endWait(waiting, start);
    this.figures.admitted(start - waiting.entered);
    waiting.entrant.settle(this, start);
  }

  #endWait(waiting: Waiting, at: number): void {
    waiting.queued = false;
    this.figures.queued.add(-1, at);
    if (waiting.timer !== 0) this.#parts.clock.cancel(waiting.timer);
  }

  #refuse(refusal: Refusal, entrant: Entrant, at: number): Rejection {
    const rejection = refusal.answer(() => this.#estimated(at));
    this.#tell(entrant, rejection, at);
    return rejection;
  }

  #estimated(now: number): number {
    const { wait, from } = this.estimate(now);
    if (from === "fallback" && !this.#fellBack) {
      this.#fellBack = true;
      this.#parts.fellBack(this.name);
    }
    return wait;
  }

  /** Who hangs does not know that it was refused. */
  #tell({ exchange }: Entrant, rejection: Rejection, at: number): void {
    if (exchange === undefined || rejection.action === "hang") return;
    this.#parts.refused(exchange, rejection, at);
  }
}

function expire(waiting: Waiting): void {
  waiting.pool.expired(waiting);
}

function estimating({ onFull, onTimeout }: PoolRules): boolean {
  return onFull.estimated || onTimeout.estimated;
}

/** What a header says, where it says a number. */
function priorityIn(header: string | null, otherwise: number): number {
  if (header === null || header.trim() === "") return otherwise;
  const priority = Number(header);
  return Number.isFinite(priority) ? priority : otherwise;
}
