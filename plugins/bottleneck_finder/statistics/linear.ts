/**
 * Linear algebra of regression: sparse rows, and the Cholesky factor of their products.
 *
 * @module
 */

/** Entries of a row that are not 0: columns, and their values, 1 if left out. */
export interface SparseRow {
  /** Columns, each once. */
  readonly columns: readonly number[];
  /** Values of these columns; default 1 each. */
  readonly values?: readonly number[];
}

/** Matrix by rows, of which only the entries that are not 0 are kept. */
export class SparseMatrix {
  /** Number of rows. */
  readonly rows: number;
  /** Number of columns. */
  readonly columns: number;
  readonly #starts: Int32Array;
  readonly #indices: Int32Array;
  readonly #values: Float64Array;

  /**
   * Creates a matrix.
   *
   * @param rows the rows
   * @param columns number of columns
   */
  constructor(rows: readonly SparseRow[], columns: number) {
    this.rows = rows.length;
    this.columns = columns;
    this.#starts = new Int32Array(rows.length + 1);
    for (const [i, row] of rows.entries()) {
      this.#starts[i + 1] = this.#starts[i] + row.columns.length;
    }
    this.#indices = Int32Array.from(rows.flatMap((row) => row.columns));
    this.#values = Float64Array.from(
      rows.flatMap((row) => row.values ?? row.columns.map(() => 1)),
    );
  }

  /** Writes X·v into `out`, which has a place for each row. */
  times(vector: Float64Array, out: Float64Array): void {
    const starts = this.#starts;
    const indices = this.#indices;
    const values = this.#values;
    for (let i = 0, at = 0; i < out.length; i++) {
      let sum = 0;
      for (const end = starts[i + 1]; at < end; at++) {
        sum += values[at] * vector[indices[at]];
      }
      out[i] = sum;
    }
  }

  /** Writes X'·v into `out`, which has a place for each column. */
  transposedTimes(vector: Float64Array, out: Float64Array): void {
    const starts = this.#starts;
    const indices = this.#indices;
    const values = this.#values;
    out.fill(0);
    for (let i = 0, at = 0; i < vector.length; i++) {
      const factor = vector[i];
      for (const end = starts[i + 1]; at < end; at++) {
        out[indices[at]] += values[at] * factor;
      }
    }
  }

  /** Leverage of each row: share of its own value that its fitted value follows. */
  leverages(factor: Cholesky): Float64Array {
    const row = new Float64Array(this.columns);
    return Float64Array.from({ length: this.rows }, (_, i) => {
      row.fill(0);
      for (let at = this.#starts[i]; at < this.#starts[i + 1]; at++) {
        row[this.#indices[at]] = this.#values[at];
      }
      factor.forward(row);
      return row.reduce((sum, value) => sum + value * value, 0);
    });
  }

  /** Factor of X'·X. */
  factor(): Cholesky {
    const p = this.columns;
    const starts = this.#starts;
    const indices = this.#indices;
    const values = this.#values;
    const gram = new Float64Array(p * p);
    for (let i = 0; i < this.rows; i++) {
      for (let at = starts[i]; at < starts[i + 1]; at++) {
        const place = indices[at] * p;
        for (let to = starts[i]; to < starts[i + 1]; to++) {
          gram[place + indices[to]] += values[at] * values[to];
        }
      }
    }
    return new Cholesky(gram, p);
  }
}

/** Share of its own length below which a column counts as a combination of those before it. */
const DEPENDENT = 1e-8;

/**
 * Cholesky factor of a matrix of products. A column that is a combination of those before it is left out: its coefficient is 0 and
 * its variance is infinite.
 */
export class Cholesky {
  /** True for each column that is left out. */
  readonly dependent: readonly boolean[];
  /** Number of columns that are not left out. */
  readonly rank: number;
  readonly #p: number;
  /** Lower triangle by rows; the row of a column that is left out has 1 on the diagonal and 0 elsewhere in its column. */
  readonly #lower: Float64Array;
  /** 0 for each column that is left out, otherwise 1. */
  readonly #keep: Float64Array;

  /**
   * Factors a matrix.
   *
   * @param gram symmetric matrix by rows; it is overwritten
   * @param size number of rows
   */
  constructor(gram: Float64Array, size: number) {
    const p = this.#p = size;
    const lower = this.#lower = gram;
    const dependent = Array.from({ length: p }, () => false);
    for (let j = 0; j < p; j++) {
      const own = lower[j * p + j];
      for (let k = 0; k < j; k++) {
        let sum = lower[j * p + k];
        for (let m = 0; m < k; m++) sum -= lower[j * p + m] * lower[k * p + m];
        lower[j * p + k] = dependent[k] ? 0 : sum / lower[k * p + k];
      }
      let rest = own;
      for (let m = 0; m < j; m++) rest -= lower[j * p + m] ** 2;
      dependent[j] = rest <= DEPENDENT * own;
      lower[j * p + j] = dependent[j] ? 1 : Math.sqrt(rest);
    }
    this.dependent = dependent;
    this.#keep = Float64Array.from(dependent, (is) => is ? 0 : 1);
    this.rank = dependent.filter((is) => !is).length;
  }

  /** Overwrites v by L⁻¹·v, with 0 for columns that are left out. */
  forward(vector: Float64Array): void {
    const lower = this.#lower;
    const keep = this.#keep;
    for (let j = 0, row = 0; j < vector.length; j++, row += vector.length) {
      let sum = vector[j];
      for (let m = 0; m < j; m++) sum -= lower[row + m] * vector[m];
      vector[j] = keep[j] * sum / lower[row + j];
    }
  }

  /** Overwrites v by L'⁻¹·v, with 0 for columns that are left out. */
  backward(vector: Float64Array): void {
    const lower = this.#lower;
    const keep = this.#keep;
    for (let j = vector.length - 1; j >= 0; j--) {
      const row = j * vector.length;
      const factor = keep[j] * vector[j] / lower[row + j];
      vector[j] = factor;
      for (let m = 0; m < j; m++) vector[m] -= lower[row + m] * factor;
    }
  }

  /** Variance of a coefficient for errors of variance 1: a diagonal element of the inverse. */
  variance(column: number): number {
    return this.varianceOf([[column, 1]]);
  }

  /** Variance of a sum of coefficients with weights, for errors of variance 1. */
  varianceOf(
    weights: readonly (readonly [column: number, weight: number])[],
  ): number {
    const vector = new Float64Array(this.#p);
    for (const [column, weight] of weights) {
      if (this.dependent[column]) return Infinity;
      vector[column] = weight;
    }
    this.forward(vector);
    return vector.reduce((sum, value) => sum + value * value, 0);
  }
}
