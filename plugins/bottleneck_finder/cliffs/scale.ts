/**
 * Scale of a dial: from places between 0, the mildest level, and 1, the harshest one, to levels that people would choose, and back.
 *
 * @module
 */
import type { Estimate } from "../../../core/find.ts";

/** Number of steps of the levels between both ends, at least. */
const STEPS = 200;

/** Settings of a scale. */
export interface ScaleOptions {
  /** Level at the place 0. */
  readonly from: number;
  /** Level at the place 1: above `from`, or below it. */
  readonly to: number;
  /** True if levels are whole numbers. Default false. */
  readonly whole?: boolean | undefined;
  /**
   * True for a dial such as a bandwidth, on which a figure depends by 1/level: places are as far from one another as the times that
   * the same bytes take. Levels are above 0. Default false.
   */
  readonly reciprocal?: boolean | undefined;
}

/** A scale. */
export class Scale {
  /** Distance of neighbouring places, about. */
  readonly step: number;
  readonly #whole: boolean;
  readonly #reciprocal: boolean;
  readonly #from: number;
  readonly #to: number;
  /** Distance of neighbouring levels; undefined where it grows with the level. */
  readonly #levelStep: number | undefined;

  constructor({ from, to, whole = false, reciprocal = false }: ScaleOptions) {
    this.#from = from;
    this.#to = to;
    this.#whole = whole;
    this.#reciprocal = reciprocal;
    const range = Math.abs(to - from);
    const step = niceStep(range / STEPS);
    this.#levelStep = whole ? Math.max(1, step) : reciprocal ? undefined : step;
    this.step = (this.#levelStep ?? range / STEPS) / range;
  }

  /** Place of a level. */
  place(level: number): number {
    const [from, to, at] = [this.#from, this.#to, level].map((level) =>
      this.#bent(level)
    );
    return (at - from) / (to - from);
  }

  /** Level at a place, rounded to a step; places outside are drawn in. */
  level(place: number): number {
    const exact = this.#exact(place);
    const step = this.#levelStep;
    const level = step === undefined
      ? Number(exact.toPrecision(3))
      : tidy(Math.round(tidy(exact / step)) * step);
    const ends = [this.#from, this.#to];
    return Math.max(Math.min(...ends), Math.min(Math.max(...ends), level));
  }

  /** Estimate of a place as one of a level; of whole levels, the first one behind the place. */
  levels({ value, low, high }: Estimate): Estimate {
    const at = (place: number) => {
      const exact = this.#exact(place);
      if (!this.#whole) return exact;
      return this.#to > this.#from ? Math.ceil(exact) : Math.floor(exact);
    };
    const ends = [at(low), at(high)];
    return {
      value: at(value),
      low: Math.min(...ends),
      high: Math.max(...ends),
    };
  }

  /**
   * Slopes below and above a place, in ms, as those below and above its level, per unit of the level. On a reciprocal scale they are
   * amounts that a figure waits for: bytes, for levels in bytes per second.
   */
  slopes(
    before: Estimate,
    after: Estimate,
  ): { readonly before: Estimate; readonly after: Estimate } {
    const range = (this.#bent(this.#to) - this.#bent(this.#from)) *
      (this.#reciprocal ? 1000 : 1);
    const [first, second] = [before, after].map(({ value, low, high }) => {
      const ends = [low / range, high / range];
      return {
        value: value / range,
        low: Math.min(...ends),
        high: Math.max(...ends),
      };
    });
    return this.#to > this.#from
      ? { before: first, after: second }
      : { before: second, after: first };
  }

  #exact(place: number): number {
    const [from, to] = [this.#bent(this.#from), this.#bent(this.#to)];
    const bent = from + Math.max(0, Math.min(1, place)) * (to - from);
    return tidy(this.#bent(bent));
  }

  /** Level on the axis on which a figure is a straight line; the same function leads back. */
  #bent(level: number): number {
    return this.#reciprocal ? 1 / level : level;
  }
}

/** Largest of 1, 2 and 5 times a power of ten up to a size. */
function niceStep(size: number): number {
  const power = 10 ** Math.floor(Math.log10(size));
  const factor = [5, 2].find((factor) => factor * power <= size) ?? 1;
  return tidy(factor * power);
}

/** Removes the last digits, which come from rounding. */
function tidy(value: number): number {
  return Number(value.toPrecision(12));
}
