import { PerfmockError } from "../../errors.ts";
import type { Counter, Gauge } from "../../plugin.ts";
import type { Cell } from "./_cells.ts";

/** A counter in typed storage. */
export class CellCounter implements Counter {
  readonly #values: Float64Array;
  readonly #index: number;
  #read: (() => number) | undefined;

  constructor(cell: Cell) {
    this.#values = cell.values;
    this.#index = cell.index;
  }

  get value(): number {
    return this.#read === undefined ? this.#values[this.#index] : this.#read();
  }

  follow(read: () => number): void {
    this.#read = read;
  }

  add(n = 1): void {
    if (!(n >= 0 && n < Infinity)) {
      throw new PerfmockError(
        "ARGUMENT_INVALID",
        `Cannot add to a counter: the number must be finite and at least 0, received ${n}`,
      );
    }
    this.#values[this.#index] += n;
  }
}

/** A gauge in typed storage. */
export class CellGauge implements Gauge {
  readonly #values: Float64Array;
  readonly #index: number;
  #read: (() => number) | undefined;

  constructor(cell: Cell) {
    this.#values = cell.values;
    this.#index = cell.index;
  }

  get value(): number {
    return this.#read === undefined ? this.#values[this.#index] : this.#read();
  }

  set(value: number): void {
    this.#read = undefined;
    this.#values[this.#index] = value;
  }

  follow(read: () => number): void {
    this.#read = read;
  }

  add(n: number): void {
    this.#values[this.#index] += n;
  }
}
