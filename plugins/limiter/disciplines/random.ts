/**
 * Service in random order: each of those who wait is as likely to be next, whenever they came.
 *
 * @module
 */
import type { Stream } from "../../../core/plugin.ts";
import type { Waiting } from "../waiting.ts";
import type { Queue } from "./queue.ts";

/** The discipline `random`. Every operation is O(1): the last one takes the place of the one that goes. */
export class RandomQueue implements Queue {
  readonly #waiting: Waiting[] = [];
  readonly #stream: Stream;
  #draws = 0;

  /** @param stream decides who is next: its n-th number the n-th time somebody is taken */
  constructor(stream: Stream) {
    this.#stream = stream;
  }

  /** How many wait. */
  get size(): number {
    return this.#waiting.length;
  }

  /** Appends. */
  add(waiting: Waiting): void {
    waiting.slot = this.#waiting.length;
    this.#waiting.push(waiting);
  }

  /** Draws one. */
  take(): Waiting | undefined {
    const { length } = this.#waiting;
    if (length === 0) return undefined;
    const drawn = Math.floor(this.#stream.uniform(this.#draws++) * length);
    const next = this.#waiting[drawn];
    this.remove(next);
    return next;
  }

  /** Fills the gap with the last one. */
  remove(waiting: Waiting): void {
    const last = this.#waiting.pop();
    if (last === undefined || last === waiting) return;
    this.#waiting[waiting.slot] = last;
    last.slot = waiting.slot;
  }

  /** Copies them. */
  members(): Waiting[] {
    return [...this.#waiting];
  }

  /** Draws from the stream's first number on. */
  restart(): void {
    this.#draws = 0;
  }
}
