/**
 * Drawings: SVG by Vega-Lite, and HTML files that hold them. The library is loaded when something is drawn.
 *
 * @module
 */

import { escapeMarkup } from "./markup.ts";
import { oneLine } from "./terminal_text.ts";

/** Specification of Vega-Lite. */
export type DrawingSpec = Readonly<Record<string, unknown>>;

/** Draws a specification. */
export async function drawSvg(spec: DrawingSpec): Promise<string> {
  const [vega, lite] = await Promise.all([
    import("vega"),
    import("vega-lite"),
  ]);
  const { spec: compiled } = lite.compile(spec as never);
  const view = new vega.View(vega.parse(compiled), { renderer: "none" });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

/** Part of a page: a heading with a drawing or a table under it. */
export interface Section {
  /** Heading. */
  readonly title: string;
  /** SVG; undefined for none. */
  readonly svg?: string;
  /** Rows of a table, of which the first are the headings of its columns; undefined for none. */
  readonly table?: readonly (readonly string[])[];
  /** True if the table is folded until a reader opens it. Default false. */
  readonly folded?: boolean;
  /** Sentences under it. */
  readonly notes?: readonly string[];
}

/** Writes a page of one file, without scripts and without anything from elsewhere. */
export function htmlPage(title: string, sections: readonly Section[]): string {
  const body = sections.map(({ title, svg, table, folded, notes = [] }) =>
    [
      `<h2>${escaped(title)}</h2>`,
      svg ?? "",
      table === undefined ? "" : htmlTable(table, folded),
      ...notes.map((note) => `<p>${escaped(note)}</p>`),
    ].filter((part) => part !== "").join("\n")
  ).join("\n");
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${escaped(title)}</title>
<style>
body { font: 14px/1.4 system-ui, sans-serif; margin: 2em; overflow-wrap: anywhere; }
h2 { margin: 1.6em 0 0.6em; }
p { margin: 0.4em 0; max-width: 75em; }
div { overflow-x: auto; }
table { border-collapse: collapse; margin: 0.5em 0; }
td, th { padding: 0.2em 0.7em; text-align: right; white-space: nowrap; border-bottom: 1px solid #ddd; }
th { vertical-align: bottom; white-space: normal; }
td:first-child, th:first-child { text-align: left; white-space: normal; min-width: 12em; }
summary { cursor: pointer; }
svg { max-width: 100%; height: auto; }
</style>
<h1>${escaped(title)}</h1>
${body}
</html>
`;
}

function htmlTable(
  [head, ...rows]: readonly (readonly string[])[],
  folded = false,
): string {
  const row = (cells: readonly string[], tag: string) =>
    `<tr>${
      cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join("")
    }</tr>`;
  const table = `<div><table>\n${row(head, "th")}\n${
    rows.map((cells) => row(cells, "td")).join("\n")
  }\n</table></div>`;
  return folded
    ? `<details><summary>Numbers</summary>\n${table}\n</details>`
    : table;
}

/** Escapes markup, and characters that would change how the rest is read. */
function escaped(text: string): string {
  return escapeMarkup(oneLine(text));
}
