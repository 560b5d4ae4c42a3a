/**
 * All exchanges under way on one server: who they are, for draining and disposal, and the trampoline on which those go on
 * that waited in a queue.
 *
 * @module
 */
import type { LiveExchange } from "./exchange.ts";

/** The exchanges of one revision: it may be disposed after the last of them. */
export class Generation {
  /** How many are under way. */
  size = 0;
  #retired: (() => void) | undefined;

  /** No new ones come; `ended` is called once none is under way. */
  retire(ended: () => void): void {
    if (this.size === 0) ended();
    else this.#retired = ended;
  }

  /** The last one has ended. */
  emptied(): void {
    this.#retired?.();
    this.#retired = undefined;
  }
}

/** The exchanges under way. */
export class Flow {
  /** True once the server takes no new exchanges. */
  draining = false;
  readonly #onward: (exchange: LiveExchange) => void;
  readonly #underWay: LiveExchange[] = [];
  readonly #ready: LiveExchange[] = [];
  #running = false;
  #empty: PromiseWithResolvers<void> | undefined;

  /** @param onward takes a settled exchange through the rest of the pipeline */
  constructor(onward: (exchange: LiveExchange) => void) {
    this.#onward = onward;
  }

  /** How many exchanges are under way. */
  get size(): number {
    return this.#underWay.length;
  }

  /** An exchange has arrived. */
  enter(exchange: LiveExchange): void {
    exchange.plan.generation.size++;
    exchange.slot = this.#underWay.length;
    this.#underWay.push(exchange);
  }

  /** An exchange has ended: the last one takes its slot, so that leaving costs the same for any number of exchanges. */
  leave(exchange: LiveExchange): void {
    const slot = exchange.slot;
    const last = this.#underWay.pop();
    if (last !== undefined && last !== exchange) {
      this.#underWay[slot] = last;
      last.slot = slot;
    }
    exchange.slot = -1;
    const { generation } = exchange.plan;
    if (--generation.size === 0) generation.emptied();
    if (this.#underWay.length === 0) this.#empty?.resolve();
  }

  /**
   * Takes a settled exchange on, after the caller has returned where another is being taken on already: a lease released
   * by a 0 ms service settles the next waiter, and a chain of these would recurse until the stack ends.
   */
  resume(exchange: LiveExchange): void {
    this.#ready.push(exchange);
    if (this.#running) return;
    this.#running = true;
    try {
      for (let i = 0; i < this.#ready.length; i++) {
        this.#onward(this.#ready[i]);
      }
    } finally {
      this.#ready.length = 0;
      this.#running = false;
    }
  }

  /** Resolves once no exchange is under way. */
  emptied(): Promise<void> {
    if (this.#underWay.length === 0) return Promise.resolve();
    this.#empty ??= Promise.withResolvers();
    return this.#empty.promise;
  }

  /** Calls `visit` for each exchange under way; it must not make one leave. */
  each(visit: (exchange: LiveExchange) => void): void {
    for (const exchange of this.#underWay) visit(exchange);
  }

  /** Calls `end` for each exchange under way, the latest arrival first; `end` must make it leave. */
  endAll(end: (exchange: LiveExchange) => void): void {
    for (let i = this.#underWay.length - 1; i >= 0; i--) {
      const exchange = this.#underWay[i];
      // Ending one may have ended others, or moved them to lower slots: all those are met on the way down.
      if (exchange !== undefined) end(exchange);
    }
  }
}
