/**
 * The lowest priority number first, who came first among equals: a binary heap.
 *
 * @module
 */
import type { Waiting } from "../waiting.ts";
import type { Queue } from "./queue.ts";

/** The discipline `priority`. Every operation is O(log n), since each member knows its slot. */
export class PriorityQueue implements Queue {
  readonly #heap: Waiting[] = [];

  /** How many wait. */
  get size(): number {
    return this.#heap.length;
  }

  /** Sorts one in. */
  add(waiting: Waiting): void {
    this.#heap.push(waiting);
    this.#rise(waiting, this.#heap.length - 1);
  }

  /** Takes the root. */
  take(): Waiting | undefined {
    const root = this.#heap.at(0);
    if (root !== undefined) this.remove(root);
    return root;
  }

  /** Fills the gap with the last one, which then finds its place. */
  remove(waiting: Waiting): void {
    const last = this.#heap.pop();
    if (last === undefined || last === waiting) return;
    const { slot } = waiting;
    if (slot > 0 && before(last, this.#heap[(slot - 1) >> 1])) {
      this.#rise(last, slot);
    } else this.#sink(last, slot);
  }

  /** Copies them. */
  members(): Waiting[] {
    return [...this.#heap];
  }

  #rise(waiting: Waiting, from: number): void {
    let slot = from;
    while (slot > 0) {
      const parent = this.#heap[(slot - 1) >> 1];
      if (!before(waiting, parent)) break;
      this.#put(parent, slot);
      slot = (slot - 1) >> 1;
    }
    this.#put(waiting, slot);
  }

  #sink(waiting: Waiting, from: number): void {
    const heap = this.#heap;
    let slot = from;
    for (;;) {
      let child = 2 * slot + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1], heap[child])) {
        child++;
      }
      const smaller = heap[child];
      if (!before(smaller, waiting)) break;
      // The child moves up before its old slot is looked at again.
      this.#put(smaller, slot);
      slot = child;
    }
    this.#put(waiting, slot);
  }

  #put(waiting: Waiting, slot: number): void {
    this.#heap[slot] = waiting;
    waiting.slot = slot;
  }
}

function before(a: Waiting, b: Waiting): boolean {
  return a.priority < b.priority ||
    (a.priority === b.priority && a.number < b.number);
}
