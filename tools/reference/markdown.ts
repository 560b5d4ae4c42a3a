/**
 * Parts of Markdown pages.
 *
 * @module
 */

/** Writes a page of the reference. */
export function page(
  { title, text, made, body }: {
    /** Heading. */
    readonly title: string;
    /** Paragraph below the heading. */
    readonly text: string;
    /** Source of the page, in words that follow "from". */
    readonly made: string;
    /** Sections. */
    readonly body: string;
  },
): string {
  return `# ${title}

<!-- Written by \`deno task docs\` from ${made}. Change those, not this file. -->

${text}

${body.trim()}
`;
}

/** Writes a table. Empty columns are left out. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const used = head.map((_, index) =>
    index === 0 || rows.some((row) => (row[index] ?? "") !== "")
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.filter((_, index) => used[index]).map(cell).join(" | ")} |`;
  return [
    line(head),
    line(head.map(() => "---")),
    ...rows.map(line),
    "",
  ].join("\n");
}

/** Escapes text for a cell of a table. */
function cell(text: string): string {
  // Within code, a bar needs no escape other than this one, and all else is shown as it is.
  return text.replaceAll("|", "\\|").replaceAll(/\s*\n\s*/g, " ")
    .split(/(`[^`]*`)/).map((part, index) =>
      index % 2 === 1 ? part : part.replaceAll("<", "&lt;")
    ).join("");
}

/** Writes text as code. */
export function code(text: string): string {
  return `\`${text}\``;
}

/** Name of a heading as GitHub makes it for links. */
export function anchorOf(heading: string): string {
  return heading.toLowerCase().replaceAll(/[^\w\- ]/g, "")
    .replaceAll(" ", "-");
}

/** Writes a phrase as a sentence. */
export function sentence(phrase: string): string {
  const text = phrase.trim();
  return text === "" || /[.:]$/.test(text) ? text : `${text}.`;
}
