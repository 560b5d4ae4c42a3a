/**
 * The queue of a pool: its entries, and the disciplines that choose the next one.
 *
 * @module
 */
import type { Exchange, Stream, Ticket, Waiter } from "../../core/plugin.ts";

/** A candidate for a place of a pool: the waiter of an exchange, or a phantom of the background, which has no exchange. */
export interface Entrant extends Pick<Waiter, "settle"> {
  /** The exchange; undefined for a phantom. */
  readonly exchange?: Exchange;
}

/** The pool that a {@linkcode QueueEntry} belongs to. */
export interface QueueOwner {
  /** Removes an entry that has not been settled; ignored where it was. */
  left(entry: QueueEntry, why: "gone" | "cut"): void;
  /** Refuses an entry whose deadline has passed. */
  expired(entry: QueueEntry): void;
}

/**
 * An entry of a queue. The links belong to the discipline: so an entry costs one object, and leaving from the middle needs no
 * search.
 */
export class QueueEntry implements Ticket {
  /** The previous entry of a linked list. */
  ahead: QueueEntry | undefined = undefined;
  /** The next entry of a linked list. */
  behind: QueueEntry | undefined = undefined;
  /** Index in an array or a heap. */
  slot = -1;
  /** Number in the pool's order of arrival. */
  number = 0;
  /** Priority, where the discipline has priorities; lower numbers go first. */
  priority: number;
  /** Time at which the queue time-out ends the wait, in ms of the clock. */
  deadline = Infinity;
  /** The clock's timer of the queue time-out; 0 for none. */
  timer = 0;
  /** False once the entry was admitted, was refused, or has left. */
  queued = true;

  /**
   * @param owner the pool
   * @param entrant told how the wait ends
   * @param entered time of arrival, in ms of the clock
   * @param routePriority priority where no header sets another
   */
  constructor(
    readonly owner: QueueOwner,
    readonly entrant: Entrant,
    readonly entered: number,
    readonly routePriority: number,
  ) {
    this.priority = routePriority;
  }

  /** Reneges: the client has left, or the server ends. */
  leave(why: "gone" | "cut"): void {
    this.owner.left(this, why);
  }
}

/** A queue discipline: the order in which entries are served. */
export type Discipline = "fifo" | "lifo" | "random" | "priority";

/** All disciplines. */
export const DISCIPLINES = [
  "fifo",
  "lifo",
  "random",
  "priority",
] as const satisfies readonly Discipline[];

/** A queue. Every operation but `entries` is O(log n) or better. */
export interface Queue {
  /** Number of entries. */
  readonly size: number;
  /** Adds an entry. */
  add(entry: QueueEntry): void;
  /** Removes and returns the next entry; undefined where the queue is empty. */
  take(): QueueEntry | undefined;
  /** Removes an entry of this queue. */
  remove(entry: QueueEntry): void;
  /** All entries in any order, as a new list. */
  entries(): QueueEntry[];
  /** Starts the random numbers of the discipline afresh, where there are any. */
  restart?(): void;
}

/** Makes an empty queue; `stream` is for the discipline `random`. */
export function createQueue(discipline: Discipline, stream: Stream): Queue {
  switch (discipline) {
    case "fifo":
    case "lifo":
      return new LinkedQueue(discipline);
    case "random":
      return new RandomQueue(stream);
    case "priority":
      return new PriorityQueue();
  }
}

/** The disciplines `fifo` and `lifo`: a doubly linked list, taken from either end. Every operation is O(1). */
class LinkedQueue implements Queue {
  size = 0;
  readonly #newestFirst: boolean;
  #oldest: QueueEntry | undefined;
  #newest: QueueEntry | undefined;

  constructor(discipline: "fifo" | "lifo") {
    this.#newestFirst = discipline === "lifo";
  }

  add(entry: QueueEntry): void {
    const newest = this.#newest;
    entry.ahead = newest;
    if (newest === undefined) this.#oldest = entry;
    else newest.behind = entry;
    this.#newest = entry;
    this.size++;
  }

  take(): QueueEntry | undefined {
    const next = this.#newestFirst ? this.#newest : this.#oldest;
    if (next !== undefined) this.remove(next);
    return next;
  }

  remove(entry: QueueEntry): void {
    const { ahead, behind } = entry;
    if (ahead === undefined) this.#oldest = behind;
    else ahead.behind = behind;
    if (behind === undefined) this.#newest = ahead;
    else behind.ahead = ahead;
    entry.ahead = entry.behind = undefined;
    this.size--;
  }

  entries(): QueueEntry[] {
    const all: QueueEntry[] = [];
    for (let one = this.#oldest; one !== undefined; one = one.behind) {
      all.push(one);
    }
    return all;
  }
}

/** The discipline `random`: all entries are equally likely to be next. Every operation is O(1). */
class RandomQueue implements Queue {
  readonly #entries: QueueEntry[] = [];
  readonly #stream: Stream;
  #draws = 0;

  constructor(stream: Stream) {
    this.#stream = stream;
  }

  get size(): number {
    return this.#entries.length;
  }

  add(entry: QueueEntry): void {
    entry.slot = this.#entries.length;
    this.#entries.push(entry);
  }

  take(): QueueEntry | undefined {
    const { length } = this.#entries;
    if (length === 0) return undefined;
    const drawn = Math.floor(this.#stream.uniform(this.#draws++) * length);
    const next = this.#entries[drawn];
    this.remove(next);
    return next;
  }

  /** The last entry fills the gap. */
  remove(entry: QueueEntry): void {
    const last = this.#entries.pop();
    if (last === undefined || last === entry) return;
    this.#entries[entry.slot] = last;
    last.slot = entry.slot;
  }

  entries(): QueueEntry[] {
    return [...this.#entries];
  }

  restart(): void {
    this.#draws = 0;
  }
}

/**
 * The discipline `priority`: lowest number first, order of arrival among equals. A binary heap whose entries know their slots, so
 * that every operation is O(log n).
 */
class PriorityQueue implements Queue {
  readonly #heap: QueueEntry[] = [];

  get size(): number {
    return this.#heap.length;
  }

  add(entry: QueueEntry): void {
    this.#heap.push(entry);
    this.#rise(entry, this.#heap.length - 1);
  }

  take(): QueueEntry | undefined {
    const root = this.#heap.at(0);
    if (root !== undefined) this.remove(root);
    return root;
  }

  /** The last entry fills the gap and then finds its place. */
  remove(entry: QueueEntry): void {
    const last = this.#heap.pop();
    if (last === undefined || last === entry) return;
    const { slot } = entry;
    if (slot > 0 && isBefore(last, this.#heap[(slot - 1) >> 1])) {
      this.#rise(last, slot);
    } else this.#sink(last, slot);
  }

  entries(): QueueEntry[] {
    return [...this.#heap];
  }

  #rise(entry: QueueEntry, from: number): void {
    let slot = from;
    while (slot > 0) {
      const parent = this.#heap[(slot - 1) >> 1];
      if (!isBefore(entry, parent)) break;
      this.#put(parent, slot);
      slot = (slot - 1) >> 1;
    }
    this.#put(entry, slot);
  }

  #sink(entry: QueueEntry, from: number): void {
    const heap = this.#heap;
    let slot = from;
    for (;;) {
      let child = 2 * slot + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) {
        child++;
      }
      const smaller = heap[child];
      if (!isBefore(smaller, entry)) break;
      // The child moves up before its old slot is read again.
      this.#put(smaller, slot);
      slot = child;
    }
    this.#put(entry, slot);
  }

  #put(entry: QueueEntry, slot: number): void {
    this.#heap[slot] = entry;
    entry.slot = slot;
  }
}

function isBefore(a: QueueEntry, b: QueueEntry): boolean {
  return a.priority < b.priority ||
    (a.priority === b.priority && a.number < b.number);
}
