/**
 * Reports of experiments and sweeps: sentences, a table for the terminal, Markdown, HTML.
 *
 * @module
 */
export { findHtml, sweepHtml } from "./html.ts";
export { findMarkdown, sweepMarkdown } from "./markdown.ts";
export { inMilliseconds, inMinutes, percent } from "./numbers.ts";
export {
  budgetSentence,
  cliffSentence,
  interactionSentence,
  routeSentence,
  type SentenceContext,
} from "./sentences.ts";
export { findTable, sweepTable } from "./table.ts";
