/**
 * Garbage, and the pauses of the collector that come of it.
 *
 * A pause cannot be observed directly here. It shows in that the heap is smaller after a batch than before, which nothing but a
 * collection does; the pause is what that batch took beyond the usual.
 *
 * @module
 */
import { getHeapStatistics } from "node:v8";

/** One object: three words of header, four fields. */
interface Node {
  readonly next: Node | undefined;
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

/** The size of an object of four fields on a heap without pointer compression, in bytes. */
const OBJECT = 56;

/** How many objects are made between two looks at the heap. */
const BATCH_OBJECTS = 1170;

/** The size of a batch, in bytes. */
export const BATCH: number = BATCH_OBJECTS * OBJECT;

/** How many batches are still alive: a collector that finds nothing alive has nothing to do. 4 MiB in all. */
const ALIVE = 64;

/** The weight of the newest batch in the usual duration. */
const WEIGHT = 0.05;

/** Pauses of the collector while garbage was made, in milliseconds. */
export interface Pauses {
  /** How many. */
  readonly count: number;
  /** Their mean; 0 where there was none. */
  readonly mean: number;
  /** The longest. */
  readonly longest: number;
}

/** Makes garbage. */
export class Garbage {
  readonly #now: () => number;
  readonly #alive: (Node | undefined)[] = new Array(ALIVE).fill(undefined);
  #batches = 0;
  #usual = 0;
  #count = 0;
  #total = 0;
  #longest = 0;

  /** @param now the present, in milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** How many bytes were made. */
  get made(): number {
    return this.#batches * BATCH;
  }

  /** The pauses seen so far. */
  get pauses(): Pauses {
    return {
      count: this.#count,
      mean: this.#count === 0 ? 0 : this.#total / this.#count,
      longest: this.#longest,
    };
  }

  /** Makes one batch; the oldest becomes garbage. */
  make(): void {
    const before = heap();
    const start = this.#now();
    let node: Node | undefined;
    for (let i = 0; i < BATCH_OBJECTS; i++) {
      node = { next: node, a: i, b: i, c: i };
    }
    this.#alive[this.#batches++ % ALIVE] = node;
    const took = this.#now() - start;
    if (heap() < before) this.#pause(took - this.#usual);
    else this.#usual += WEIGHT * (took - this.#usual);
  }

  /** Lets go of what is still alive. */
  clear(): void {
    this.#alive.fill(undefined);
  }

  #pause(length: number): void {
    const pause = Math.max(0, length);
    this.#count++;
    this.#total += pause;
    this.#longest = Math.max(this.#longest, pause);
  }
}

function heap(): number {
  return getHeapStatistics().used_heap_size;
}
