/**
 * A CSV file as rows: RFC 4180, with comma, semicolon or tab, and a header line.
 *
 * @module
 */

/** A file's columns, by name, in the order of the header. */
export type Columns = ReadonlyMap<string, readonly string[]>;

/** The most that is read of one file, in bytes. */
const LIMIT = 64 * 1024 ** 2;

/**
 * Reads a file of values.
 *
 * @param path absolute
 * @returns its columns, or why there are none
 */
export function readRows(path: string): Columns | string {
  let text;
  try {
    const { size } = Deno.statSync(path);
    if (size > LIMIT) {
      return `The file holds ${size} bytes, at most ${LIMIT} are read`;
    }
    text = Deno.readTextFileSync(path);
  } catch (error) {
    return `Cannot read the file: ${(error as Error).message}`;
  }
  const [header, ...rows] = cells(text);
  if (header === undefined || rows.length === 0) {
    return "The file holds no row beyond its header";
  }
  const columns = new Map(
    header.map((name) => [name.trim(), [] as string[]] as const),
  );
  if (columns.size < header.length) return "The header names a column twice";
  for (const [index, row] of rows.entries()) {
    if (row.length !== header.length) {
      return `Row ${
        index + 2
      } has ${row.length} cells, the header has ${header.length}`;
    }
    row.forEach((cell, place) => columns.get(header[place].trim())?.push(cell));
  }
  return columns;
}

/** All cells of all lines; blank lines are none. */
function cells(text: string): string[][] {
  const rows: string[][] = [];
  const first = text.slice(0, text.search(/[\r\n]|$/));
  const separator = [",", ";", "\t"].find((mark) => first.includes(mark)) ??
    ",";
  let row: string[] = [];
  let cell = "";
  let quoted = false;
  const endRow = () => {
    row.push(cell);
    if (row.length > 1 || cell !== "") rows.push(row);
    row = [];
    cell = "";
  };
  for (let i = text.charCodeAt(0) === 0xfeff ? 1 : 0; i < text.length; i++) {
    const character = text[i];
    if (quoted) {
      if (character !== '"') cell += character;
      else if (text[i + 1] === '"') cell += text[++i];
      else quoted = false;
    } else if (character === '"' && cell === "") quoted = true;
    else if (character === separator) {
      row.push(cell);
      cell = "";
    } else if (character === "\n") endRow();
    else if (character !== "\r") cell += character;
  }
  if (cell !== "" || row.length > 0) endRow();
  return rows;
}
