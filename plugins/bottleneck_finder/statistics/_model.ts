/**
 * Regression of the figures of an experiment.
 *
 * @module
 */
import { type Fit, huber } from "./huber.ts";
import { SparseMatrix } from "./linear.ts";

/** Direction of a change: time added, or taken away. */
export type Direction = "added" | "taken";

/** Both directions, in the order of an experiment. */
export const DIRECTIONS: readonly Direction[] = ["added", "taken"];

/** Load with its figure. */
export interface Sample {
  /** Block of the load. */
  readonly block: number;
  /** Figure, in ms. */
  readonly figure: number;
  /** Direction of the changes; undefined for a load as configured. */
  readonly direction: Direction | undefined;
  /** Factors that are changed, ascending. */
  readonly on: readonly number[];
  /** These factors as a text; see {@linkcode setKey}. */
  readonly key: string;
}

/** Two factors, the first one with the smaller index. */
export type Pair = readonly [number, number];

/** Terms of one direction. */
export interface Terms {
  /** Number of factors that screening varies; 0 to leave its loads out. */
  readonly varied: number;
  /** Sets of factors, one or more, whose effect is taken from loads that change just them. */
  readonly sets: readonly (readonly number[])[];
  /** Pairs that have a term in loads that vary several factors. */
  readonly pairs: readonly Pair[];
}

/** Terms of both directions. */
export type AllTerms = Readonly<Record<Direction, Terms>>;

/** Text by which sets of factors are compared. */
export function setKey(members: readonly number[]): string {
  return members.join();
}

/** Terms of a direction with the places of their columns. */
interface Places {
  readonly screened: number;
  readonly pairs: readonly Pair[];
  readonly sets: ReadonlyMap<string, number>;
  readonly varied: number;
  readonly curvature: number;
  readonly pair: number;
}

/**
 * Regression with a level for each block and effects of changes.
 *
 * A load that changes one factor, or a listed set, tells the effect of just that. Other loads are screening: the sum of the effects of
 * the varied factors, and of the listed pairs. Their level may differ from that of the block by the curvature, so that effects come
 * from comparisons among them, and the difference tells that effects do not add up.
 */
export class Model {
  /** The regression. */
  readonly fit: Fit;
  /** Matrix of the regression. */
  readonly matrix: SparseMatrix;
  /** Loads by row. */
  readonly rows: readonly Sample[];
  /** Block by row. */
  readonly strata: readonly number[];
  readonly #places: Readonly<Record<Direction, Places>>;
  /** Column by place; −1 if no load tells of the term. */
  readonly #columns: Int32Array;

  /**
   * Fits the regression.
   *
   * @param samples loads with their figures
   * @param factors number of factors
   * @param terms terms of the regression
   */
  constructor(samples: readonly Sample[], factors: number, terms: AllTerms) {
    const blocks = 1 + samples.reduce((m, { block }) => Math.max(m, block), -1);
    // Of terms that say the same, the regression keeps the earlier one.
    const varied = { added: blocks, taken: blocks + factors };
    let place = blocks + 2 * factors;
    const sets = (direction: Direction) =>
      new Map(terms[direction].sets.map((set) => [setKey(set), place++]));
    const places = (direction: Direction) => ({
      screened: terms[direction].varied,
      pairs: terms[direction].pairs,
      varied: varied[direction],
      sets: sets(direction),
      curvature: -1,
      pair: -1,
    });
    const own = { added: places("added"), taken: places("taken") };
    for (const direction of DIRECTIONS) own[direction].curvature = place++;
    for (const direction of DIRECTIONS) {
      own[direction].pair = place;
      place += own[direction].pairs.length;
    }
    this.#places = own;
    const rows: Sample[] = [];
    const used: number[][] = [];
    for (const sample of samples) {
      const effects = this.#effects(sample);
      if (effects === undefined) continue;
      rows.push(sample);
      used.push([sample.block, ...effects]);
    }
    const columns = this.#columns = new Int32Array(place).fill(-1);
    for (const at of used.flat()) columns[at] = 0;
    let count = 0;
    for (let at = 0; at < place; at++) {
      if (columns[at] === 0) columns[at] = count++;
    }
    this.rows = rows;
    this.strata = rows.map(({ block }) => block);
    this.matrix = new SparseMatrix(
      used.map((all) => ({ columns: all.map((at) => columns[at]) })),
      count,
    );
    this.fit = huber(this.matrix, Float64Array.from(rows, (r) => r.figure));
  }

  /** Column of a factor's effect in loads that vary several; undefined if there is none. */
  varied(direction: Direction, factor: number): number | undefined {
    return this.#column(this.#places[direction].varied + factor);
  }

  /** Column of the effect of a listed set; undefined if there is none. */
  set(direction: Direction, members: readonly number[]): number | undefined {
    return this.#column(this.#places[direction].sets.get(setKey(members)));
  }

  /** Column of the difference between loads that vary several factors and the others; undefined if there is none. */
  curvature(direction: Direction): number | undefined {
    return this.#column(this.#places[direction].curvature);
  }

  /** True for a listed set. */
  isSet(direction: Direction, key: string): boolean {
    return this.#places[direction].sets.has(key);
  }

  #column(place: number | undefined): number | undefined {
    const column = place === undefined ? -1 : this.#columns[place];
    return column < 0 ? undefined : column;
  }

  /** Places of a load's terms besides its block; undefined for a load that is left out. */
  #effects({ direction, on, key }: Sample): readonly number[] | undefined {
    if (direction === undefined) return [];
    const { screened, sets, varied, curvature, pairs, pair } =
      this.#places[direction];
    const set = sets.get(key);
    if (set !== undefined) return [set];
    if (on.length === 1) return [varied + on[0]];
    if (screened === 0) return undefined;
    const effects = on.map((factor) => varied + factor);
    // Of two factors, the pair's own term is the curvature.
    if (screened > 2) effects.push(curvature);
    for (const [index, [first, second]] of pairs.entries()) {
      if (on.includes(first) && on.includes(second)) effects.push(pair + index);
    }
    return effects;
  }
}
