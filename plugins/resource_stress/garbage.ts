/**
 * Garbage.
 *
 * @module
 */

/**
 * One object: three words of header, four fields. References alone: the compiler may give a number a box of its own. A class and
 * no literal: behind a literal the engine writes two words of notes for as long as it has not compiled the place for good.
 */
class Node {
  readonly next: Node | undefined;
  readonly a: Node | undefined;
  readonly b: Node | undefined;
  readonly c: Node | undefined;

  constructor(next: Node | undefined) {
    this.next = next;
    this.a = next;
    this.b = next;
    this.c = next;
  }
}

/** The size of an object of four fields on a heap without pointer compression, in bytes. */
const OBJECT = 56;

/** How many objects are made at a time. */
const BATCH_OBJECTS = 1170;

/** The size of a batch, in bytes. */
export const BATCH: number = BATCH_OBJECTS * OBJECT;

/** How many batches are still alive: a collector that finds nothing alive has nothing to do. 4 MiB in all. */
const ALIVE = 64;

/** Makes garbage. */
export class Garbage {
  readonly #alive: (Node | undefined)[] = new Array(ALIVE).fill(undefined);
  #batches = 0;

  /** How many bytes were made. */
  get made(): number {
    return this.#batches * BATCH;
  }

  /** Makes one batch; the oldest that is alive becomes garbage. */
  make(): void {
    let node: Node | undefined;
    for (let i = 0; i < BATCH_OBJECTS; i++) {
      node = new Node(node);
    }
    this.#alive[this.#batches++ % ALIVE] = node;
  }

  /** Lets go of what is still alive. */
  clear(): void {
    this.#alive.fill(undefined);
  }
}
