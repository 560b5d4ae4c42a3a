/**
 * Text for a terminal: escapes of what comes from elsewhere, and aligned tables.
 *
 * @module
 */

/**
 * Escapes characters that a terminal would obey, or that change the order of what it shows, and that a text from elsewhere may
 * contain, such as a key or a URL.
 */
export function oneLine(text: string): string {
  return text.replaceAll(
    // deno-lint-ignore no-control-regex -- control characters are what it finds
    /[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => {
      const json = JSON.stringify(character).slice(1, -1);
      return json === character
        ? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
        : json;
    },
  );
}

/** Aligns the cells of a table, those of the first column to the left, and escapes them: a line for each row. */
export function alignedLines(
  table: readonly (readonly string[])[],
): string[] {
  const rows = table.map((row) => row.map(oneLine));
  const widths = rows[0].map((_, i) =>
    Math.max(...rows.map((row) => row[i].length))
  );
  return rows.map((row) =>
    row.map((cell, i) =>
      i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])
    ).join("  ")
  );
}

/** Cuts a text to a length in its middle: the end of a URL says more than its middle. */
export function shortened(text: string, length: number): string {
  if (text.length <= length) return text;
  const end = Math.floor((length - 1) / 2);
  return `${text.slice(0, length - 1 - end)}…${text.slice(text.length - end)}`;
}
