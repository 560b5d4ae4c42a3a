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
  Ticket,
} from "../../core/plugin.ts";
import type { Queue } from "./disciplines/mod.ts";
import type { PoolFigures } from "./figures.ts";
import type { Refusal } from "./refusal.ts";
import { Throughput } from "./throughput.ts";
import { type Entrant, type Keeper, Waiting } from "./waiting.ts";

/** What Retry-After says where nothing has been served under saturation yet, in milliseconds. */
export const FALLBACK = 1000;

/** What a pool is made of. */
export interface PoolParts {
  /** Unique. */
  readonly name: string;
  /** How many places; Infinity for no limit. */
  readonly concurrency: number;
  /** How many may wait; Infinity for no limit. */
  readonly capacity: number;
  /** Who is next. */
  readonly queue: Queue;
  /** How long anybody waits at most, in milliseconds; Infinity for no limit. */
  readonly queueTimeout: number;
  /** What who finds the queue full is told. */
  readonly onFull: Refusal;
  /** What who has waited too long is told. */
  readonly onTimeout: Refusal;
  /** Where it all is counted. */
  readonly figures: PoolFigures;
  /** Time-outs run on it. */
  readonly clock: Clock;
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

/** Holds no place and never settles: where the client of a refused exchange hangs. */
const SILENCE: Ticket = { leave() {} };

/** A pool. It is the lease of each of its places. */
export class Pool implements Lease, Keeper {
  /** Unique. */
  readonly name: string;
  /** What is counted. */
  readonly figures: PoolFigures;
  readonly #parts: PoolParts;
  readonly #queue: Queue;
  readonly #throughput: Throughput | undefined;
  #concurrency: number;
  #capacity: number;
  #busy = 0;
  #fellBack = false;

  /** Makes a pool with all places free. */
  constructor(parts: PoolParts) {
    this.name = parts.name;
    this.figures = parts.figures;
    this.#parts = parts;
    this.#queue = parts.queue;
    this.#concurrency = parts.concurrency;
    this.#capacity = parts.capacity;
    const estimated = parts.onFull.estimated || parts.onTimeout.estimated;
    this.#throughput = estimated ? new Throughput() : undefined;
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
    return this.#refuse(this.#parts.onFull, entrant, at) ?? SILENCE;
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
    this.figures.busy.add(-1, at);
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
    const deadline = waiting.entered + this.#parts.queueTimeout;
    waiting.timer = 0;
    this.#queue.remove(waiting);
    this.#endWait(waiting, deadline);
    this.figures.waitedInVain("queue_timeout", this.#parts.queueTimeout);
    const rejection = this.#refuse(
      this.#parts.onTimeout,
      waiting.entrant,
      deadline,
    );
    if (rejection !== undefined) waiting.entrant.settle(rejection, deadline);
  }

  /**
   * Changes the number of places and of those who may wait. A pool made smaller takes nobody's place away, and one whose
   * queue is made shorter sends nobody off: both shrink as their members go.
   */
  resize(concurrency: number, capacity: number): void {
    const at = this.#parts.clock.now();
    this.#concurrency = concurrency;
    this.#capacity = capacity;
    this.figures.concurrency.set(concurrency, at);
    while (this.#busy < this.#concurrency) {
      const next = this.#queue.take();
      if (next === undefined) break;
      this.#busy++;
      this.figures.taken(at);
      this.#grant(next, at);
    }
    this.#throughput?.update(this.#busy >= this.#concurrency, at);
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
    const { clock, queueTimeout } = this.#parts;
    const waiting = new Waiting(this, entrant, at, priority);
    this.#queue.add(waiting);
    this.figures.queued.add(1, at);
    if (queueTimeout < Infinity) {
      waiting.timer = clock.at(at + queueTimeout, expire, waiting);
    }
    return waiting;
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

  #refuse(
    refusal: Refusal,
    entrant: Entrant,
    at: number,
  ): Rejection | undefined {
    const rejection = refusal.answer(() => this.#estimated(at));
    if (rejection !== undefined) this.#tell(entrant, rejection, at);
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

  #tell({ exchange }: Entrant, rejection: Rejection, at: number): void {
    if (exchange !== undefined) this.#parts.refused(exchange, rejection, at);
  }
}

function expire(waiting: Waiting): void {
  waiting.pool.expired(waiting);
}
