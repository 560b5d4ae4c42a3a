/**
 * First come, first served, and last come, first served: one doubly linked list, taken from either end. Every operation is
 * O(1), leaving from the middle too.
 *
 * @module
 */
import type { Waiting } from "../waiting.ts";
import type { Queue } from "./queue.ts";

/** The disciplines `fifo` and `lifo`. */
export class LinkedQueue implements Queue {
  /** How many wait. */
  size = 0;
  readonly #newestFirst: boolean;
  #oldest: Waiting | undefined;
  #newest: Waiting | undefined;

  /** Serves the oldest first, or with `lifo` the newest. */
  constructor(discipline: "fifo" | "lifo") {
    this.#newestFirst = discipline === "lifo";
  }

  /** Appends. */
  add(waiting: Waiting): void {
    const newest = this.#newest;
    waiting.ahead = newest;
    if (newest === undefined) this.#oldest = waiting;
    else newest.behind = waiting;
    this.#newest = waiting;
    this.size++;
  }

  /** Takes from the end that the discipline serves. */
  take(): Waiting | undefined {
    const next = this.#newestFirst ? this.#newest : this.#oldest;
    if (next !== undefined) this.remove(next);
    return next;
  }

  /** Closes the gap. */
  remove(waiting: Waiting): void {
    const { ahead, behind } = waiting;
    if (ahead === undefined) this.#oldest = behind;
    else ahead.behind = behind;
    if (behind === undefined) this.#newest = ahead;
    else behind.ahead = ahead;
    waiting.ahead = waiting.behind = undefined;
    this.size--;
  }

  /** Walks the list. */
  members(): Waiting[] {
    const all: Waiting[] = [];
    for (let one = this.#oldest; one !== undefined; one = one.behind) {
      all.push(one);
    }
    return all;
  }
}
