/**
 * Regression of the figures of an experiment.
 *
 * @module
 */
import { type Fit, huber, spread } from "./huber.ts";
import { SparseMatrix, type SparseRow } from "./linear.ts";

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
  /** True if the page's processor was slowed, so that the figure varies more. */
  readonly isSlow: boolean;
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
  /** Weight by row: that of a load with a slow processor is smaller than 1 if such figures vary more. */
  readonly weights: Float64Array;
  /** Degrees of freedom of the variation of loads with a slow processor. */
  readonly slowFreedom: number;
  /** Columns of effects that only loads with a slow processor tell. */
  readonly #slow = new Set<number>();
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
    const sparse = used.map((all) => ({
      columns: all.map((at) => columns[at]),
    }));
    const slow = [...rows.keys()].filter((row) => rows[row].isSlow);
    for (const row of slow) {
      for (const at of sparse[row].columns.slice(1)) this.#slow.add(at);
    }
    this.slowFreedom = slow.length - this.#slow.size;
    const fitted = weighted(
      { rows: sparse, columns: count, slow },
      Float64Array.from(rows, ({ figure }) => figure),
      this.slowFreedom > 0 ? WEIGHINGS : 0,
    );
    this.fit = fitted.fit;
    this.matrix = fitted.matrix;
    this.weights = fitted.weights;
  }

  /** True for a column of an effect that only loads with a slow processor tell. */
  isSlow(column: number): boolean {
    return this.#slow.has(column);
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

/** Number of times that weights are estimated, each time from a regression with the weights before. */
const WEIGHINGS = 2;

/** Share of a residual's variance that its row's own columns must leave, so that it says something of the noise. */
const LEAST_SHARE = 0.05;

/** Largest ratio of the variation of loads with a slow processor to that of others. */
const LARGEST_RATIO = 1000;

/** Regression by rows that are divided by the standard deviation of their noise, relative to that of most. */
interface Weighted {
  readonly fit: Fit;
  readonly matrix: SparseMatrix;
  readonly weights: Float64Array;
}

/** Fits a regression in which some rows vary more than the others. */
function weighted(
  { rows, columns, slow }: {
    readonly rows: readonly SparseRow[];
    readonly columns: number;
    /** Places of the rows that may vary more. */
    readonly slow: readonly number[];
  },
  figures: Float64Array,
  weighings: number,
): Weighted {
  const weights = new Float64Array(rows.length).fill(1);
  for (let weighing = 0;; weighing++) {
    const matrix = new SparseMatrix(
      rows.map((row, at) =>
        weights[at] === 1 ? row : {
          columns: row.columns,
          values: row.columns.map(() => weights[at]),
        }
      ),
      columns,
    );
    const fit = huber(
      matrix,
      figures.map((figure, at) => figure * weights[at]),
    );
    if (weighing === weighings) return { fit, matrix, weights };
    const plain = residuals({ fit, matrix, weights }, figures);
    const isSlow = new Set(slow);
    const spreadOf = (which: boolean) =>
      spread(Float64Array.from(
        plain.filter(({ row }) => isSlow.has(row) === which),
        ({ value }) => value,
      ));
    const ratio = spreadOf(true) / spreadOf(false);
    // Loads with a slow processor are never trusted more than others.
    const weight = 1 / Math.min(LARGEST_RATIO, Math.max(1, ratio || 1));
    for (const row of slow) weights[row] = weight;
  }
}

/** Residuals of equal variance, but for that of the rows' own noise. */
function residuals(
  { fit, matrix, weights }: Weighted,
  figures: Float64Array,
): { readonly row: number; readonly value: number }[] {
  const fitted = new Float64Array(matrix.rows);
  matrix.times(fit.coefficients, fitted);
  return [...matrix.leverages(fit.factor)].flatMap((leverage, row) => {
    const share = 1 - leverage;
    const value = figures[row] - fitted[row] / weights[row];
    return share < LEAST_SHARE
      ? []
      : [{ row, value: value / Math.sqrt(share) }];
  });
}
