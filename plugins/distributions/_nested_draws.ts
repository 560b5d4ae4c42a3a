/**
 * Draws from a distribution inside a combinator.
 *
 * @module
 */
import type { Stream } from "../../core/plugin.ts";

/**
 * The stream from which a combinator's nested distribution draws: its first number comes from the combinator, the others from
 * the outer draw. A combinator makes its draws one after the other, so one object serves all of them.
 */
export class NestedStream implements Stream {
  #first = 0;
  #next: (() => number) | undefined;

  /** Sets the numbers for the next draw. */
  start(first: number, next: () => number): this {
    this.#first = first;
    this.#next = next;
    return this;
  }

  /** The combinator's number for index 0, the outer draw's next number for any other index. */
  uniform(_sequence: number, index = 0): number {
    return index === 0 || this.#next === undefined ? this.#first : this.#next();
  }
}
