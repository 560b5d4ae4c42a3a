/**
 * Budget of work for each turn of the event loop.
 *
 * @module
 */

/**
 * Work that may be done before the event loop must look at its sockets and timers. A loop over promises that are fulfilled at once
 * would otherwise hold everything else back: it never comes to the next turn.
 */
export class TurnBudget {
  readonly #size: number;
  #left: number;
  #refill: ReturnType<typeof setImmediate> | undefined;
  #look: Promise<void> | undefined;

  /** @param size units of work per turn */
  constructor(size: number) {
    this.#size = this.#left = size;
  }

  /** Takes units of work out of the budget of this turn. */
  take(units: number): void {
    this.#left -= units;
    this.#refill ??= setImmediate(this.#refilled);
  }

  /** Promise to await before the next work, for 1 to 2 ms; undefined while there is something left in this turn. */
  get wait(): Promise<void> | undefined {
    if (this.#left > 0) return undefined;
    // A timer, since a turn that an immediate asks for does not look at sockets.
    return this.#look ??= new Promise((resolve) =>
      setTimeout(() => {
        this.#look = undefined;
        resolve();
      }, 0)
    );
  }

  readonly #refilled = (): void => {
    this.#refill = undefined;
    this.#left = this.#size;
  };
}
