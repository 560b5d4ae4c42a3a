/**
 * Folded-over Plackett–Burman designs: each row is followed by its mirror image, in which all levels are exchanged. So main effects
 * are orthogonal to one another and to all two-way interactions, and a block of whole pairs is orthogonal to main effects.
 *
 * Sources: Plackett and Burman, "The design of optimum multifactorial experiments", Biometrika 33, 1946; Box and Hunter, "The 2^(k−p)
 * fractional factorial designs", Technometrics 3, 1961 (foldover).
 *
 * @module
 */
import { hadamard, hadamardOrder, type Signs } from "./hadamard.ts";
import { shuffled } from "./random.ts";

/** Row of a design: true where the factor is changed. */
export type Row = readonly boolean[];

/**
 * Endless supply of pairs of rows. Each replicate assigns factors to columns and signs anew, so that interactions that cannot be told apart in
 * one replicate can be in the next, and takes its pairs in random order.
 */
export class FoldedDesign {
  /** Number of pairs of a replicate. */
  readonly pairs: number;
  readonly #factors: number;
  readonly #next: () => number;
  readonly #matrix: Signs;
  readonly #waiting: (readonly [Row, Row])[] = [];

  /**
   * Creates a design.
   *
   * @param factors number of factors, at least 1
   * @param next uniform random numbers in (0, 1)
   */
  constructor(factors: number, next: () => number) {
    this.#factors = factors;
    this.#next = next;
    this.pairs = hadamardOrder(factors);
    this.#matrix = hadamard(this.pairs);
  }

  /** Takes the next pair: a row and its mirror image. */
  take(): readonly [Row, Row] {
    if (this.#waiting.length === 0) this.#waiting.push(...this.#replicate());
    return this.#waiting.pop() as readonly [Row, Row];
  }

  #replicate(): (readonly [Row, Row])[] {
    const all = Array.from({ length: this.pairs }, (_, column) => column);
    const columns = shuffled(all, this.#next).slice(0, this.#factors);
    const signs = columns.map(() => this.#next() < 0.5 ? 1 : -1);
    return shuffled(this.#matrix, this.#next).map((entries) => {
      const row = columns.map((column, i) => entries[column] === signs[i]);
      return [row, row.map((on) => !on)] as const;
    });
  }
}
