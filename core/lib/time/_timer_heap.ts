/**
 * The timers of a clock: a four-ary min-heap in typed arrays, ordered by deadline, then by insertion.
 *
 * Each timer has a slot. The heap moves slot numbers and never allocates once it has grown. A freed slot drops its callback
 * and argument at once and increments its generation, so that an old handle never matches a later timer in the same slot.
 *
 * @module
 */

const INITIAL_CAPACITY = 64;
const NONE = -1;

/** A handle is `generation * SLOTS + slot`: with fewer than 2^29 generations it stays a safe integer. */
const SLOTS = 2 ** 24;
const GENERATIONS = 2 ** 29;

type Wake = (argument: unknown) => void;

/** A priority queue of callbacks; a handle is never reused. Times are in milliseconds. */
export class TimerHeap {
  #capacity = INITIAL_CAPACITY;
  #size = 0;
  #inserted = 0;

  // Indexed by place in the heap.
  #deadlines = new Float64Array(INITIAL_CAPACITY);
  #slots = new Int32Array(INITIAL_CAPACITY);

  // Indexed by slot.
  #places = new Int32Array(INITIAL_CAPACITY).fill(NONE);
  #sequences = new Float64Array(INITIAL_CAPACITY);
  #generations = new Int32Array(INITIAL_CAPACITY).fill(1);
  #nextFree = new Int32Array(INITIAL_CAPACITY);
  #wakes: (Wake | undefined)[] = [];
  #arguments: unknown[] = [];

  #usedSlots = 0;
  #freeSlot = NONE;

  /** Number of pending timers. */
  get size(): number {
    return this.#size;
  }

  /** Earliest deadline; Infinity if no timer is pending. */
  get deadline(): number {
    return this.#size === 0 ? Infinity : this.#deadlines[0];
  }

  /**
   * Adds a timer.
   *
   * @param deadline any number but NaN, which the clocks reject
   * @param wake callback of {@linkcode TimerHeap.fire}
   * @param argument argument of the callback
   * @returns the handle, a safe integer greater than 0
   * @throws RangeError if 2^24 timers are pending
   */
  push<Argument>(
    deadline: number,
    wake: (argument: Argument) => void,
    argument: Argument,
  ): number {
    const slot = this.#takeSlot();
    this.#wakes[slot] = wake as Wake;
    this.#arguments[slot] = argument;
    this.#sequences[slot] = this.#inserted++;
    this.#rise(this.#size++, deadline, slot);
    return this.#generations[slot] * SLOTS + slot;
  }

  /** Removes the earliest timer, then calls its callback. Errors of the callback propagate to the caller. */
  fire(): void {
    if (this.#size === 0) return;
    const slot = this.#slots[0];
    const wake = this.#wakes[slot];
    const argument = this.#arguments[slot];
    this.#removeAt(0);
    this.#freeSlotOf(slot);
    wake?.(argument);
  }

  /** Removes a timer and returns whether it was pending. Any other number is ignored. */
  cancel(handle: number): boolean {
    const slot = handle % SLOTS;
    if (!(slot >= 0 && slot < this.#usedSlots)) return false;
    if ((handle - slot) / SLOTS !== this.#generations[slot]) return false;
    const place = this.#places[slot];
    if (place === NONE) return false;
    this.#removeAt(place);
    this.#freeSlotOf(slot);
    return true;
  }

  /** Removes all timers without calling them. Their handles become invalid. */
  clear(): void {
    for (let place = 0; place < this.#size; place++) {
      this.#freeSlotOf(this.#slots[place]);
    }
    this.#size = 0;
  }

  #takeSlot(): number {
    const free = this.#freeSlot;
    if (free !== NONE) {
      this.#freeSlot = this.#nextFree[free];
      return free;
    }
    if (this.#usedSlots === this.#capacity) this.#grow();
    return this.#usedSlots++;
  }

  #freeSlotOf(slot: number): void {
    this.#wakes[slot] = undefined;
    this.#arguments[slot] = undefined;
    this.#places[slot] = NONE;
    // A slot that has used up its generations is retired, because a repeated handle could cancel another timer.
    if (++this.#generations[slot] === GENERATIONS) return;
    this.#nextFree[slot] = this.#freeSlot;
    this.#freeSlot = slot;
  }

  #grow(): void {
    if (this.#capacity === SLOTS) {
      throw new RangeError(`Cannot set timer: ${SLOTS} timers are pending`);
    }
    const from = this.#capacity;
    this.#capacity = from * 2;
    this.#deadlines = enlarged(this.#deadlines, new Float64Array(from * 2));
    this.#slots = enlarged(this.#slots, new Int32Array(from * 2));
    this.#places = enlarged(
      this.#places,
      new Int32Array(from * 2).fill(NONE),
    );
    this.#sequences = enlarged(this.#sequences, new Float64Array(from * 2));
    this.#generations = enlarged(
      this.#generations,
      new Int32Array(from * 2).fill(1),
    );
    this.#nextFree = enlarged(this.#nextFree, new Int32Array(from * 2));
  }

  #removeAt(place: number): void {
    const last = --this.#size;
    if (place === last) return;
    const deadline = this.#deadlines[last];
    const slot = this.#slots[last];
    if (this.#isBefore(deadline, slot, place)) {
      this.#rise(place, deadline, slot);
    } else {
      this.#sink(place, deadline, slot);
    }
  }

  /** Moves a timer up from a free place to where it belongs. */
  #rise(place: number, deadline: number, slot: number): void {
    while (place > 0) {
      const parent = (place - 1) >> 2;
      if (!this.#isBefore(deadline, slot, parent)) break;
      this.#put(place, this.#deadlines[parent], this.#slots[parent]);
      place = parent;
    }
    this.#put(place, deadline, slot);
  }

  /** Moves a timer down from a free place to where it belongs. */
  #sink(place: number, deadline: number, slot: number): void {
    for (;;) {
      const first = place * 4 + 1;
      if (first >= this.#size) break;
      const end = Math.min(first + 4, this.#size);
      let least = first;
      for (let child = first + 1; child < end; child++) {
        if (this.#isBefore(this.#deadlines[child], this.#slots[child], least)) {
          least = child;
        }
      }
      if (this.#isBefore(deadline, slot, least)) break;
      this.#put(place, this.#deadlines[least], this.#slots[least]);
      place = least;
    }
    this.#put(place, deadline, slot);
  }

  #put(place: number, deadline: number, slot: number): void {
    this.#deadlines[place] = deadline;
    this.#slots[place] = slot;
    this.#places[slot] = place;
  }

  #isBefore(deadline: number, slot: number, place: number): boolean {
    const other = this.#deadlines[place];
    if (deadline !== other) return deadline < other;
    return this.#sequences[slot] < this.#sequences[this.#slots[place]];
  }
}

function enlarged<Numbers extends Float64Array | Int32Array>(
  from: Numbers,
  to: Numbers,
): Numbers {
  to.set(from);
  return to;
}
