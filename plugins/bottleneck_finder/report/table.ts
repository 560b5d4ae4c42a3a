/**
 * Answers as text for a terminal.
 *
 * @module
 */
import {
  alignedLines,
  type FindAnswer,
  oneLine,
  shortened,
  type SweepAnswer,
} from "../../../core/find.ts";
import {
  headline,
  measurementWords,
  routeExplanation,
  routeRows,
  routeSentences,
  type Rows,
  sweepExplanation,
  sweepRows,
} from "./rows.ts";

/** Width of the column of names, at most. */
const MOST_NAME = 44;

/** Writes the answer of an experiment for a terminal. */
export function findTable(answer: FindAnswer): string {
  const { cliffs } = answer;
  return text([
    sentences([headline(answer)]),
    [...table(routeRows(answer)), ...sentences([routeExplanation(answer)])],
    sentences(routeSentences(answer)),
    sentences(cliffs.map(({ sentence }) => sentence)),
    sentences(measurementWords(answer)),
  ]);
}

/** Writes the answer of a sweep for a terminal. */
export function sweepTable(answer: SweepAnswer): string {
  return text([
    [...table(sweepRows(answer)), ...sentences([sweepExplanation(answer)])],
    sentences(measurementWords(answer)),
  ]);
}

/** Joins paragraphs; empty ones are left out. */
function text(paragraphs: readonly (readonly string[])[]): string {
  return `${
    paragraphs.filter(({ length }) => length > 0)
      .map((lines) => lines.join("\n")).join("\n\n")
  }\n`;
}

function table([head, ...rows]: Rows): string[] {
  return alignedLines([
    head,
    ...rows.map(([name, ...cells]) => [shortened(name, MOST_NAME), ...cells]),
  ]);
}

function sentences(lines: readonly string[]): string[] {
  return lines.map(oneLine);
}
