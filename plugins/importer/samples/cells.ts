/**
 * Cells of tables: lines of separated values, with quotes.
 *
 * @module
 */

/**
 * Splits a line at a delimiter. A cell in double quotes may contain it; two of them in a row are one.
 *
 * Source: RFC 4180.
 *
 * @returns undefined if a quote does not end, because the cell goes on in the next line
 */
export function cellsIn(line: string, delimiter: string): string[] | undefined {
  if (!line.includes('"')) return line.split(delimiter);
  const cells: string[] = [];
  for (let at = 0; at <= line.length;) {
    if (line[at] !== '"') {
      const end = line.indexOf(delimiter, at);
      cells.push(line.slice(at, end < 0 ? undefined : end));
      at = end < 0 ? line.length + 1 : end + delimiter.length;
      continue;
    }
    let cell = "";
    for (at++;;) {
      const end = line.indexOf('"', at);
      if (end < 0) return undefined;
      cell += line.slice(at, end);
      at = end + 1;
      if (line[at] !== '"') break;
      cell += '"';
      at++;
    }
    cells.push(cell);
    // Characters between a quote and the delimiter have no meaning.
    const next = line.indexOf(delimiter, at);
    at = next < 0 ? line.length + 1 : next + delimiter.length;
  }
  return cells;
}

/** Greatest number of lines that a cell in quotes may have. */
const MOST_LINES = 100;

/** Puts together lines whose cells go on in the next one. */
export class JoinedLines {
  readonly #delimiter: string;
  #held: string[] = [];
  #first = 0;

  constructor(delimiter: string) {
    this.#delimiter = delimiter;
  }

  /**
   * Takes a line.
   *
   * @returns the cells, and the number of the first line of them; undefined if they go on in the next line
   */
  take(
    line: string,
    number: number,
  ):
    | { readonly cells: readonly string[]; readonly number: number }
    | undefined {
    if (this.#held.length === 0) this.#first = number;
    this.#held.push(line);
    const cells = cellsIn(this.#held.join("\n"), this.#delimiter);
    if (cells === undefined && this.#held.length < MOST_LINES) return undefined;
    this.#held = [];
    return { cells: cells ?? [line], number: this.#first };
  }

  /** Number of the line whose quote does not end; undefined if there is none. */
  get open(): number | undefined {
    return this.#held.length > 0 ? this.#first : undefined;
  }
}

/** Delimiters of tables, in the order in which they are tried. */
const DELIMITERS = ["\t", ";", ","];

/** Returns the delimiter of a table by one of its lines; undefined if it has a single column. */
export function delimiterOf(line: string): string | undefined {
  return DELIMITERS.find((delimiter) => line.includes(delimiter));
}
