/**
 * Screening in one direction: which factors have an effect, and whose effects add up.
 *
 * @module
 */
import { FoldedDesign, type Row } from "./folded_design.ts";
import { probability } from "./huber.ts";
import { type Lacking, lacking } from "./interactions.ts";
import { lackOfFit } from "./lack_of_fit.ts";
import { type Direction, type Model, type Pair, setKey } from "./_model.ts";

/** Fewest pairs of rows: with fewer, no noise could be estimated. */
const LEAST_PAIRS = 8;

/** Level of the test that a factor has an effect at all. Generous, since a wrong answer costs loads, but claims nothing. */
const ACTIVE = 0.05;

/** Level of the test of pairs that have a term of their own, for all pairs together. */
const REPORTED = 0.01;

/** Twice the number of pairs of active factors that are taken for entangled by chance. */
const LIKELY = 0.1;

/** Factor by which the number of rows grows between two reviews. */
const LOOK = 1.5;

/** Level of the tests that effects add up otherwise. */
const SUSPECT = 0.005;

/** Answer of a screening so far. */
export interface Review {
  /** Factors whose effects do not add up. */
  readonly entangled: readonly number[];
  /**
   * False if effects certainly do not add up. Then no effect from screening is trusted, since others may not add up either, by too
   * little to be seen.
   */
  readonly addsUp: boolean;
}

/** Review that decides nothing yet. */
const NOTHING: Review = { entangled: [], addsUp: true };

/** Screening in one direction. */
export class Screening {
  /** Direction. */
  readonly direction: Direction;
  /** Factors that are varied. */
  readonly factors: readonly number[];
  /** Pairs of factors whose effects certainly do not add up: they have a term of their own. */
  readonly pairs: Pair[] = [];
  /** Sets of pairs that were varied alike when the first of them was found. */
  readonly alike: (readonly Pair[])[] = [];
  readonly #design: FoldedDesign;
  #taken = 0;
  #reviewed = 0;
  #unsure = false;

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

  /** True if there are enough new rows for another review, since each one may be wrong by chance. */
  get isDue(): boolean {
    return this.#taken >= LOOK * this.#reviewed ||
      this.#unsure && !this.isUnsure;
  }

  /** True if there are new rows since the last review. */
  get isFresh(): boolean {
    return this.#taken > this.#reviewed;
  }

  /** True if another replicate is needed to tell pairs apart. */
  get isUnsure(): boolean {
    return this.#unsure && this.#taken < 2 * this.#design.pairs;
  }

  /**
   * Adds pairs whose effects certainly do not add up (forward selection), and tests whether others may not.
   *
   * @param fit fits the regression with the pairs so far
   * @param known factors that are known to be entangled
   */
  review(fit: () => Model, known: ReadonlySet<number>): Review {
    this.#reviewed = this.#taken;
    this.#unsure = false;
    for (;;) {
      const model = fit();
      const active = this.#active(model, known);
      const { pairs, found } = this.#lacking(model);
      const certain = found.slice(0, 1)
        .filter(({ p }) => p < REPORTED / pairs.length);
      const level = Math.min(
        ACTIVE,
        LIKELY / (active.length * (active.length - 1)),
      );
      const isActive = (pair: Pair) => pair.every((at) => active.includes(at));
      // Members of a pair that is only likely are measured alone, which needs no model.
      const likely = found.filter(({ p, candidate }) =>
        p < level && isActive(pairs[candidate])
      );
      this.#unsure ||= certain.some(({ same }) => same.length > 0) ||
        likely.some(({ same }) => same.some((at) => isActive(pairs[at])));
      if (this.isUnsure) return NOTHING;
      for (const { candidate, same } of certain) {
        const all = [candidate, ...same].map((at) => pairs[at]);
        this.pairs.push(all[0]);
        if (all.length > 1) this.alike.push(all);
      }
      if (certain.length > 0) continue;
      const pureError = lackOfFit(
        model.fit,
        conditions(model),
        model.strata,
        model.weights,
      );
      const bent = probability(model.fit, model.curvature(this.direction));
      return {
        entangled: [
          ...this.pairs,
          ...this.alike.flat(),
          ...likely.map(({ candidate }) => pairs[candidate]),
        ].flat(),
        addsUp: this.pairs.length === 0 &&
          Math.min(bent, pureError.p) >= SUSPECT,
      };
    }
  }

  #active(model: Model, known: ReadonlySet<number>): number[] {
    return this.factors.filter((factor) => {
      const column = model.varied(this.direction, factor);
      return known.has(factor) || probability(model.fit, column) < ACTIVE;
    });
  }

  /** Pairs that have no term, and those of them that can be tested, the most likely one first. */
  #lacking(model: Model): { pairs: Pair[]; found: Lacking[] } {
    const listed = new Set(this.pairs.map(setKey));
    const pairs = this.factors.flatMap((first, at) =>
      this.factors.slice(at + 1).map((second): Pair => [first, second])
    ).filter((pair) => !listed.has(setKey(pair)));
    const rows = this.#rowsOf(model, pairs);
    return { pairs, found: lacking(model.matrix, model.fit, rows) };
  }

  /** Rows of screening in which both members of a pair are changed, for each pair. */
  #rowsOf(model: Model, pairs: readonly Pair[]): number[][] {
    const width = 1 + Math.max(...this.factors);
    const places = new Map(
      pairs.map(([first, second], at) => [first * width + second, at]),
    );
    const rows: number[][] = pairs.map(() => []);
    for (const [row, { direction, on, key }] of model.rows.entries()) {
      if (direction !== this.direction || model.isSet(direction, key)) continue;
      for (const [at, first] of on.entries()) {
        for (const second of on.slice(at + 1)) {
          const place = places.get(first * width + second);
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
