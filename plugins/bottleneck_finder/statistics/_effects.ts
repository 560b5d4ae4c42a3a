/**
 * Effects of changes with their intervals, in ms of the figure.
 *
 * @module
 */
import { bootstrapMultiples } from "./bootstrap.ts";
import type { Direction, Model } from "./_model.ts";
import type { LoadSet, LoadSets } from "./_sets.ts";
import { studentQuantile, studentTail } from "./student.ts";

/** Effect of a change. */
export interface Effect {
  /** Difference to the figure as configured, in ms. */
  readonly value: number;
  /** Standard error; Infinity where it is not known. */
  readonly error: number;
  /** Half-width of the interval; Infinity where it is not known. */
  readonly half: number;
  /** Probability of such an effect by chance. */
  readonly p: number;
}

const UNKNOWN: Effect = { value: 0, error: Infinity, half: Infinity, p: 1 };

/** Effects that a regression tells. */
export class Effects {
  /** The regression. */
  readonly model: Model;
  readonly #sets: LoadSets;
  readonly #confidence: number;
  /** Half-width of an interval in standard errors, by Student's t. */
  readonly #multiple: number;
  /**
   * Factor on standard errors: one standard error of a standard deviation above 1. The experiment ends when intervals are narrow, so
   * rather at a time when the noise seems smaller than it is.
   */
  readonly #caution: number;
  /** The same by column, by resampling; empty before. */
  #multiples: readonly number[] = [];

  /** Reads effects from a regression. */
  constructor(model: Model, sets: LoadSets, confidence: number) {
    this.model = model;
    this.#sets = sets;
    this.#confidence = confidence;
    this.#caution = 1 + 1 / Math.sqrt(2 * Math.max(1, model.fit.freedom));
    this.#multiple = model.fit.freedom < 1
      ? Infinity
      : studentQuantile(confidence, model.fit.freedom);
  }

  /** Replaces the widths of the intervals by those of a bootstrap, where there are rows enough. */
  resample(seed: number): void {
    const { fit, matrix, strata } = this.model;
    if (fit.freedom < 1) return;
    // The first columns are the levels of the blocks.
    const blocks = new Set(strata).size;
    const columns = [...fit.factor.dependent.keys()].filter((column) =>
      column >= blocks && !fit.factor.dependent[column]
    );
    const multiples = bootstrapMultiples(matrix, fit, {
      columns,
      confidence: this.#confidence,
      seed,
    });
    const all = Array.from(fit.factor.dependent, () => this.#multiple);
    for (const [at, column] of columns.entries()) all[column] = multiples[at];
    this.#multiples = all;
    for (const set of this.#sets.all) {
      const column = this.model.set(set.direction, set.members);
      if (column !== undefined) set.widening = all[column] / this.#multiple;
    }
  }

  /** Effect of a listed set. */
  ofSet({ direction, members }: LoadSet): Effect {
    return this.ofColumn(this.model.set(direction, members));
  }

  /** Effect of a factor that is measured by screening. */
  ofFactor(direction: Direction, factor: number): Effect {
    return this.ofColumn(this.model.varied(direction, factor));
  }

  /** Effect of a column of the regression. */
  ofColumn(column: number | undefined): Effect {
    if (column === undefined) return UNKNOWN;
    const { coefficients, errors } = this.model.fit;
    return this.#effect(
      coefficients[column],
      errors[column],
      this.#multiples[column] ?? this.#multiple,
    );
  }

  /** Effect of a pair beyond the sum of each alone; unknown where one of the three was not measured. */
  beyondSum(direction: Direction, [first, second]: readonly number[]): Effect {
    const { fit } = this.model;
    const columns = [[first, second], [first], [second]].map((members) =>
      this.model.set(direction, members)
    );
    const weights = columns.map((column, at) =>
      [column ?? -1, at === 0 ? 1 : -1] as const
    );
    if (columns.includes(undefined)) return UNKNOWN;
    const value = weights.reduce(
      (sum, [column, weight]) => sum + weight * fit.coefficients[column],
      0,
    );
    const error = fit.deviation * Math.sqrt(fit.factor.varianceOf(weights));
    return this.#effect(value, error, this.#multiple);
  }

  #effect(value: number, standardError: number, multiple: number): Effect {
    const error = this.#caution * standardError;
    return {
      value,
      error,
      half: error * multiple,
      p: error === Infinity
        ? 1
        : studentTail(value / error, this.model.fit.freedom),
    };
  }
}
