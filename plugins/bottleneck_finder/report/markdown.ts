/**
 * Answers as Markdown.
 *
 * @module
 */
import {
  type FindAnswer,
  oneLine,
  type SweepAnswer,
} from "../../../core/find.ts";
import {
  CHECK_EXPLANATION,
  checkRows,
  cliffRows,
  headline,
  measurementWords,
  routeExplanation,
  routeRows,
  routeSentences,
  type Rows,
  sweepExplanation,
  sweepRows,
} from "./rows.ts";

/** Writes the answer of an experiment as Markdown. */
export function findMarkdown(answer: FindAnswer): string {
  const { figure, cliffs } = answer;
  return document(`Response times behind ${figure}`, [
    paragraphs([headline(answer)]),
    "## Routes",
    table(routeRows(answer)),
    paragraphs([routeExplanation(answer)]),
    list(routeSentences(answer)),
    ...cliffs.flatMap((cliff) => [
      `## Cliff: ${escaped(cliff.of)}`,
      paragraphs([cliff.sentence]),
      table(cliffRows(cliff, figure)),
    ]),
    "## Measurement",
    list(measurementWords(answer)),
    table(checkRows(answer)),
    paragraphs([CHECK_EXPLANATION]),
  ]);
}

/** Writes the answer of a sweep as Markdown. */
export function sweepMarkdown(answer: SweepAnswer): string {
  return document(`${answer.figure} at multiples of response times`, [
    table(sweepRows(answer)),
    paragraphs([sweepExplanation(answer)]),
    "## Measurement",
    list(measurementWords(answer)),
  ]);
}

function document(title: string, parts: readonly string[]): string {
  return `${
    [`# ${escaped(title)}`, ...parts].filter((part) => part !== "").join("\n\n")
  }\n`;
}

function paragraphs(sentences: readonly string[]): string {
  return sentences.map(escaped).join("\n\n");
}

function list(sentences: readonly string[]): string {
  return sentences.map((sentence) => `- ${escaped(sentence)}`).join("\n");
}

function table([head, ...rows]: Rows): string {
  const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    row(head.map(escaped)),
    row(head.map((_, i) => i === 0 ? "---" : "--:")),
    ...rows.map((cells) => row(cells.map(escaped))),
  ].join("\n");
}

/** Escapes characters with a meaning in Markdown or HTML; a URL in angle brackets or bare would become a link. */
function escaped(text: string): string {
  return oneLine(text)
    .replaceAll(/[\\`*_{}[\]<>|#~&]/g, (mark) => `\\${mark}`)
    .replaceAll("://", ":\\//");
}
