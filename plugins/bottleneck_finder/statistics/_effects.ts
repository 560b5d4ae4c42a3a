/**
 * Effects of changes with their intervals, in ms of the figure.
 *
 * @module
 */
import { bootstrapMultiples } from "./bootstrap.ts";
import type { Direction, Model } from "./_model.ts";
import type { LoadSet } from "./_sets.ts";
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
  readonly #confidence: number;
  /** Half-width of an interval in standard errors, by Student's t. */
  readonly #multiple: number;
  /** The same for loads with a slow processor, whose variation is known less well. */
  readonly #slowMultiple: number;
  /** The same by resampling; undefined before. */
  #resampled: number | undefined;

  /** Reads effects from a regression. */
  constructor(model: Model, confidence: number) {
    this.model = model;
    this.#confidence = confidence;
    this.#multiple = multipleOf(confidence, model.fit.freedom);
    this.#slowMultiple = multipleOf(confidence, model.slowFreedom);
  }

  /** Replaces the widths of the intervals by those of a bootstrap, where there are rows enough. */
  resample(seed: number): void {
    const { fit, matrix, strata } = this.model;
    if (fit.freedom < 1 || this.#resampled !== undefined) return;
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
    // The same residuals are drawn for all: the mean is known better than each, and the experiment waits for the widest.
    this.#resampled = multiples.reduce((sum, one) => sum + one, 0) /
      Math.max(1, multiples.length);
  }

  /** Width of intervals by resampling, as a multiple of Student's; undefined before. */
  get widening(): number | undefined {
    return this.#resampled === undefined
      ? undefined
      : this.#resampled / this.#multiple;
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
      this.model.isSlow(column),
    );
  }

  /**
   * Effect of a set beyond the sum of the effects of its parts; unknown where one of them was not measured.
   *
   * @param parts sets that make up the members, each one of a factor or of several
   */
  beyondSum(
    { direction, members, parts }: Pick<
      LoadSet,
      "direction" | "members" | "parts"
    >,
  ): Effect {
    const { fit } = this.model;
    const weights: (readonly [number, number])[] = [];
    for (const [at, set] of [members, ...parts].entries()) {
      const column = this.model.set(direction, set);
      if (column === undefined) return UNKNOWN;
      weights.push([column, at === 0 ? 1 : -1]);
    }
    const value = weights.reduce(
      (sum, [column, weight]) => sum + weight * fit.coefficients[column],
      0,
    );
    return this.#effect(
      value,
      fit.deviation * Math.sqrt(fit.factor.varianceOf(weights)),
      weights.some(([column]) => this.model.isSlow(column)),
    );
  }

  #effect(
    value: number,
    standardError: number,
    isSlow: boolean,
  ): Effect {
    const { fit, slowFreedom } = this.model;
    const freedom = isSlow ? slowFreedom : fit.freedom;
    // The experiment ends when intervals are narrow, so rather at a time when the noise seems smaller than it is: half a standard error
    // of a standard deviation is added.
    const caution = 1 + 0.5 / Math.sqrt(2 * Math.max(1, freedom));
    const error = freedom < 1 ? Infinity : caution * standardError;
    const multiple = this.#resampled ?? this.#multiple;
    const wider = isSlow ? this.#slowMultiple / this.#multiple : 1;
    return {
      value,
      error,
      half: error === Infinity ? Infinity : error * multiple * wider,
      p: error === Infinity ? 1 : studentTail(value / error, freedom),
    };
  }
}

/** Half-width of an interval in standard errors, by Student's t. */
function multipleOf(confidence: number, freedom: number): number {
  return freedom < 1 ? Infinity : studentQuantile(confidence, freedom);
}
