/**
 * Admission to a shared pool with a rate limit: first the limit is asked, then the pool.
 *
 * @module
 */
import type {
  Admit,
  Exchange,
  Lease,
  Rejection,
  Ticket,
  Waiter,
} from "../../../core/plugin.ts";
import type { SharedPool } from "./shared_pool.ts";
import type { BoundSharedRateLimit } from "./shared_rate_limit.ts";

/**
 * Makes the admission of a route to a shared pool.
 *
 * @param limit returns the pool's present rate limit; undefined where there is none
 */
export function sharedAdmission(
  pool: SharedPool,
  limit: () => BoundSharedRateLimit | undefined,
  priority: number,
): Admit {
  return (exchange: Exchange, waiter: Waiter): Lease | Rejection | Ticket => {
    const bound = limit();
    return bound === undefined
      ? pool.admit(waiter, exchange.start, priority)
      : new Passage(pool, waiter, priority, bound);
  };
}

/** The way of one exchange through a rate limit and a pool. */
class Passage implements Ticket {
  readonly #pool: SharedPool;
  readonly #waiter: Waiter;
  readonly #priority: number;
  #ticket: Ticket | undefined;
  #left = false;

  constructor(
    pool: SharedPool,
    waiter: Waiter,
    priority: number,
    limit: BoundSharedRateLimit,
  ) {
    this.#pool = pool;
    this.#waiter = waiter;
    this.#priority = priority;
    limit.ask(waiter.exchange, (rejection) => this.#decided(rejection));
  }

  leave(why: "gone" | "cut"): void {
    this.#left = true;
    this.#ticket?.leave(why);
  }

  #decided(rejection: Rejection | undefined): void {
    if (this.#left) return;
    const { start } = this.#waiter.exchange;
    if (rejection !== undefined) {
      this.#pool.rejectedByRate(this.#waiter, rejection, start);
      return this.#waiter.settle(rejection, start);
    }
    const answer = this.#pool.admit(this.#waiter, start, this.#priority);
    if ("leave" in answer) this.#ticket = answer;
    else this.#waiter.settle(answer, start);
  }
}
