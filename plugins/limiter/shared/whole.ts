/**
 * The whole of a shared pool, over all replicas: its figures, and its view for other plugins.
 *
 * @module
 */
import type { PoolView } from "../pool.ts";
import type { Mode } from "./membership.ts";

/** Figures of a whole pool, over all replicas, as Redis has said them last. */
export interface WholePool {
  /** Source of this replica's decisions. */
  readonly mode: Mode;
  /** Time since which that is so, in ms of the clock. */
  readonly since: number;
  /** Number of places taken. */
  readonly busy: number;
  /** Number of queued requests. */
  readonly queued: number;
  /** Number of replicas that live. */
  readonly replicas: number;
  /** Share of the places of which this replica gives away while it decides by itself. */
  readonly share: number;
}

/** A pool of which Redis says the figures of the whole. */
export interface WholeSource {
  /** Number of places of the whole pool. */
  readonly concurrency: number;
  /** Figures of the whole. */
  readonly whole: WholePool;
  /** Share of all places that are taken, averaged over about the last second. */
  utilisation(): number;
}

/** A whole pool, as other plugins see it. */
export class WholeView implements PoolView {
  readonly #pool: WholeSource;

  constructor(pool: WholeSource) {
    this.#pool = pool;
  }

  get concurrency(): number {
    return this.#pool.concurrency;
  }

  get busy(): number {
    return this.#pool.whole.busy;
  }

  get queued(): number {
    return this.#pool.whole.queued;
  }

  utilisation(): number {
    return this.#pool.utilisation();
  }
}
