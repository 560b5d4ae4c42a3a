/**
 * Draws of a nested distribution.
 *
 * @module
 */
import type { Stream } from "../../core/plugin.ts";

/**
 * The stream from which a combinator's nested distribution draws: the first number is the one the combinator hands on,
 * the rest come from the outer draw. One relay serves all draws of a combinator, one after the other.
 */
export class Relay implements Stream {
  #first = 0;
  #next: (() => number) | undefined;

  /** Sets what the next draw finds here. */
  start(first: number, next: () => number): this {
    this.#first = first;
    this.#next = next;
    return this;
  }

  /** The number handed on for index 0, the outer draw's next number for any other. */
  uniform(_sequence: number, index = 0): number {
    return index === 0 || this.#next === undefined ? this.#first : this.#next();
  }
}
