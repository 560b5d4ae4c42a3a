/**
 * Screening in one direction: which factors have an effect, and whose effects add up.
 *
 * @module
 */
import { FoldedDesign, type Row } from "./folded_design.ts";
import { probability } from "./huber.ts";
import { lacking } from "./interactions.ts";
import { lackOfFit, type PureError } from "./lack_of_fit.ts";
import { type Direction, type Model, type Pair, setKey } from "./_model.ts";

/** Fewest pairs of rows: with fewer, no noise could be estimated. */
const LEAST_PAIRS = 8;

/** Fewest degrees of freedom of a test. */
const LEAST_FREEDOM = 4;

/** Level of the test that a factor has an effect at all. Generous, since a wrong answer costs loads, but claims nothing. */
const ACTIVE = 0.05;

/** Level of the test of pairs that are reported, for all pairs together. */
const REPORTED = 0.05;

/** Level of the tests that effects add up otherwise. */
const SUSPECT = 0.01;

/** Answer of a screening so far. */
export interface Review {
  /** Factors that have an effect, as it seems. */
  readonly active: readonly number[];
  /** Factors whose effects do not add up. */
  readonly entangled: readonly number[];
  /** True if effects do not add up and it is not known which. */
  readonly suspect: boolean;
  /** Variation of repeated loads, and of the regression beside it. */
  readonly pureError: PureError;
}

/** Screening in one direction. */
export class Screening {
  /** Direction. */
  readonly direction: Direction;
  /** Factors that are varied. */
  readonly factors: readonly number[];
  /** Pairs of factors with a term of their own. */
  readonly pairs: Pair[] = [];
  /** Those of them that are certain enough to be reported. */
  readonly reported: Pair[] = [];
  /** Sets of pairs that were varied alike when the first of them was found. */
  readonly alike: (readonly Pair[])[] = [];
  readonly #design: FoldedDesign;
  #taken = 0;

  /**
   * Creates a screening.
   *
   * @param factors factors that are varied, at least one
   * @param next uniform random numbers in (0, 1)
   */
  constructor(
    direction: Direction,
    factors: readonly number[],
    next: () => number,
  ) {
    this.direction = direction;
    this.factors = factors;
    this.#design = new FoldedDesign(factors.length, next);
  }

  /** Number of loads of a replicate. */
  get replicate(): number {
    return 2 * this.#design.pairs;
  }

  /** Number of pairs of rows before the first answer. */
  get leastPairs(): number {
    return Math.max(LEAST_PAIRS, this.#design.pairs);
  }

  /** Share of the pairs before the first answer that were taken; above 1 after it. */
  get progress(): number {
    return this.#taken / this.leastPairs;
  }

  /** Takes the next pair of rows, each as the factors that are changed. */
  take(): readonly [readonly number[], readonly number[]] {
    this.#taken++;
    const changed = (row: Row) => this.factors.filter((_, at) => row[at]);
    const [row, mirror] = this.#design.take();
    return [changed(row), changed(mirror)];
  }

  /**
   * Adds pairs whose effects do not add up (forward selection), and tests the rest.
   *
   * @param fit fits the regression with the pairs so far
   */
  review(fit: () => Model, known: ReadonlySet<number>): Review {
    for (;;) {
      const model = fit();
      const active = this.#active(model, known);
      const pair = model.fit.freedom < LEAST_FREEDOM
        ? []
        : this.#strongest(model, active);
      if (pair.length > 0) {
        this.pairs.push(pair[0]);
        if (pair.length > 1) this.alike.push(pair);
        continue;
      }
      const pureError = lackOfFit(
        model.fit,
        conditions(model),
        model.strata,
      );
      const curvature = model.curvature(this.direction);
      const bent = curvature === undefined
        ? 1
        : probability(model.fit, curvature);
      return {
        active,
        entangled: [...this.pairs, ...this.alike.flat()].flat(),
        suspect: model.fit.freedom >= LEAST_FREEDOM &&
          Math.min(bent, pureError.p) < SUSPECT,
        pureError,
      };
    }
  }

  #active(model: Model, known: ReadonlySet<number>): number[] {
    return this.factors.filter((factor) => {
      const column = model.varied(this.direction, factor);
      return known.has(factor) ||
        column !== undefined && probability(model.fit, column) < ACTIVE;
    });
  }

  /** Pair that the regression lacks most, followed by those that were varied alike; empty if there is none. */
  #strongest(model: Model, active: readonly number[]): Pair[] {
    const listed = new Set(this.pairs.map(setKey));
    const pairs = this.factors.flatMap((first, at) =>
      this.factors.slice(at + 1).map((second): Pair => [first, second])
    ).filter((pair) => !listed.has(setKey(pair)));
    const rows = this.#rowsOf(model, pairs);
    const strict = REPORTED / pairs.length;
    const both = active.length * (active.length - 1) / 2;
    const generous = Math.max(strict, Math.min(ACTIVE, 1 / both));
    const isActive = (pair: Pair) => pair.every((i) => active.includes(i));
    const levelOf = (pair: Pair) => isActive(pair) ? generous : strict;
    const found = lacking(model.matrix, model.fit, rows).find((
      { candidate, p },
    ) => p < levelOf(pairs[candidate]));
    if (found === undefined) return [];
    if (found.p < strict) this.reported.push(pairs[found.candidate]);
    const same = found.same.map((candidate) => pairs[candidate]);
    return [
      pairs[found.candidate],
      ...(isActive(pairs[found.candidate]) ? same.filter(isActive) : same),
    ];
  }

  /** Rows of screening in which both members of a pair are changed, for each pair. */
  #rowsOf(model: Model, pairs: readonly Pair[]): number[][] {
    const places = new Map(pairs.map((pair, at) => [setKey(pair), at]));
    const rows: number[][] = pairs.map(() => []);
    for (const [row, { direction, on, key }] of model.rows.entries()) {
      if (direction !== this.direction || model.isSet(direction, key)) continue;
      for (const [at, first] of on.entries()) {
        for (const second of on.slice(at + 1)) {
          const place = places.get(setKey([first, second]));
          if (place !== undefined) rows[place].push(row);
        }
      }
    }
    return rows;
  }
}

/** Number of the condition of each row: the same for the same changes. */
export function conditions(model: Model): number[] {
  const numbers = new Map<string, number>();
  return model.rows.map(({ direction, key }) => {
    const condition = `${direction} ${key}`;
    const number = numbers.get(condition) ?? numbers.size;
    numbers.set(condition, number);
    return number;
  });
}
