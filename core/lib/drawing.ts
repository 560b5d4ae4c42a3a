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
  /** Sentences under it. */
  readonly notes?: readonly string[];
}

/** Writes a page of one file, without scripts and without anything from elsewhere. */
export function htmlPage(title: string, sections: readonly Section[]): string {
  const body = sections.map(({ title, svg, table, notes = [] }) =>
    [
      `<h2>${escaped(title)}</h2>`,
      svg ?? "",
      table === undefined ? "" : htmlTable(table),
      ...notes.map((note) => `<p>${escaped(note)}</p>`),
    ].filter((part) => part !== "").join("\n")
  ).join("\n");
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${escaped(title)}</title>
<style>
body { font: 14px/1.4 system-ui, sans-serif; margin: 2em; }
table { border-collapse: collapse; }
td, th { padding: 0.2em 0.8em; text-align: right; border-bottom: 1px solid #ddd; }
td:first-child, th:first-child { text-align: left; }
svg { max-width: 100%; height: auto; }
</style>
<h1>${escaped(title)}</h1>
${body}
</html>
`;
}

function htmlTable([head, ...rows]: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[], tag: string) =>
    `<tr>${
      cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join("")
    }</tr>`;
  return `<table>\n${row(head, "th")}\n${
    rows.map((cells) => row(cells, "td")).join("\n")
  }\n</table>`;
}

/** Escapes markup, and characters that would change how the rest is read. */
function escaped(text: string): string {
  return escapeMarkup(oneLine(text));
}
